import type { Clock } from '../../core/clock.js';
import { escapeToken, unescapeToken } from '../../core/escape.js';
import type { EventsLogger } from '../deps.js';
import { type Emitter, type Envelope, nodeEvent, sessionFilter, streamEvent } from '../envelope.js';
import type { NodeState, StreamState } from '../event-types.js';
import { type NatsConnection, natsHeaders } from '../nats.js';
import { lateEnd, SessionTable } from '../sessions.js';
import { jsRequest, lastMessage, publish, type StreamInfo } from './js-api.js';
import type { KvBucket } from './kv.js';
import { nodeKey } from './node-lease.js';
import { outcomeOf } from './outcome.js';
import type { Patience } from './patience.js';

/** What the reaper works with. */
export interface ReaperDeps {
  readonly nodes: KvBucket<NodeState>;
  readonly streams: KvBucket<StreamState>;
  readonly log: EventsLogger;
  readonly clock: Clock;
  readonly emitter: Emitter;
  /** Name of the JetStream stream. */
  readonly stream: string;
  readonly leaseMs: number;
  readonly patience: Patience;
  connection(): NatsConnection | undefined;
}

interface Seen {
  readonly revision: number;
  readonly sinceMs: number;
}

/**
 * Ends what lost nodes left open. Heartbeats are polled (bucket expiry is silent on old servers) and judged by this process's own
 * monotonic clock: a node is lost when its key has not changed for longer than its lease while this process was connected throughout.
 * Which of its streams are open is read from JetStream itself, so that every start that anyone saw gets its end.
 */
export class Reaper {
  readonly #deps: ReaperDeps;
  readonly #seen = new Map<string, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #busy = false;
  #closed = false;

  constructor(deps: ReaperDeps) {
    this.#deps = deps;
  }

  /** Begins to poll, three times per lease. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.poll(), Math.max(200, this.#deps.leaseMs / 3));
    this.#timer.unref();
  }

  /** The connection went: what was seen before says nothing about now. */
  forget(): void {
    this.#seen.clear();
  }

  /** Stops. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** Looks at every heartbeat once. */
  async poll(): Promise<void> {
    const connection = this.#deps.connection();
    if (connection === undefined || this.#busy || this.#closed) return;
    this.#busy = true;
    try {
      const keys = await this.#deps.nodes.keys(connection);
      if (!keys.ok) return this.forget();
      const own = nodeKey(this.#deps.emitter.nodeId, this.#deps.emitter.bootId);
      for (const key of keys.value) if (key !== own && !this.#closed) await this.#look(key, connection);
    } finally {
      this.#busy = false;
    }
  }

  async #look(key: string, connection: NatsConnection): Promise<void> {
    const held = await this.#deps.nodes.get(connection, key);
    if (!held.ok) return this.forget();
    const { value: node, revision } = held.value;
    if (node === undefined) {
      this.#seen.delete(key);
      return;
    }
    const nowMs = this.#deps.clock.monotonicMs();
    const seen = this.#seen.get(key);
    if (seen === undefined || seen.revision !== revision) {
      this.#seen.set(key, { revision, sinceMs: nowMs });
      return;
    }
    if (nowMs - seen.sinceMs <= Math.max(node.leaseMs, this.#deps.leaseMs)) return;
    await this.#reap(key, node, revision, connection);
  }

  async #reap(key: string, node: NodeState, revision: number, connection: NatsConnection): Promise<void> {
    let marked = revision;
    if (node.state !== 'lost') {
      // Compare-and-set: a heartbeat that comes through now wins, and this node is told when it is this mark that does.
      const mark = await this.#deps.nodes.put(connection, key, { ...node, state: 'lost' }, revision);
      if (mark.kind !== 'ok') return;
      marked = mark.revision;
      this.#seen.set(key, { revision: marked, sinceMs: this.#deps.clock.monotonicMs() });
    }
    const ended = await this.#endStreams(node, connection);
    if (ended === undefined || !(await this.#tellLost(node, connection))) return;
    await this.#deps.nodes.remove(connection, key, marked);
    this.#seen.delete(key);
    this.#deps.log.warn(
      { node: node.nodeId, boot: node.bootId, streams: ended, lastSeen: node.time },
      'a node is lost; its streams are ended',
    );
  }

  /** Ends the open streams of a lost process. @returns how many, `undefined` when something did not get through */
  async #endStreams(node: NodeState, connection: NatsConnection): Promise<number | undefined> {
    const { prefix } = this.#deps.emitter;
    const started = await this.#subjects(connection, `${prefix}.evt.*.*.*.stream.started.*`);
    const ended = await this.#subjects(connection, `${prefix}.evt.*.*.*.stream.ended.end`);
    if (started === undefined || ended === undefined) return undefined;
    const over = new Set(ended.map(sessionOf));
    let count = 0;
    for (const subject of started) {
      if (over.has(sessionOf(subject))) continue;
      const done = await this.#endStream(subject, node, connection);
      if (done === undefined) return undefined;
      if (done) count++;
    }
    return count;
  }

  /** @returns whether the stream was the lost node's and is ended now; `undefined` when something did not get through */
  async #endStream(startSubject: string, node: NodeState, connection: NatsConnection): Promise<boolean | undefined> {
    const { emitter, stream, patience } = this.#deps;
    const start = await lastMessage(connection, stream, startSubject, patience);
    if (!start.ok) return undefined;
    const table = new SessionTable();
    table.apply(1, start.value.subject, start.value.data, true);
    const [session] = table.open.values();
    if (session === undefined || session.bootId !== node.bootId || session.nodeId !== node.nodeId) return false;
    const base = startSubject.split('.').slice(0, -2).join('.');
    for (const verb of ['ready', 'updated']) {
      const held = await lastMessage(connection, stream, `${base}.${verb}.*`, patience);
      if (held.ok) table.apply(held.value.seq, held.value.subject, held.value.data, true);
    }
    const last = await lastMessage(connection, stream, sessionFilter(emitter.prefix, session.streamId), patience);
    if (!last.ok) return undefined;
    const lastSeq = Number(last.value.subject.split('.').at(-1));
    if (!Number.isInteger(lastSeq)) return true;
    const endedMs = Math.max(Date.parse(node.time), Date.parse(last.value.time) || 0);
    const data = lateEnd(session, { reason: 'node_lost', endedMs, totals: undefined });
    const event = streamEvent(emitter, session, 'io.sluice.stream.ended', lastSeq + 1, endedMs, data);
    if (!(await this.#send(event, connection))) return undefined;
    await this.#forgetState(session.app, session.name, session.streamId, connection);
    return true;
  }

  async #forgetState(app: string, name: string, streamId: string, connection: NatsConnection): Promise<void> {
    const key = `${escapeToken(app)}.${escapeToken(name)}`;
    const held = await this.#deps.streams.get(connection, key);
    if (held.ok && held.value.value?.streamId === streamId) {
      await this.#deps.streams.remove(connection, key, held.value.revision);
    }
  }

  #tellLost(node: NodeState, connection: NatsConnection): Promise<boolean> {
    const about = { nodeId: node.nodeId, bootId: node.bootId };
    const data = { ...about, detail: `no sign of life since ${node.time}` };
    const nowMs = this.#deps.clock.wallMs();
    return this.#send(nodeEvent(this.#deps.emitter, about, 'io.sluice.node.lost', 1, 1, nowMs, data), connection);
  }

  /** Sends an event with a fixed id and subject: when someone else was first, the server refuses this one and that is as good. */
  async #send(event: Envelope, connection: NatsConnection): Promise<boolean> {
    const hdrs = natsHeaders({
      'Nats-Msg-Id': event.id,
      'Nats-Expected-Last-Subject-Sequence': '0',
      'content-type': 'application/cloudevents+json',
      'ce-type': event.type,
    });
    const outcome = outcomeOf(await publish(connection, event.subject, event.json, hdrs, this.#deps.patience));
    return outcome.kind === 'stored' || outcome.kind === 'taken';
  }

  async #subjects(connection: NatsConnection, filter: string): Promise<string[] | undefined> {
    const found: string[] = [];
    // A server lists a hundred thousand subjects at a time.
    for (;;) {
      const page = await jsRequest<StreamInfo>(
        connection,
        `STREAM.INFO.${this.#deps.stream}`,
        { subjects_filter: filter, offset: found.length },
        this.#deps.patience,
        5,
      );
      if (!page.ok) return undefined;
      const subjects = Object.keys(page.value.state.subjects ?? {});
      for (const subject of subjects) found.push(subject);
      if (subjects.length === 0 || found.length >= (page.value.total ?? 0)) return found;
    }
  }
}

/** The stream id in an event's subject. */
function sessionOf(subject: string): string {
  return unescapeToken(subject.split('.').at(-4) ?? '') ?? '';
}
