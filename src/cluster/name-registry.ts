import { OWNERS_BUCKET } from '../events/bus/stream-owners.js';
import { nameOfKey, streamKey } from '../events/subjects.js';
import type { OwnedName } from '../live/owners.js';
import type { Epoch } from '../model/epoch.js';
import type { AnswerTimeout } from '../nats/answer-timeout.js';
import type { NatsConnection } from '../nats/connection.js';
import { KvBucket } from '../nats/kv-bucket.js';
import { type HeldName, type OwnerValue, ownerValueOf } from './owner-value.js';

const DESCRIPTION = 'Sluice: which node has which name';

/** The registry could not be asked, or its answer was lost. */
interface RegistryDown {
  readonly kind: 'down';
  /** One sentence for the operator. */
  readonly why: string;
  /** Whether a write may have been done, or may still be. */
  readonly isUnsure: boolean;
}

/** What became of a write. `conflict`: another one came first. */
export type RegistryWrite =
  | { readonly kind: 'ok'; readonly epoch: Epoch }
  | { readonly kind: 'conflict' }
  | RegistryDown;

/** What the registry is made with. */
interface NameRegistryDeps {
  /** Copies of the bucket that NATS keeps. */
  readonly replicas: number;
  readonly answerTimeout: AnswerTimeout;
  /** The connection to read with; undefined: there is none. */
  readonly connection: () => NatsConnection | undefined;
  /** The connection while this process may write: not while other nodes may take it for lost. */
  readonly writable: () => NatsConnection | undefined;
}

const NO_CONNECTION: RegistryDown = { kind: 'down', why: 'there is no connection to NATS', isUnsure: false };
const NO_LEASE: RegistryDown = {
  ...NO_CONNECTION,
  why: 'NATS does not acknowledge the heartbeats of this node',
};

/**
 * Names and their owners in `SLUICE_OWNERS`. Reads go to the leader; every write expects a revision, so that of all who
 * write at once one gets through. Nothing rejects.
 */
export class NameRegistry {
  /** Why the registry could not be used the last time; empty when it could. */
  trouble = '';
  readonly #deps: NameRegistryDeps;
  readonly #bucket: KvBucket<unknown>;
  /** The connection on which the bucket was seen, and when that was made; undefined: it is looked for first. */
  #seen: { readonly connection: NatsConnection; readonly created: string } | undefined;
  #looking: { readonly connection: NatsConnection; readonly done: Promise<string | RegistryDown> } | undefined;
  /** Highest revision that was seen in the registry that is known. */
  #highest = 0;
  #created = '';

  constructor(deps: NameRegistryDeps) {
    this.#deps = deps;
    this.#bucket = new KvBucket<unknown>(OWNERS_BUCKET, deps.answerTimeout);
  }

  /** When the registry was made that was seen last (RFC 3339); empty before the first time. */
  get created(): string {
    return this.#created;
  }

  /** Looks whether the bucket is there and which one it is, and makes it when it is not. */
  async look(): Promise<string | RegistryDown> {
    const connection = this.#deps.connection();
    if (connection === undefined) return this.#is(NO_CONNECTION);
    if (this.#looking?.connection !== connection) {
      const done = this.#look(connection).finally(() => {
        this.#looking = undefined;
      });
      this.#looking = { connection, done };
    }
    return this.#looking!.done;
  }

  /** What is held of a name. */
  async read(of: OwnedName): Promise<({ readonly kind: 'held' } & HeldName) | RegistryDown> {
    const connection = this.#deps.connection();
    if (connection === undefined) return this.#is(NO_CONNECTION);
    const registry = await this.#registry(connection);
    if (typeof registry !== 'string') return registry;
    const held = await this.#bucket.get(connection, streamKey(of));
    if (!held.ok) return this.#fails(`${held.code} ${held.text}`);
    this.trouble = '';
    const { value, revision } = held.value;
    const epoch = { registry, revision };
    return { kind: 'held', value: value === undefined ? undefined : ownerValueOf(value), epoch };
  }

  /** Writes the owner of a name. @param expected revision that the name has; 0: it has none */
  async write(of: OwnedName, value: OwnerValue, expected: number): Promise<RegistryWrite> {
    const connection = this.#deps.writable();
    if (connection === undefined) return this.#is(this.#deps.connection() === undefined ? NO_CONNECTION : NO_LEASE);
    const registry = await this.#registry(connection);
    if (typeof registry !== 'string') return registry;
    const wrote = await this.#bucket.put(connection, streamKey(of), value, expected);
    if (wrote.kind === 'conflict') return wrote;
    if (wrote.kind !== 'ok') return this.#fails(wrote.text, wrote.kind === 'no_answer');
    this.trouble = '';
    return {
      kind: 'ok',
      epoch: { registry: await this.#registryOf(wrote.revision, registry), revision: wrote.revision },
    };
  }

  /** The names that it holds anything of; undefined: it does not answer. */
  async names(): Promise<readonly OwnedName[] | undefined> {
    const connection = this.#deps.connection();
    if (connection === undefined) return undefined;
    const held = await this.#bucket.keys(connection);
    if (!held.ok) return undefined;
    return held.value.flatMap((key) => {
      const name = nameOfKey(key);
      return name === undefined ? [] : [name];
    });
  }

  /** Forgets a name up to a revision. @returns whether the server did */
  async purge(of: OwnedName, revision: number): Promise<boolean> {
    const connection = this.#deps.writable();
    return connection !== undefined && this.#bucket.purge(connection, streamKey(of), revision);
  }

  /**
   * Which registry a write went to. One that was made again counts from 1: a revision that is not above the highest of
   * before is one of the new registry.
   */
  async #registryOf(revision: number, known: string): Promise<string> {
    if (revision > this.#highest || this.#created !== known) {
      if (this.#created === known) this.#highest = revision;
      return known;
    }
    const looked = await this.look();
    return typeof looked === 'string' ? looked : known;
  }

  /** When the registry was made that this connection reaches. */
  #registry(connection: NatsConnection): string | Promise<string | RegistryDown> {
    return this.#seen?.connection === connection ? this.#seen.created : this.look();
  }

  async #look(connection: NatsConnection): Promise<string | RegistryDown> {
    const check = await this.#bucket.ensure(connection, this.#deps.replicas, DESCRIPTION);
    if (check.kind !== 'ok') return this.#fails(`${check.code} ${check.text}`);
    const created = check.created ?? '';
    if (created !== this.#created) {
      this.#created = created;
      this.#highest = 0;
    }
    this.#seen = { connection, created };
    this.trouble = '';
    return created;
  }

  /** A request failed: what was known of the bucket may be wrong. */
  #fails(why: string, isUnsure = false): RegistryDown {
    this.#seen = undefined;
    return this.#is({ kind: 'down', why: `the registry of names does not answer: ${why}`, isUnsure });
  }

  #is(down: RegistryDown): RegistryDown {
    this.trouble = down.why;
    return down;
  }
}
