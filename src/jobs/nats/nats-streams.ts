import { SluiceError } from '../../core/errors.js';
import { escapeToken } from '../../core/escape.js';
import { type StreamPattern, streamPattern } from '../../events/consume/pattern.js';
import { takeSnapshot } from '../../events/consume/snapshot.js';
import { Directory } from '../../events/directory.js';
import type { EventType, StreamState } from '../../events/event-types.js';
import { END_TYPE, eventFilter, parseStreamSubject, sequenceIn, streamKey } from '../../events/subjects.js';
import type { AnswerTimeout } from '../../nats/answer-timeout.js';
import { isAway, type NatsConnection } from '../../nats/connection.js';
import { JsError, lastMessage, subjectsOf } from '../../nats/jetstream.js';
import { KvBucket } from '../../nats/kv-bucket.js';
import type { NatsRequests } from '../../nats/requests.js';
import type { LiveStreamFacts, Streams, TicketAnswer, Want } from '../ports.js';
import { factsOfState } from '../template/facts.js';

/** Where nodes keep what is known of them. */
export interface NatsPlaces {
  /** `events.prefix`. */
  readonly prefix: string;
  /** `events.stream`. */
  readonly stream: string;
  readonly streamsBucket: string;
  readonly nodesBucket: string;
}

/** How long nodes may take to say what they have, in ms. */
const GATHER_MS = 1000;
/** So many streams are asked about one by one; of more, all ends that are kept are listed. */
const FEW = 64;
/** Longest app and name of a wish together, in characters: no server has any that are as long. */
const MOST_NAME = 512;
/** How long the owner of a stream is waited for, in ms. */
const TICKET_MS = 1000;

/** The streams of all nodes, as NATS knows them. */
export class NatsStreams implements Streams {
  readonly #connection: NatsConnection;
  readonly #requests: NatsRequests;
  readonly #places: NatsPlaces;
  readonly #answerTimeout: AnswerTimeout;
  readonly #states: KvBucket<StreamState>;
  readonly #directory: Directory;

  constructor(connection: NatsConnection, requests: NatsRequests, places: NatsPlaces, answerTimeout: AnswerTimeout) {
    this.#connection = connection;
    this.#requests = requests;
    this.#places = places;
    this.#answerTimeout = answerTimeout;
    this.#states = new KvBucket<StreamState>(places.streamsBucket, answerTimeout);
    this.#directory = new Directory(places, () => (isAway(connection) ? undefined : connection), answerTimeout);
  }

  async live(): Promise<readonly LiveStreamFacts[]> {
    const { states } = await takeSnapshot(this.#connection, this.#everyStream(), this.#places, this.#answerTimeout);
    return states.flatMap((state) => liveFacts(state) ?? []);
  }

  async named(app: string, name: string): Promise<LiveStreamFacts | undefined> {
    const held = await this.#states.get(this.#connection, streamKey({ app, name }));
    // Without a bucket no node has written one yet.
    if (!held.ok && held.code === JsError.StreamNotFound) return undefined;
    if (!held.ok) throw away(this.#places.streamsBucket, held);
    return liveFacts(held.value.value);
  }

  async stream(of: { app: string; name: string; streamId: string }): Promise<LiveStreamFacts | undefined> {
    const found = await this.named(of.app, of.name);
    return found?.streamId === of.streamId ? found : undefined;
  }

  async hasEnded(streamId: string): Promise<boolean> {
    const known = await this.#directory.endOf(streamId);
    if ('trouble' in known) throw new SluiceError('ERR_JOB_STORE', known.trouble);
    return known.value !== undefined;
  }

  async endedOf(streamIds: readonly string[]): Promise<ReadonlySet<string>> {
    const ended = new Set<string>();
    if (streamIds.length <= FEW) {
      const known = await Promise.all(streamIds.map((streamId) => this.hasEnded(streamId)));
      for (const [i, streamId] of streamIds.entries()) if (known[i]) ended.add(streamId);
      return ended;
    }
    const { prefix, stream } = this.#places;
    const filter = eventFilter(prefix, { type: END_TYPE });
    const listed = await subjectsOf(this.#connection, stream, filter, this.#answerTimeout);
    if (!listed.ok) throw away(stream, listed);
    for (const subject of listed.value) ended.add(parseStreamSubject(subject)?.streamId ?? '');
    return ended;
  }

  async isActive(of: { app: string; name: string; streamId: string }): Promise<boolean | undefined> {
    const [active, idle] = await Promise.all([
      this.#newest(of, 'io.sluice.stream.active'),
      this.#newest(of, 'io.sluice.stream.idle'),
    ]);
    return active === 0 && idle === 0 ? undefined : active > idle;
  }

  async wants(): Promise<readonly Want[]> {
    const found = new Map<string, Want>();
    const subject = `${this.#places.prefix}.ctl.all.wants.list`;
    await this.#requests.gather(subject, Buffer.from('{"limit":1000}'), GATHER_MS, ({ body }) => {
      for (const want of wantsIn(body)) found.set(streamKey(want), want);
      return false;
    });
    return [...found.values()];
  }

  async ticket(streamId: string, template: string, token: number): Promise<TicketAnswer> {
    const subject = `${this.#places.prefix}.ctl.s.${escapeToken(streamId)}.ticket`;
    const outcome = await this.#requests.request(subject, Buffer.from(JSON.stringify({ template, token })), TICKET_MS);
    if (outcome.kind === 'no_responders') return { kind: 'gone', text: 'no node has the stream' };
    if (outcome.kind !== 'reply') return { kind: 'unavailable', text: outcome.kind };
    return ticketIn(outcome.reply.body);
  }

  /** `sequence` of the newest event of a type of a stream; 0: there is none. */
  async #newest(of: { app: string; name: string; streamId: string }, type: EventType): Promise<number> {
    const filter = eventFilter(this.#places.prefix, { ...of, type });
    const held = await lastMessage(this.#connection, this.#places.stream, filter, this.#answerTimeout);
    if (!held.ok && held.code === JsError.MessageNotFound) return 0;
    if (!held.ok) throw away(this.#places.stream, held);
    const parts = parseStreamSubject(held.value.subject);
    return parts === undefined ? 0 : (sequenceIn(parts) ?? 0);
  }

  #everyStream(): StreamPattern {
    return streamPattern('*', this.#places.prefix);
  }
}

/** What the answer of a node to a request for a ticket says. */
export function ticketIn(body: Uint8Array): TicketAnswer {
  let answer: { readonly ok?: unknown; readonly url?: unknown; readonly code?: unknown; readonly detail?: unknown };
  try {
    answer = JSON.parse(Buffer.from(body).toString('utf8')) as typeof answer;
  } catch {
    return { kind: 'unavailable', text: 'what answers is no node' };
  }
  if (answer?.ok === true && typeof answer.url === 'string') return { kind: 'ticket', url: answer.url };
  const code = typeof answer?.code === 'string' ? answer.code : '';
  const text = `${code} ${typeof answer?.detail === 'string' ? answer.detail : ''}`.trim();
  if (code === 'ERR_JOB_FENCED') return { kind: 'fenced', text };
  if (code === 'ERR_CTL_STREAM_UNKNOWN') return { kind: 'gone', text };
  return { kind: 'unavailable', text: text === '' ? 'what answers is no node' : text };
}

/** The wants in an answer to `wants.list`. */
export function wantsIn(body: Uint8Array): Want[] {
  try {
    const { wants } = JSON.parse(Buffer.from(body).toString('utf8')) as { wants?: unknown };
    return Array.isArray(wants) ? wants.flatMap((each: unknown) => wantOf(each) ?? []) : [];
  } catch {
    return [];
  }
}

/** A wish as a signal or a list tells it; undefined when it is none. */
export function wantOf(value: unknown): Want | undefined {
  const { app, name, urls } = (value ?? {}) as { app?: unknown; name?: unknown; urls?: { rtmp?: unknown } };
  if (typeof app !== 'string' || typeof name !== 'string') return undefined;
  // The server ends the connection of a client that uses a longer subject than it takes.
  if (app.length + name.length > MOST_NAME) return undefined;
  return { app, name, ...(typeof urls?.rtmp === 'string' ? { publishUrl: urls.rtmp } : {}) };
}

/** What jobs need of a state; undefined when it is none: others may write to the bucket. */
function liveFacts(state: StreamState | null | undefined): LiveStreamFacts | undefined {
  if (typeof state !== 'object' || state === null) return undefined;
  const { streamId, app, name, state: phase, seq, labels = {}, tracks } = state;
  const areTexts = [streamId, app, name].every((text: unknown) => typeof text === 'string');
  const areTracks =
    Array.isArray(tracks) && tracks.every((track: unknown) => typeof track === 'object' && track !== null);
  if (!areTexts || !areTracks || typeof labels !== 'object' || labels === null || !Number.isFinite(seq))
    return undefined;
  return { streamId, app, name, state: phase, facts: factsOfState(state), sequence: seq };
}

function away(place: string, answer: { readonly code: number | string; readonly text: string }): SluiceError {
  return new SluiceError('ERR_JOB_STORE', `${place}: ${answer.code} ${answer.text}`.trim());
}
