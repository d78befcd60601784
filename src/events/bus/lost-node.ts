import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import { type NatsConnection, natsHeaders } from '../../nats/connection.js';
import { JsError, jsRequest, lastMessage, publish, type StreamInfo, subjectsOf } from '../../nats/jetstream.js';
import type { KvBucket, KvEntry } from '../../nats/kv-bucket.js';
import { outcomeOf } from '../../nats/publish-outcome.js';
import { type Emitter, type Envelope, nodeEvent, streamEvent } from '../envelope.js';
import type { StreamState } from '../event-types.js';
import { lateEnd, type OpenStream, OpenStreams, openStreamOf } from '../open-streams.js';
import { END_TYPE, eventFilter, parseStreamSubject, sequenceIn } from '../subjects.js';
import { liveStateOf } from './held-values.js';
import { lastCounted } from './last-of-stream.js';
import { type OwnerEntry, StreamOwners } from './stream-owners.js';

/** What is needed to end the streams of a lost process. */
export interface LostNodeDeps {
  readonly streams: KvBucket<StreamState>;
  readonly emitter: Emitter;
  /** Name of the JetStream stream. */
  readonly stream: string;
  readonly answerTimeout: AnswerTimeout;
  /** Which process has which name; undefined: nobody says. */
  readonly owners?: KvBucket<OwnerEntry>;
  /** Called with each event that JetStream has stored, and not when another process was first. */
  readonly stored?: (event: Envelope) => void;
}

/** A process that is taken for lost. */
interface LostBoot {
  readonly nodeId: string;
  readonly bootId: string;
  /** Its last sign of life (RFC 3339). */
  readonly time: string;
}

/** A stream that may have to be ended: known by the subject of its start, its value in the bucket, or both. */
interface Candidate {
  startSubject?: string;
  state?: StreamState;
  /** Whether another process has it, by the bucket, which may be behind. */
  isForeign?: boolean;
}

type HeldState = KvEntry<StreamState> & { readonly key: string };

/** Events that say what a stream has become since its start. */
const CHANGES = ['io.sluice.stream.resumed', 'io.sluice.stream.ready', 'io.sluice.stream.updated'] as const;
/** Most requests at a time. */
const IN_FLIGHT = 16;

/**
 * Ends the open streams of a lost process. They are those whose start JetStream holds, and those that the bucket of
 * live streams shows: JetStream forgets the start of a stream that is older than its retention, the bucket does not.
 */
export class LostNode {
  readonly #boot: LostBoot;
  readonly #connection: NatsConnection;
  readonly #deps: LostNodeDeps;
  readonly #owners: StreamOwners;
  /** Streams that go on in another process. */
  readonly #elsewhere = new Set<string>();

  /** @param boot the lost process; @param connection borrowed */
  constructor(boot: LostBoot, connection: NatsConnection, deps: LostNodeDeps) {
    this.#boot = boot;
    this.#connection = connection;
    this.#deps = deps;
    this.#owners = new StreamOwners(deps.owners, connection);
  }

  /**
   * Stores an end for each of its streams that has none, and removes their live state.
   *
   * @param stillLost asked when it is known which streams these are, before the first is ended: the process may be back
   *   and have begun some of them meanwhile. It ends those from before its return itself, so a list from before does no
   *   harm, however late these ends are stored. The process itself need not ask
   * @returns how many streams were ended, `undefined` when a request failed or the process is back
   */
  async endStreams(stillLost?: () => Promise<boolean>): Promise<number | undefined> {
    const { prefix } = this.#deps.emitter;
    const started = await this.#subjects(eventFilter(prefix, { type: 'io.sluice.stream.started' }));
    const ended = await this.#subjects(eventFilter(prefix, { type: END_TYPE }));
    const states = await this.#states();
    const reachMs = await this.#reachMs();
    if (started === undefined || ended === undefined || states === undefined || reachMs === undefined) return undefined;
    if (stillLost !== undefined && !(await stillLost())) return undefined;
    const over = new Set(ended.map(streamIdOf));
    const candidates = new Map<string, Candidate>();
    for (const { value: state } of states)
      if (!over.has(state.streamId)) candidates.set(state.streamId, { state, isForeign: !this.#isItsOwn(state) });
    for (const startSubject of started) {
      const streamId = streamIdOf(startSubject);
      if (over.has(streamId)) continue;
      const known = candidates.get(streamId);
      if (known !== undefined) known.startSubject = startSubject;
      else candidates.set(streamId, { startSubject });
    }
    let count = 0;
    const allEnded = await each([...candidates.values()], async (candidate) => {
      // Events that nobody can read, which another program has stored, must not keep the others from their end.
      const done = await this.#endStream(candidate, reachMs).catch(() => false as const);
      if (done === true) count++;
      return done !== undefined;
    });
    if (!allEnded) return undefined;
    for (const { key, value, revision } of states)
      if (this.#isItsOwn(value) && !this.#elsewhere.has(value.streamId))
        await this.#deps.streams.remove(this.#connection, key, revision);
    return count;
  }

  /** Publishes `node.lost`. @returns whether it is stored, by this node or another */
  tell(nowMs: number): Promise<boolean> {
    const { nodeId, bootId, time } = this.#boot;
    const about = { nodeId, bootId };
    const data = { ...about, detail: `no sign of life since ${time}` };
    return this.#send(nodeEvent(this.#deps.emitter, about, 'io.sluice.node.lost', 1, 1, nowMs, data));
  }

  #isItsOwn(of: { readonly nodeId: string; readonly bootId: string }): boolean {
    return of.nodeId === this.#boot.nodeId && of.bootId === this.#boot.bootId;
  }

  /** @returns whether the stream belonged to the lost process and has an end now; `undefined` when a request failed */
  async #endStream(candidate: Candidate, reachMs: number): Promise<boolean | undefined> {
    const { emitter } = this.#deps;
    const isIts = await this.#isOfLost(candidate);
    if (isIts !== true && isIts !== 'by_events') return isIts;
    const openStream = await this.#openStreamOf(candidate, isIts === 'by_events');
    if (openStream === undefined) return undefined;
    if (openStream === 'foreign') return false;
    const { streamId } = openStream;
    const last = await lastCounted(
      emitter.prefix,
      { streamId },
      {
        last: (subject) => this.#last(subject),
        subjects: (filter) => subjectsOf(this.#connection, this.#deps.stream, filter, this.#deps.answerTimeout),
      },
    );
    if (!last.ok && last.code !== JsError.MessageNotFound) return undefined;
    // There are no events although JetStream holds that time: its start was never stored, so no consumer waits for its
    // end.
    if (!last.ok && openStream.startedMs >= reachMs) return false;
    // When all its events are older than the retention, the bucket still knows its last sequence.
    const lastSeq = last.ok ? sequenceOfSubject(last.value.subject) : openStream.seq;
    if (lastSeq === undefined) return true;
    const endedMs = Math.max(Date.parse(this.#boot.time) || 0, last.ok ? Date.parse(last.value.time) || 0 : 0);
    const data = lateEnd(openStream, { reason: 'node_lost', endedMs, totals: undefined });
    const event = streamEvent(emitter, openStream, 'io.sluice.stream.ended', lastSeq + 1, endedMs, data);
    if (!(await this.#send(event))) return undefined;
    await this.#owners.release(openStream, this.#boot);
    return true;
  }

  /**
   * Whether the lost process has a stream: by the registry of names where that says who has it, else by the bucket,
   * else by its events, which are still to be read then (`by_events`). `undefined` when a request failed.
   */
  async #isOfLost({ startSubject, state, isForeign }: Candidate): Promise<boolean | 'by_events' | undefined> {
    const stream = state ?? parseStreamSubject(startSubject ?? '');
    if (stream === undefined) return false;
    const holder = await this.#owners.holderOf(stream, this.#boot);
    if (holder === undefined) return undefined;
    if (holder !== 'none') {
      if (this.#isItsOwn(holder)) return true;
      this.#elsewhere.add(stream.streamId);
      return false;
    }
    return state === undefined ? 'by_events' : isForeign !== true;
  }

  /**
   * The known state of a stream: its value in the bucket or its start, and the later changes that JetStream still
   * holds.
   *
   * @param byEvents whether its events say whose it is; otherwise it is known that the lost process has it, which need
   *   not be the one that started it
   */
  async #openStreamOf(
    { startSubject, state }: Candidate,
    byEvents: boolean,
  ): Promise<OpenStream | 'foreign' | undefined> {
    const table = new OpenStreams();
    if (startSubject !== undefined) {
      const start = await this.#last(startSubject);
      if (start.ok) table.apply(1, start.value.subject, start.value.data, true);
      else if (start.code !== JsError.MessageNotFound) return undefined;
    }
    if (state !== undefined && table.open.size === 0) table.open.set(state.streamId, openStreamOf(state));
    const [openStream] = table.open.values();
    if (openStream === undefined) return 'foreign';
    const { prefix } = this.#deps.emitter;
    const { app, name, streamId } = openStream;
    for (const type of CHANGES) {
      const held = await this.#last(eventFilter(prefix, { app, name, streamId, type }));
      if (held.ok) table.apply(held.value.seq, held.value.subject, held.value.data, true);
      else if (held.code !== JsError.MessageNotFound) return undefined;
      // It may have come from another node, or have gone to one.
      if (byEvents && !this.#isItsOwn(openStream)) return 'foreign';
    }
    const { nodeId, bootId } = this.#boot;
    return { ...openStream, nodeId, bootId };
  }

  /**
   * The values of the bucket; none when there is no bucket or it may not be read. `undefined` when it did not answer.
   */
  async #states(): Promise<HeldState[] | undefined> {
    const keys = await this.#deps.streams.keys(this.#connection);
    if (!keys.ok) return keys.code === JsError.StreamNotFound || keys.code === 'PERMISSIONS_VIOLATION' ? [] : undefined;
    const out: HeldState[] = [];
    const allRead = await each(keys.value, async (key) => {
      const held = await this.#deps.streams.get(this.#connection, key);
      const value = held.ok ? liveStateOf(held.value.value) : undefined;
      if (held.ok && value !== undefined) out.push({ key, value, revision: held.value.revision });
      return held.ok;
    });
    return allRead ? out : undefined;
  }

  #last(subject: string): ReturnType<typeof lastMessage> {
    return lastMessage(this.#connection, this.#deps.stream, subject, this.#deps.answerTimeout);
  }

  async #subjects(filter: string): Promise<string[] | undefined> {
    const { stream, answerTimeout } = this.#deps;
    const found = await subjectsOf(this.#connection, stream, filter, answerTimeout);
    return found.ok ? found.value : undefined;
  }

  /** The time since which JetStream holds every event, in ms since the epoch; `undefined` without an answer. */
  async #reachMs(): Promise<number | undefined> {
    const { stream, answerTimeout } = this.#deps;
    const info = await jsRequest<StreamInfo>(this.#connection, `STREAM.INFO.${stream}`, undefined, answerTimeout);
    if (!info.ok) return undefined;
    const { first_seq: first, messages, first_ts: firstTime } = info.value.state;
    // Nothing has been removed while the very first message is there, or when none has been stored.
    if (first <= 1) return Date.parse(info.value.created ?? '') || 0;
    return messages === 0 ? Number.POSITIVE_INFINITY : Date.parse(firstTime ?? '') || 0;
  }

  /**
   * Sends an event with a fixed id and subject. When another node was first, the server refuses this one, which is as
   * good.
   */
  async #send(event: Envelope): Promise<boolean> {
    const hdrs = natsHeaders({
      'Nats-Msg-Id': event.id,
      'Nats-Expected-Last-Subject-Sequence': '0',
      'content-type': 'application/cloudevents+json',
      'ce-type': event.type,
    });
    const outcome = outcomeOf(
      await publish(this.#connection, event.subject, event.json, hdrs, this.#deps.answerTimeout),
    );
    if (outcome.kind === 'stored') this.#deps.stored?.(event);
    return outcome.kind === 'stored' || outcome.kind === 'taken';
  }
}

/** The stream id in the subject of an event of a stream. */
export function streamIdOf(subject: string): string {
  return parseStreamSubject(subject)?.streamId ?? '';
}

function sequenceOfSubject(subject: string): number | undefined {
  const parts = parseStreamSubject(subject);
  return parts === undefined ? undefined : sequenceIn(parts);
}

/** Does `work` for each item, some at a time, until one reports a failure. @returns whether none did */
async function each<T>(items: readonly T[], work: (item: T) => Promise<boolean>): Promise<boolean> {
  let next = 0;
  let isGood = true;
  const worker = async (): Promise<void> => {
    while (isGood && next < items.length) if (!(await work(items[next++]))) isGood = false;
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, items.length) }, worker));
  return isGood;
}
