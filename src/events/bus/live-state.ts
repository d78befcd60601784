import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import { compareEpochs, type Epoch } from '../../model/epoch.js';
import type { NatsConnection } from '../../nats/connection.js';
import { JsError } from '../../nats/jetstream.js';
import type { KvBucket, KvWrite } from '../../nats/kv-bucket.js';
import type { StreamState } from '../event-types.js';
import type { JournalEntry } from '../journal/journal.js';
import { type OpenStream, openStreamOf, stateOf } from '../open-streams.js';
import { parseStreamSubject, type StreamNames, streamKey } from '../subjects.js';

/** What the live state needs from its surroundings. */
interface LiveStateDeps {
  readonly bucket: KvBucket<StreamState>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly bootId: string;
  readonly openStreams: ReadonlyMap<string, OpenStream>;
  /**
   * How often values are written again whose `seq` is behind, in ms. It is sooner than JetStream forgets those events.
   */
  readonly refreshMs: number;
  connection(): NatsConnection | undefined;
  /**
   * The connection while this process may write, which it may not while other nodes may be about to end its streams.
   */
  writable(): NatsConnection | undefined;
}

const CHANGES = new Set(
  ['started', 'ready', 'updated', 'suspended', 'resumed', 'ended'].map((verb) => `io.sluice.stream.${verb}`),
);
const IN_FLIGHT = 16;
const RETRY_MS = 1000;
/** Most streams that are remembered as gone to another node. That one writes their keys within a moment. */
const MOST_MOVED = 4096;

/**
 * Keeps `SLUICE_STREAMS` equal to the open streams. Changes of one key that come while it is being written are merged,
 * so the bucket follows at its own speed and events never wait for it.
 */
export class LiveState {
  readonly #deps: LiveStateDeps;
  /** Which stream a key shows, when it is one of this process. */
  readonly #shown = new Map<string, string>();
  readonly #revisions = new Map<string, number>();
  /** Streams that have gone to another node: those that the bucket may still show as this one's. */
  readonly #movedOut = new Set<string>();
  /** Keys that differ from the bucket, with the monotonic time of the first change. */
  readonly #dirty = new Map<string, number>();
  readonly #busy = new Set<string>();
  #olderBoots: ReadonlySet<string> = new Set();
  #ready = false;
  #replicas = 1;
  #closed = false;
  #troubled = false;
  #retry: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  /** `seq` in the bucket, by key. */
  readonly #seqs = new Map<string, number>();
  #refresh: NodeJS.Timeout | undefined;

  constructor(deps: LiveStateDeps) {
    this.#deps = deps;
  }

  /** Age in milliseconds of the oldest change that the bucket does not show yet. */
  get lagMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const sinceMs of this.#dirty.values()) oldest = Math.min(oldest, sinceMs);
    return oldest === Number.POSITIVE_INFINITY ? 0 : Math.max(0, Math.round(this.#deps.clock.monotonicMs() - oldest));
  }

  /** Notes events as they become visible in the journal. */
  note(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      if (!CHANGES.has(entry.type)) continue;
      const parts = parseStreamSubject(entry.subject);
      if (parts === undefined) continue;
      const { streamId, verb } = parts;
      const key = streamKey(parts);
      if (verb !== 'ended') {
        this.#shown.set(key, streamId);
        this.#movedOut.delete(streamId);
      } else if (this.#shown.get(key) === streamId) this.#shown.delete(key);
      this.#touch(key);
    }
    this.#flush();
  }

  /** There is a connection (again): everything is written again, and what older boots of this node left is removed. */
  async rebuild(connection: NatsConnection, replicas: number, olderBoots: readonly string[]): Promise<void> {
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#ready = false;
    this.#olderBoots = new Set(olderBoots);
    this.#replicas = replicas;
    const check = await this.#deps.bucket.ensure(connection, replicas, 'Sluice: live streams');
    if (this.#closed || this.#deps.connection() !== connection) return;
    if (check.kind !== 'ok') {
      if (!this.#troubled || check.kind === 'denied')
        this.#deps.log.warn({ cause: `${check.code} ${check.text}` }, 'nats: the live state cannot be kept');
      this.#troubled = true;
      if (check.kind === 'unavailable') this.#rebuildLater();
      return;
    }
    this.#troubled = false;
    this.#ready = true;
    this.#refresh ??= setInterval(() => this.#refreshAll(), this.#deps.refreshMs).unref();
    for (const openStream of this.#deps.openStreams.values()) {
      const key = streamKey(openStream);
      this.#shown.set(key, openStream.streamId);
      this.#touch(key);
    }
    const keys = await this.#deps.bucket.keys(connection);
    if (keys.ok) for (const key of keys.value) if (!this.#shown.has(key)) this.#touch(key);
    this.#flush();
  }

  /** Writes what is pending, at most for `deadlineMs`. */
  async drain(deadlineMs: number): Promise<void> {
    const endMs = this.#deps.clock.monotonicMs() + deadlineMs;
    while (this.#ready && this.#dirty.size > 0 && this.#deps.writable() !== undefined) {
      if (this.#deps.clock.monotonicMs() >= endMs) return;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Stops. */
  close(): void {
    this.#closed = true;
    this.#ready = false;
    clearTimeout(this.#retry);
    clearTimeout(this.#again);
    clearInterval(this.#refresh);
  }

  /** A stream has gone to another node: its key is for that one to write. */
  forget(stream: StreamNames): void {
    const key = streamKey(stream);
    this.#movedOut.add(stream.streamId);
    if (this.#movedOut.size > MOST_MOVED)
      for (const oldest of this.#movedOut) {
        this.#movedOut.delete(oldest);
        break;
      }
    if (this.#shown.get(key) !== stream.streamId) return;
    this.#shown.delete(key);
    for (const known of [this.#revisions, this.#seqs, this.#dirty]) known.delete(key);
  }

  /** This process may write again: what has waited is written. */
  retry(): void {
    this.#flush();
  }

  /**
   * Writes the values again that are behind their stream's newest event: a node that ends the stream counts on from
   * there.
   */
  #refreshAll(): void {
    for (const openStream of this.#deps.openStreams.values()) {
      const key = streamKey(openStream);
      if (this.#shown.get(key) === openStream.streamId && this.#seqs.get(key) !== openStream.seq) this.#touch(key);
    }
    this.#flush();
  }

  /**
   * No server takes writes, or it is unknown whether the bucket exists: it is checked again soon, and made when it is
   * gone.
   */
  #rebuildLater(): void {
    if (this.#again !== undefined || this.#closed) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      const connection = this.#deps.connection();
      if (connection !== undefined) void this.rebuild(connection, this.#replicas, [...this.#olderBoots]);
    }, RETRY_MS);
    this.#again.unref();
  }

  #touch(key: string): void {
    if (!this.#dirty.has(key)) this.#dirty.set(key, this.#deps.clock.monotonicMs());
  }

  #flush(): void {
    const connection = this.#deps.writable();
    if (connection === undefined || !this.#ready) return;
    for (const key of this.#dirty.keys()) {
      if (this.#busy.size >= IN_FLIGHT) return;
      if (!this.#busy.has(key)) void this.#write(key, connection);
    }
  }

  async #write(key: string, connection: NatsConnection): Promise<void> {
    this.#busy.add(key);
    const sinceMs = this.#dirty.get(key) ?? 0;
    this.#dirty.delete(key);
    const streamId = this.#shown.get(key);
    const openStream = streamId === undefined ? undefined : this.#deps.openStreams.get(streamId);
    const done =
      openStream === undefined ? await this.#remove(key, connection) : await this.#put(key, openStream, connection);
    this.#busy.delete(key);
    if (done) {
      this.#flush();
      return;
    }
    this.#dirty.set(key, sinceMs);
    if (this.#retry === undefined && this.#ready) {
      this.#retry = setTimeout(() => {
        this.#retry = undefined;
        this.#flush();
      }, RETRY_MS);
      this.#retry.unref();
    }
  }

  async #put(key: string, openStream: OpenStream, connection: NatsConnection): Promise<boolean> {
    const state = stateOf(openStream);
    const written =
      openStream.epoch === undefined
        ? await this.#deps.bucket.put(connection, key, state)
        : await this.#putOver(key, state, openStream.epoch, connection);
    if (written === 'outdone') return true;
    if (written.kind === 'ok') {
      this.#revisions.set(key, written.revision);
      this.#seqs.set(key, state.seq);
    }
    if (written.kind === 'missing') this.#rebuildLater();
    return written.kind === 'ok';
  }

  /**
   * Writes a value of a cluster, in which another node may have the name by now: over what was read, and not over a
   * claim that is newer.
   */
  async #putOver(
    key: string,
    state: StreamState,
    epoch: Epoch,
    connection: NatsConnection,
  ): Promise<KvWrite | 'outdone'> {
    const { bucket } = this.#deps;
    const known = this.#revisions.get(key);
    if (known !== undefined) {
      const written = await bucket.put(connection, key, state, known);
      if (written.kind !== 'conflict') return written;
    }
    const held = await bucket.get(connection, key);
    if (!held.ok) {
      const kind = held.code === JsError.StreamNotFound ? 'missing' : 'no_answer';
      return { kind, text: `${held.code} ${held.text}` };
    }
    const { value, revision } = held.value;
    this.#revisions.delete(key);
    const other = value === undefined ? undefined : openStreamOf(value).epoch;
    if (other !== undefined && compareEpochs(other, epoch) > 0) return 'outdone';
    return bucket.put(connection, key, state, revision);
  }

  /**
   * Removes a key when it shows a stream of this node that is over. The stream of another node under the same name
   * stays.
   */
  async #remove(key: string, connection: NatsConnection): Promise<boolean> {
    let revision = this.#revisions.get(key);
    if (revision === undefined) {
      const held = await this.#deps.bucket.get(connection, key);
      if (!held.ok) return false;
      const state = held.value.value;
      if (state === undefined || !this.#isOver(state)) return true;
      revision = held.value.revision;
    }
    const removed = await this.#deps.bucket.remove(connection, key, revision);
    if (removed.kind === 'ok' || removed.kind === 'conflict') this.#revisions.delete(key);
    this.#seqs.delete(key);
    // After a conflict the value is read once more: the revision known here may be one of several writes of this
    // process.
    if (removed.kind === 'conflict') this.#touch(key);
    if (removed.kind === 'missing') this.#rebuildLater();
    return removed.kind === 'ok' || removed.kind === 'conflict';
  }

  #isOver(state: StreamState): boolean {
    const ours =
      state.nodeId === this.#deps.nodeId && (state.bootId === this.#deps.bootId || this.#olderBoots.has(state.bootId));
    return ours && !this.#deps.openStreams.has(state.streamId) && !this.#movedOut.has(state.streamId);
  }
}
