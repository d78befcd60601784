import { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { type Changes, difference, merged } from './changes.js';
import { shownSettings } from './describe.js';
import { type ConfigInput, type LoadedConfig, loadConfig, type Problem, readFileOf } from './load.js';
import type { Config } from './table.js';

/** A part of the server that is told of changed settings. */
export interface SettingsUser {
  /**
   * Says whether it can work with a configuration, before anything is changed.
   *
   * @throws SluiceError when it cannot
   */
  check?(config: Config, changed: readonly string[]): void | Promise<void>;
  /** The configuration holds from now on. `changed`: full keys, not only such that the part uses. */
  apply(config: Config, changed: readonly string[]): void | Promise<void>;
}

/** What a change has done. */
export interface SettingsChange {
  readonly revision: string;
  readonly changed: readonly string[];
  readonly restart: readonly string[];
}

/** What a change would do. */
interface SettingsCheck {
  readonly valid: boolean;
  readonly problems: readonly { readonly key: string; readonly message: string }[];
  readonly changed: readonly string[];
  readonly restart: readonly string[];
}

/**
 * The settings of a running server. They are read again from where they came from ({@link reload}), or some are set
 * ({@link set}) until the next start. Either way the whole configuration is checked first, and all of it holds or none.
 * Changes are made one after the other.
 */
export class LiveSettings {
  /** Where the configuration comes from, with what the file held when it was read last. */
  #input: ConfigInput;
  #loaded: LoadedConfig;
  #config: Config;
  #changes: Changes = {};
  /** Full keys whose newest value holds after a restart. */
  #restart: readonly string[] = [];
  #revision = newId();
  readonly #users: SettingsUser[] = [];
  /** A reload that has not begun. */
  #waiting: Promise<SettingsChange> | undefined;
  /** Settles when the last change that was asked for is made. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param input where the configuration comes from, also later
   * @throws SluiceError ERR_CONFIG_*
   */
  constructor(input: ConfigInput) {
    this.#input = { ...input, content: readFileOf(input) };
    this.#loaded = loadConfig(this.#input);
    this.#config = this.#loaded.config;
  }

  /** The configuration that holds now. */
  get config(): Config {
    return this.#config;
  }

  /** Names the state that holds now. It is another one after each change and in each process. */
  get revision(): string {
    return this.#revision;
  }

  /** Oddities that do not prevent a start, in sentences. */
  get warnings(): readonly string[] {
    return this.#loaded.warnings;
  }

  /** By full key: the value that holds, its source, and when a change holds. Secrets are masked. */
  shown(): ReturnType<typeof shownSettings> {
    return shownSettings({ ...this.#loaded, config: this.#config });
  }

  /** Tells a part of changes from now on. Parts are told in the order in which they came. */
  use(user: SettingsUser): void {
    this.#users.push(user);
  }

  /**
   * Reads the file again. What was set meanwhile stays set.
   *
   * @throws SluiceError ERR_CONFIG_*, or what a user's check says; then nothing has changed
   */
  reload(): Promise<SettingsChange> {
    // One that has not begun reads what the file holds then, also for all who ask meanwhile.
    this.#waiting ??= this.#inTurn(() => {
      this.#waiting = undefined;
      return this.#change({ ...this.#input, content: readFileOf(this.#input) }, this.#changes);
    });
    return this.#waiting;
  }

  /**
   * Sets values until the next start.
   *
   * @param patch a merge patch; `null` takes back what was set
   * @param revision the state that the caller has seen
   * @throws SluiceError ERR_CTL_CONFLICT when another state holds, ERR_CTL_NEEDS_RESTART naming keys, ERR_CONFIG_*, or
   *   what a user's check says; then nothing has changed
   */
  set(patch: object, revision?: string): Promise<SettingsChange> {
    return this.#inTurn(() => {
      if (revision !== undefined && revision !== this.#revision)
        throw new SluiceError('ERR_CTL_CONFLICT', `the revision is ${this.#revision}`, {
          details: { revision: this.#revision },
        });
      const changes = merged(this.#changes, patch);
      const keys = this.#newRestarts(changes);
      if (keys.length > 0) throw new SluiceError('ERR_CTL_NEEDS_RESTART', keys.join(', '), { details: { keys } });
      return this.#change(this.#input, changes);
    });
  }

  /** Says what {@link set} would do. Changes nothing. */
  validate(patch: object): Promise<SettingsCheck> {
    return this.#inTurn(async () => {
      try {
        const changes = merged(this.#changes, patch);
        const { config, changed } = difference(this.#config, loadConfig({ ...this.#input, changes }));
        await this.#check(config, changed);
        return { valid: true, problems: [], changed, restart: this.#newRestarts(changes) };
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        return { valid: false, problems: problemsIn(error), changed: [], restart: [] };
      }
    });
  }

  /** Keys that need a restart because of these changes; those of the file, which has changed before, are left out. */
  #newRestarts(changes: Changes): readonly string[] {
    const { restart } = difference(this.#config, loadConfig({ ...this.#input, changes }));
    return restart.filter((key) => !this.#restart.includes(key));
  }

  async #change(input: ConfigInput, changes: Changes): Promise<SettingsChange> {
    const loaded = loadConfig({ ...input, changes });
    const { config, changed, restart } = difference(this.#config, loaded);
    await this.#check(config, changed);
    this.#input = input;
    this.#changes = changes;
    this.#loaded = loaded;
    this.#restart = restart;
    if (changed.length > 0) {
      this.#config = config;
      this.#revision = newId();
      for (const user of this.#users) await user.apply(config, changed);
    }
    return { revision: this.#revision, changed, restart };
  }

  /** @throws SluiceError when a user cannot work with it */
  async #check(config: Config, changed: readonly string[]): Promise<void> {
    if (changed.length > 0) for (const user of this.#users) await user.check?.(config, changed);
  }

  #inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}

/** What an error names as wrong; what a user has refused is about no key in particular. */
function problemsIn({ message, details }: SluiceError): SettingsCheck['problems'] {
  const { problems = [] } = details as { readonly problems?: readonly Problem[] };
  if (problems.length === 0) return [{ key: '', message }];
  return problems.map(({ key, text }) => ({ key, message: text }));
}
