import { tellRefusedName } from './tell.js';

/** Rules for app and stream names, from the settings. */
export interface NameRuleOptions {
  /** Regular expression that a whole name must match (`names.allow`). */
  readonly allow: string;
  /** Longest name, in bytes of UTF-8 (`names.maxBytes`). */
  readonly maxBytes: number;
  /** Whether a stream may be without a name (`names.allowEmpty`). */
  readonly allowEmpty: boolean;
}

/**
 * Checks app and stream names. A name that does not fit is refused, never rewritten: names become NATS subjects, KV
 * keys and paths of URLs, and two names must never become one.
 */
export class NameRule {
  #pattern: RegExp;
  #maxBytes: number;
  #allowEmpty: boolean;

  constructor({ allow, maxBytes, allowEmpty }: NameRuleOptions) {
    this.#pattern = wholeName(allow);
    this.#maxBytes = maxBytes;
    this.#allowEmpty = allowEmpty;
  }

  /** Other rules hold from now on, for names that are checked from now on. */
  change({ allow, maxBytes, allowEmpty }: NameRuleOptions): void {
    this.#pattern = wholeName(allow);
    this.#maxBytes = maxBytes;
    this.#allowEmpty = allowEmpty;
  }

  /**
   * Says what is wrong with the app and name of a stream, in words for a person, or returns undefined when they may be
   * used. The words quote at most one character of a refused name, which may be a stream key that was typed in its
   * place. An app may be empty.
   */
  problem({ app, name }: { readonly app: string; readonly name: string }): string | undefined {
    if (name === '' && !this.#allowEmpty) {
      return 'the stream has no name: the URL or the stream key is incomplete (names.allowEmpty lets such streams in)';
    }
    const ofApp = this.#textProblem(app);
    if (ofApp !== undefined) return `the app cannot be used: ${ofApp}`;
    const ofName = this.#textProblem(name);
    return ofName === undefined ? undefined : `the stream name cannot be used: ${ofName}`;
  }

  /**
   * The app and name in the form that logs and events may show: whole when the names are valid, else up to where a key
   * may begin.
   */
  tell({ app, name }: { readonly app: string; readonly name: string }): {
    readonly app: string;
    readonly name: string;
  } {
    const told = (text: string): string => (this.#textProblem(text) === undefined ? text : tellRefusedName(text));
    return { app: told(app), name: told(name) };
  }

  #textProblem(text: string): string | undefined {
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#maxBytes) return `it is ${bytes} bytes long, ${this.#maxBytes} are allowed (names.maxBytes)`;
    if (text === '') return undefined;
    if (!this.#pattern.test(text)) return this.#misfit(text);
    if (text.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
      return 'it has an empty, "." or ".." segment';
    }
    return undefined;
  }

  /** Finds the character that does not fit. A pattern may also refuse a combination of valid characters. */
  #misfit(text: string): string {
    for (const character of text) {
      if (!this.#pattern.test(character)) {
        return `it has ${describe(character)}, which the setting names.allow does not let in`;
      }
    }
    return 'it does not match the setting names.allow';
  }
}

/**
 * Matches by code points, so that `\p{L}` means every letter; by code units when the pattern is invalid in that mode.
 */
function wholeName(allow: string): RegExp {
  try {
    return new RegExp(`^(?:${allow})$`, 'u');
  } catch {
    return new RegExp(`^(?:${allow})$`);
  }
}

/** Names a character by its look and its number, or by its number alone when it has no look of its own. */
function describe(character: string): string {
  const number = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  if (character === ' ') return `a space (${number})`;
  return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(character)
    ? `the character "${character}" (${number})`
    : `the character ${number}`;
}
