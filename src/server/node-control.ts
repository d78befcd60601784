import type { LiveSettings, SettingsChange } from '../config/live-settings.js';
import type { AuditSink, Facts, NodeControl } from '../control/ports.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import type { NodeDrain } from './node-drain.js';

/** What control of this node is made of. */
interface NodeControlParts {
  readonly settings: LiveSettings;
  readonly drain: NodeDrain;
  readonly info: () => Facts;
  /** Asks admission again about every stream and play. */
  readonly reauthorise: () => void;
}

/** What operations may do to this node. */
export function nodeControl({ settings, drain, info, reauthorise }: NodeControlParts): NodeControl {
  const done = async (change: Promise<SettingsChange>, again: boolean): Promise<SettingsChange> => {
    const made = await change;
    if (again) reauthorise();
    return made;
  };
  return {
    info,
    drain: (options) => drain.begin(options),
    undrain: () => drain.undo(),
    config: {
      get: () => ({ revision: settings.revision, config: settings.shown() as unknown as Facts }),
      validate: (patch) => settings.validate(patch),
      set: (patch, options) => done(settings.set(patch, options.revision), options.reauthorise),
      reload: (options) => done(settings.reload(), options.reauthorise),
    },
    log: {
      level: (level) => {
        if (settings.config.log.level === level) return 'already';
        // The operation has checked the level, so that this cannot be refused.
        void settings.set({ log: { level } }).catch(() => undefined);
        return 'done';
      },
    },
  };
}

/** Reads the settings again when nobody waits for the answer: at a signal, or since the file has changed. */
export class Reloader {
  readonly #settings: LiveSettings;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #audit: AuditSink['command'];

  constructor(settings: LiveSettings, log: Logger, clock: Clock, audit: AuditSink['command']) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
    this.#audit = audit;
  }

  /**
   * Reads the file again. What is wrong with it is logged, and the settings stay as they are. It never rejects.
   *
   * @param actor why: a signal, or the file
   */
  async reload(actor: string): Promise<void> {
    const beganMs = this.#clock.monotonicMs();
    const told = { verb: 'config.reload', actor, requestId: newId() };
    const latencyMs = (): number => Math.round(this.#clock.monotonicMs() - beganMs);
    try {
      const { changed, restart, revision } = await this.#settings.reload();
      this.#log.info({ actor, changed: changed.join(', '), revision }, 'the settings were read again');
      if (restart.length > 0)
        this.#log.warn({ restart: restart.join(', ') }, 'changed settings that hold only after a restart');
      if (changed.length > 0)
        this.#audit({ ...told, target: { changed: [...changed] }, result: 'done', latencyMs: latencyMs() });
    } catch (error) {
      const code = error instanceof SluiceError ? error.code : 'ERR_INTERNAL';
      this.#log.error({ actor, err: error, code }, 'the settings cannot be read again, and stay as they are');
      this.#audit({ ...told, target: {}, result: code, latencyMs: latencyMs() });
    }
  }
}
