import { createHash } from 'node:crypto';
import type { ErrorCode } from '../../../src/core/errors.js';
import { createLogger } from '../../../src/core/log.js';
import { readableLine } from '../../../src/core/log-line.js';
import { NameRule } from '../../../src/core/names.js';
import type { Lifecycle } from '../../../src/events/lifecycle.js';
import type {
  Answer,
  ByteSide,
  ConnectionFacts,
  Order,
  Refusal,
  Report,
  ShownFacts,
  StreamCounters,
} from '../../../src/live/access.js';
import { ADMIT_ALL, type Admission } from '../../../src/live/admission.js';
import { LiveStreams, type LiveStreamsOptions } from '../../../src/live/live-streams.js';
import type { NodeAccessOptions } from '../../../src/live/node-access.js';
import { NOTHING_CARRIED } from '../../../src/live/nothing.js';
import type { Ownership } from '../../../src/live/ownership.js';
import type { PlayRequest, RecordedNames } from '../../../src/live/recorded-names.js';
import type { HealthChange } from '../../../src/model/health-change.js';
import type { NodeHello } from '../../../src/model/node-link.js';
import type { EndReason, PlayEndReason } from '../../../src/model/reasons.js';
import type { Track } from '../../../src/model/track.js';
import { ToldEvents } from './told.js';

/** What became of a request. */
export type Decision<Run> =
  | { readonly accept: true; readonly run: Run }
  | ({ readonly accept: false } & Refusal<string>);

/** A play that was accepted. */
export interface PlayRun {
  readonly playId: string;
  end(reason: PlayEndReason, bytes?: number, drops?: number): void;
}

/** A track that a stream shows. */
export const AVC: Track = { id: 0, kind: 'video', codec: 'avc1.42c00d', width: 320, height: 240 };
export const AAC: Track = { id: 0, kind: 'audio', codec: 'mp4a.40.2' };

/** A publish that was accepted, as the byte side would report of it. */
export class Run {
  readonly streamId: string;
  readonly connectionId: string;
  /** What it has carried. */
  counters: StreamCounters = NOTHING_CARRIED;
  tracks: readonly Track[] = [];
  /** Greatest time of any frame, in ms. */
  newestTimestamp: number | undefined;
  /** Whether it is the publish that its stream has now. */
  isCurrent = true;
  readonly #harness: LiveStreamsHarness;
  readonly #heldFor: readonly EndReason[];

  constructor(harness: LiveStreamsHarness, streamId: string, connectionId: string, heldFor: readonly EndReason[]) {
    this.#harness = harness;
    this.streamId = streamId;
    this.connectionId = connectionId;
    this.#heldFor = heldFor;
  }

  /** Media came: these counters are what there is in all. */
  carry(counters: Partial<StreamCounters>): void {
    this.counters = { ...this.counters, ...counters };
  }

  /** It goes on where an earlier publish of the same stream stopped. */
  follow(before: Run): void {
    this.counters = before.counters;
    this.tracks = before.tracks;
  }

  ready(tracks: readonly Track[] = [AVC, AAC], missing: readonly Track['kind'][] = [], encoder?: string): void {
    this.tracks = tracks;
    const { streamId } = this;
    const told = { streamId, tracks, missing, gopMs: undefined, timeToReadyMs: 0, encoder };
    this.#harness.report({ kind: 'streamReady', ...told });
  }

  change(before: ShownFacts, after: ShownFacts): void {
    this.#harness.report({ kind: 'streamChanged', streamId: this.streamId, before, after });
  }

  sample(): void {
    const { streamId, counters, tracks } = this;
    const { nowMs: atMs } = this.#harness;
    const isHeld = !this.isCurrent;
    this.#harness.report({
      kind: 'streamSampled',
      streamId,
      atMs,
      isHeld,
      counters,
      tracks,
      gopMs: 2000,
      openGopMs: 0,
      newestTimestamp: this.newestTimestamp,
    });
  }

  health(change: HealthChange): void {
    this.#harness.report({ kind: 'trackHealth', streamId: this.streamId, atMs: this.#harness.nowMs, change });
  }

  data(handler: string, timestamp: number, values: readonly string[]): void {
    this.#harness.report({ kind: 'streamData', streamId: this.streamId, handler, timestamp, values });
  }

  end(reason: EndReason, detail?: ErrorCode): void {
    if (!this.isCurrent) return;
    this.isCurrent = false;
    const { streamId, counters } = this;
    if (this.#heldFor.includes(reason)) this.#harness.report({ kind: 'streamHeld', streamId, reason, counters });
    else this.over(reason, detail);
  }

  /** The stream is over, whether it is current or not. */
  over(reason: EndReason, detail?: ErrorCode): void {
    this.isCurrent = false;
    const { streamId, counters, tracks } = this;
    const plays = this.#harness.takePlays(streamId);
    this.#harness.runs.delete(streamId);
    this.#harness.report({ kind: 'streamEnded', streamId, reason, detail, counters, tracks, plays });
  }
}

/** Accepts everything, and tells keys apart. */
const KEYED: Admission = {
  ...ADMIT_ALL,
  decide: ({ query }) => {
    const keyFingerprint = query === '' ? undefined : createHash('sha256').update(query).digest('hex').slice(0, 8);
    return { decision: 'allow', grant: { labels: {}, conflict: 'reject', limits: {}, keyFingerprint } };
  },
};

/**
 * Live streams without a byte side: the test says what that reports, and sees what it is told. The clock is in the
 * test's hand.
 */
export class LiveStreamsHarness extends ToldEvents implements ByteSide {
  nowMs = 50_000;
  readonly registry: LiveStreams;
  readonly options: LiveStreamsOptions;
  closedFor: string | undefined;
  isMemoryOver = false;
  /** What a publisher's connection finds when it is read at once. */
  readNow: (connectionId: string) => Promise<void> = () => Promise.resolve();
  /** Lines logged as warnings and errors. */
  readonly warnings: string[] = [];
  /** Every line at level info and up, as a terminal shows it, without time and level. */
  readonly lines: string[] = [];
  readonly orders: Order[] = [];
  /** Why publishers' connections were closed by the fact side. */
  readonly closed: string[] = [];
  /** The publish of each stream that was begun last, by stream id. */
  readonly runs = new Map<string, Run>();
  /** Plays that are accepted and not over, with the name that they play. */
  readonly #plays = new Map<string, string>();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastAsk = 0;
  #connections = 0;

  /** @param more parts that most tests have no need of */
  constructor(
    options: Partial<LiveStreamsOptions> = {},
    admission?: Admission,
    recorded?: RecordedNames,
    more: { readonly lifecycle?: Lifecycle; readonly ownership?: Ownership; readonly nodes?: NodeAccessOptions } = {},
  ) {
    super(more.lifecycle);
    const harness = this;
    const nowMs = (): number => this.nowMs;
    this.options = {
      waitForPublisher: true,
      resumeWindowMs: 0,
      renewGraceMs: 30_000,
      faultLinesPerSecond: 20,
      eventsPerSecondPerIp: 20,
      publishesPerSecondPerIp: 5,
      playsPerSecondPerIp: 20,
      limitLoopback: false,
      ...options,
    };
    this.registry = new LiveStreams(this.options, {
      bytes: this,
      admission: admission ?? KEYED,
      memory: {
        get isOver() {
          return harness.isMemoryOver;
        },
      },
      lifecycle: this.lifecycle,
      ownership: more.ownership,
      names: new NameRule({ allow: '[A-Za-z0-9_.~=+@/-]+', maxBytes: 64, allowEmpty: false }),
      clock: { monotonicMs: nowMs, wallMs: () => 1_700_000_000_000 + this.nowMs },
      log: createLogger({ format: 'json', sink: { write: (line) => this.#logged(line) } }),
      urls: ({ app, name }) => ({ rtmp: `rtmp://192.0.2.1:1935/${app}/${name}` }),
      ticketSecret: Buffer.alloc(32, 7),
      ...(more.nodes && { nodes: more.nodes }),
      ...(recorded === undefined ? {} : { recorded }),
      closedFor: () => this.closedFor,
    });
  }

  facts(address = '192.0.2.1'): ConnectionFacts {
    return {
      connectionId: `c${++this.#connections}`,
      peer: { address, port: 1000 },
      transport: 'rtmp',
      info: undefined,
    };
  }

  answer(message: Answer): void {
    const act = this.#waiting.get(message.id);
    if (act === undefined) throw new Error(`answered twice: ${message.id}`);
    this.#waiting.delete(message.id);
    act(message);
  }

  order(message: Order): void {
    this.orders.push(message);
    if (message.kind === 'readPublisher') {
      const { connectionId } = this.runs.get(message.streamId)!;
      void this.readNow(connectionId).then(() =>
        this.report({ kind: 'publisherRead', id: message.id, silentMs: 1500 }),
      );
    }
    if (message.kind === 'yieldStream') {
      const run = this.runs.get(message.streamId)!;
      if (run.isCurrent) this.closed.push('replaced');
      run.isCurrent = false;
      const { counters, tracks } = run;
      const plays = this.takePlays(message.streamId);
      this.report({
        kind: 'streamYielded',
        ...{ streamId: message.streamId, counters, tracks, plays },
        newestTimestamp: 4000,
      });
    }
    if (message.kind === 'endStream') {
      const run = this.runs.get(message.streamId)!;
      if (run.isCurrent) this.closed.push(message.reason);
      run.over(message.reason);
    }
  }

  report(message: Report): void {
    this.registry.report(message);
  }

  connect(facts = this.facts(), hello?: NodeHello, query = ''): Promise<Answer> {
    const id = ++this.#lastAsk;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.registry.ask({ kind: 'connect', id, facts, query, hello });
    });
  }

  publish(name = 'cam', query = '', facts = this.facts()): Promise<Decision<Run>> {
    const id = ++this.#lastAsk;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        if (answer.kind === 'askFailed') reject(new Error(answer.description));
        if (answer.kind === 'publishRefused') resolve({ accept: false, ...answer.refusal });
        if (answer.kind !== 'publishAccepted') return;
        const run = new Run(this, answer.streamId, facts.connectionId, answer.heldFor);
        const before = this.runs.get(answer.streamId);
        if (before !== undefined) run.follow(before);
        this.runs.set(answer.streamId, run);
        resolve({ accept: true, run });
      });
      this.registry.ask({ kind: 'publish', id, facts, request: { app: 'live', name, query } });
    });
  }

  /** Who asked last has gone. */
  withdraw(reason: EndReason): void {
    this.report({ kind: 'askWithdrawn', id: this.#lastAsk, reason });
  }

  /** A publish that must be accepted. */
  async run(name = 'cam', query = '', facts = this.facts()): Promise<Run> {
    const answer = await this.publish(name, query, facts);
    if (!answer.accept) throw new Error(`refused: ${answer.code}`);
    return answer.run;
  }

  /** A play, whose answer may have to wait for time to pass. */
  askPlay(name = 'cam', facts = this.facts(), act: (decision: Decision<PlayRun>) => void = () => {}, query = ''): void {
    const id = ++this.#lastAsk;
    this.#waiting.set(id, (answer) => {
      if (answer.kind === 'playRefused') act({ accept: false, ...answer.refusal });
      if (answer.kind !== 'playAccepted') return;
      const { playId } = answer;
      this.#plays.set(playId, name);
      const end = (reason: PlayEndReason, bytes = 0, drops = 0): void => {
        this.#plays.delete(playId);
        this.report({ kind: 'playEnded', reason, counters: { playId, bytes, drops } });
      };
      act({ accept: true, run: { playId, end } });
    });
    this.registry.ask({ kind: 'play', id, facts, request: { app: 'live', name, query, start: -2 } });
  }

  /** A play, or a question how long a file is, with the answer as it comes. */
  asks(kind: 'play' | 'length', request: Partial<PlayRequest>, facts = this.facts()): Promise<Answer> {
    const id = ++this.#lastAsk;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      const whole = { app: 'live', name: 'cam', query: '', start: -2, ...request };
      this.registry.ask({ kind, id, facts, request: whole });
    });
  }

  /** A play that is decided at once. */
  play(name = 'cam', facts = this.facts(), query = ''): Decision<PlayRun> {
    let decision: Decision<PlayRun> | undefined;
    const act = (answer: Decision<PlayRun>): void => {
      decision = answer;
    };
    this.askPlay(name, facts, act, query);
    if (decision === undefined) throw new Error('the play has to wait');
    return decision;
  }

  /** What plays a stream, with 10 bytes sent each. */
  takePlays(streamId: string) {
    const name = this.registry.streams().find((stream) => stream.streamId === streamId)?.name;
    return [...this.#plays].filter(([, of]) => of === name).map(([playId]) => ({ playId, bytes: 10, drops: 0 }));
  }

  /** Lets everything that does not wait for time come to its end. */
  settle(): Promise<void> {
    return new Promise((done) => setImmediate(done));
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.registry.tick(this.nowMs);
  }

  #logged(line: string): void {
    const entry = JSON.parse(line) as Record<string, unknown>;
    this.lines.push(readableLine(entry, false));
    if (entry['level'] !== 'info') this.warnings.push(line);
  }
}
