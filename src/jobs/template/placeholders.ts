import { suggest } from '../../config/suggest.js';
import type { JobTrigger } from './template.js';

/** A placeholder in a text: `{name}` or `{name?default}`. */
interface Placeholder {
  readonly name: string;
  readonly fallback?: string;
  /** Of its `{`, from 0 in UTF-16 code units. */
  readonly offset: number;
}

/** A piece of a text: what stands for itself, or a placeholder. */
export type Piece = string | Placeholder;

/** What is wrong with a text, and where. */
interface PlaceholderProblem {
  readonly offset: number;
  readonly says: string;
  readonly expected?: string;
  readonly near?: string;
}

/** Where a text with placeholders stands. */
type TextUse = 'argument' | 'env' | 'dir' | 'url' | 'header' | 'body';

/** What decides which placeholders a text may have. */
export interface TextScope {
  readonly use: TextUse;
  readonly on: JobTrigger;
  /** Whether the template has `out`. */
  readonly hasOut: boolean;
  /** Whether the run has `secretEnv`. */
  readonly hasSecret: boolean;
}

/**
 * What is known of the value of a placeholder. `always`: it is there; `live`: with streams only; `wanted`: with names
 * that are wanted only; `media`: from `ready` on, and then perhaps; `maybe`: perhaps.
 */
type Presence = 'always' | 'live' | 'wanted' | 'out' | 'secret' | 'media' | 'maybe';

const PLACEHOLDERS: Readonly<Record<string, Presence>> = {
  url: 'live',
  publishUrl: 'wanted',
  app: 'always',
  name: 'always',
  streamId: 'live',
  jobId: 'always',
  attempt: 'always',
  token: 'always',
  out: 'out',
  width: 'media',
  height: 'media',
  fps: 'media',
  videoCodec: 'media',
  audioCodec: 'media',
  startedAt: 'maybe',
  secret: 'secret',
};

const NAMES = Object.keys(PLACEHOLDERS);
/** Placeholders whose values are numbers: in JSON they may stand without quotes. */
export const NUMBERS: readonly string[] = ['width', 'height', 'fps', 'attempt', 'token'];

const TOKEN = /\{\{|\{([A-Za-z][A-Za-z0-9]*(?:\.[a-z0-9._-]{1,64})?)(?:\?([^{}]*))?\}|\{/g;

/**
 * Takes a text apart. `{{` is a brace; `}` stands for itself.
 *
 * @returns the pieces in order, and the places of braces that begin no placeholder
 */
export function piecesOf(text: string): { readonly pieces: readonly Piece[]; readonly stray: readonly number[] } {
  const pieces: Piece[] = [];
  const stray: number[] = [];
  let end = 0;
  let literal = '';
  for (const match of text.matchAll(TOKEN)) {
    literal += text.slice(end, match.index);
    end = match.index + match[0].length;
    const [token, name, fallback] = match;
    if (name === undefined) {
      literal += '{';
      if (token === '{') stray.push(match.index);
      continue;
    }
    if (literal !== '') pieces.push(literal);
    literal = '';
    pieces.push({ name, offset: match.index, ...(fallback === undefined ? {} : { fallback }) });
  }
  literal += text.slice(end);
  if (literal !== '' || pieces.length === 0) pieces.push(literal);
  return { pieces, stray };
}

/** Everything that is wrong with the placeholders of a text, in its place. */
export function placeholderProblems(text: string, scope: TextScope): PlaceholderProblem[] {
  const { pieces, stray } = piecesOf(text);
  const problems: PlaceholderProblem[] = stray.map((offset) => ({
    offset,
    says: 'a brace begins no placeholder',
    expected: 'a name in braces, as {name} or {width?0}, or {{ for a brace',
  }));
  for (const piece of pieces) {
    if (typeof piece === 'string') continue;
    const problem = problemOf(piece, scope);
    if (problem !== undefined) problems.push({ offset: piece.offset, ...problem });
  }
  const first = pieces[0];
  if (scope.use === 'argument' && typeof first === 'object' && first.fallback?.startsWith('-') === true) {
    problems.push({ offset: first.offset, says: 'a default begins an argument with -', expected: 'another default' });
  }
  return problems;
}

type Words = Omit<PlaceholderProblem, 'offset'>;

function problemOf({ name, fallback }: Placeholder, { use, on, hasOut, hasSecret }: TextScope): Words | undefined {
  const presence = presenceOf(name);
  if (presence === undefined) {
    const near = name.startsWith('label') ? 'label.KEY' : suggest(name, NAMES);
    const expected = `${NAMES.join(', ')} or label.KEY`;
    return {
      says: `there is no placeholder {${name.slice(0, 40)}}`,
      expected,
      ...(near === undefined ? {} : { near }),
    };
  }
  const here = (says: string, expected?: string): Words => ({
    says: `{${name}} ${says}`,
    ...(expected === undefined ? {} : { expected }),
  });
  if (presence === 'secret') {
    if (use !== 'header') return here('stands outside of a header', 'it in the headers of an http run only');
    if (!hasSecret) return here('needs secretEnv', 'the name of the variable that holds the secret in http.secretEnv');
  }
  if (use === 'dir' && ['url', 'publishUrl', 'out'].includes(name)) return here('cannot be part of the folder');
  if (presence === 'out' && !hasOut) return here('needs out', 'out.dir in the template');
  if (presence === 'wanted' && on !== 'wanted') return here('is known with on: wanted only', '{url}');
  if (presence === 'live' && on === 'wanted') {
    return here(
      'is not known with on: wanted, where nobody publishes yet',
      name === 'url' ? '{publishUrl}' : undefined,
    );
  }
  if (presence !== 'media' && presence !== 'maybe') {
    return fallback === undefined ? undefined : here('always has a value', `{${name}} without a default`);
  }
  if (fallback !== undefined) return undefined;
  const isUnknown = on === 'wanted' || (on === 'started' && presence === 'media');
  return isUnknown
    ? here(`is not known with on: ${on}`, `a default, as {${name}?${NUMBERS.includes(name) ? 0 : ''}}`)
    : undefined;
}

function presenceOf(name: string): Presence | undefined {
  if (/^label\../.test(name)) return 'maybe';
  return Object.hasOwn(PLACEHOLDERS, name) ? PLACEHOLDERS[name] : undefined;
}
