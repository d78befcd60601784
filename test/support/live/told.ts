import type { Lifecycle } from '../../../src/events/lifecycle.js';

/** One call of the lifecycle: its name, then its arguments. */
type Told = readonly [name: string, ...args: unknown[]];

/** A lifecycle that keeps what it is told, for a harness to inherit. */
export class ToldEvents {
  readonly told: Told[] = [];
  /** What `streamStarted` waits for. */
  journal: () => Promise<void> = () => Promise.resolve();
  /** The call of the lifecycle that fails. */
  fault: string | undefined;
  protected readonly lifecycle: Lifecycle;

  /** @param lifecycle default: one that only keeps what it is told */
  constructor(lifecycle?: Lifecycle) {
    const told = (): object => this.#tellsAs('', { ofCopy: () => this.#tellsAs('copy.', undefined) });
    this.lifecycle = lifecycle ?? (told() as Lifecycle);
  }

  /** What notes every call under its name behind `prefix`. */
  #tellsAs(prefix: string, relays: object | undefined): object {
    const call = (name: string, args: unknown[]): Promise<void> => {
      this.told.push([name, ...args]);
      if (name === this.fault) throw new Error('a defect');
      return name === 'streamStarted' ? this.journal() : Promise.resolve();
    };
    const get = (_target: object, name: string): unknown =>
      name === 'relays' ? relays : (...args: unknown[]) => call(`${prefix}${name}`, args);
    return new Proxy({}, { get });
  }

  /** Names of what was told, in order. */
  get names(): string[] {
    return this.told.map(([name]) => name);
  }

  /** The last argument of the newest call of `name`. */
  last(name: string): unknown {
    return this.told
      .filter(([told]) => told === name)
      .at(-1)
      ?.at(-1);
  }

  count(name: string): number {
    return this.names.filter((told) => told === name).length;
  }
}
