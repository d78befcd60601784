import { newId } from '../../core/ids.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError } from '../../nats/jetstream.js';
import type { KvBucket, KvEntry } from '../../nats/kv-bucket.js';
import { type StreamNames, streamKey } from '../subjects.js';

/** The bucket of a cluster that says which process has which name. It is missing where there is no cluster. */
export const OWNERS_BUCKET = 'SLUICE_OWNERS';

/** A value of it, as far as it matters here. Other members stay as they are. */
export interface OwnerEntry {
  readonly state?: string;
  readonly nodeId?: string;
  readonly bootId?: string;
  readonly streamId?: string;
}

/** A process, as the registry names it. */
interface Holder {
  readonly nodeId: string;
  readonly bootId: string;
}

/**
 * Which process has a stream now: a stream that has moved goes on under the same id on another node, which its events
 * of before do not say. One is made for each lost node; it remembers that there is no registry.
 */
export class StreamOwners {
  readonly #bucket: KvBucket<OwnerEntry> | undefined;
  readonly #connection: NatsConnection;
  #isMissing = false;

  /** @param bucket undefined: there is none; @param connection borrowed */
  constructor(bucket: KvBucket<OwnerEntry> | undefined, connection: NatsConnection) {
    this.#bucket = bucket;
    this.#connection = connection;
    this.#isMissing = bucket === undefined;
  }

  /**
   * Who has a stream. A move that its process has not finished is stopped when that is `lost`, so that nobody gets the
   * stream later.
   *
   * @returns `none`: the registry names no one for it; undefined: it did not answer
   */
  async holderOf(stream: StreamNames, lost: Holder): Promise<Holder | 'none' | undefined> {
    for (;;) {
      const held = await this.#read(stream);
      if (held === undefined || held === 'none') return held;
      const { state, nodeId = '', bootId = '' } = held.value;
      const isTheirs = nodeId === lost.nodeId && bootId === lost.bootId;
      if (state !== 'moving' || !isTheirs) return { nodeId, bootId };
      const value = { ...held.value, state: 'released', nonce: newId() };
      const written = await this.#bucket!.put(this.#connection, streamKey(stream), value, held.revision);
      if (written.kind === 'ok' || written.kind === 'denied') return lost;
      if (written.kind !== 'conflict') return undefined;
    }
  }

  /**
   * The stream of a lost process has its end: its name is free. One that somebody has claimed since is left alone, and
   * what cannot be written now is left to whoever clears the registry.
   */
  async release(stream: StreamNames, lost: Holder): Promise<void> {
    const held = await this.#read(stream);
    if (held === undefined || held === 'none') return;
    const { nodeId, bootId } = held.value;
    if (nodeId !== lost.nodeId || bootId !== lost.bootId) return;
    const value = { ...held.value, state: 'released', nonce: newId() };
    await this.#bucket!.put(this.#connection, streamKey(stream), value, held.revision);
  }

  async #read(stream: StreamNames): Promise<KvEntry<OwnerEntry> | 'none' | undefined> {
    if (this.#isMissing) return 'none';
    const held = await this.#bucket!.get(this.#connection, streamKey(stream));
    if (!held.ok) {
      this.#isMissing = held.code === JsError.StreamNotFound || held.code === 'PERMISSIONS_VIOLATION';
      return this.#isMissing ? 'none' : undefined;
    }
    const { value, revision } = held.value;
    if (value?.streamId !== stream.streamId || value.state === 'released') return 'none';
    return { value, revision };
  }
}
