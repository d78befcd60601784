import { createLogger } from '../../../src/core/log.js';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { NameRule } from '../../../src/core/names.js';
import type { JsonValue } from '../../../src/core/plain.js';
import type { CallOfClient } from '../../../src/doors/client.js';
import { Door } from '../../../src/doors/door.js';
import type { RunningPublish } from '../../../src/doors/published-stream.js';
import type { Decision, OpenRequest } from '../../../src/doors/requests.js';
import type { RunningPlay } from '../../../src/doors/running-play.js';
import { Hub } from '../../../src/hub/hub.js';
import { Player } from '../../../src/hub/player.js';
import type { ByteSide, ConnectionFacts, FactSide, Told } from '../../../src/live/access.js';
import type { Admission } from '../../../src/live/admission.js';
import { clonedByteSide, clonedFactSide } from '../../../src/live/cloned-border.js';
import { LiveStreams, type LiveStreamsOptions } from '../../../src/live/live-streams.js';
import type { Pulls } from '../../../src/live/pulls.js';
import type { CopyOf } from '../../../src/model/copy-of.js';
import type { EndReason, PlayEndReason } from '../../../src/model/reasons.js';
import type { PlayEndStatus, PlayRefusal, PublishEndStatus, PublishRefusal } from '../../../src/model/refusals.js';
import { LIMITS } from '../hub/publication-harness.js';
import { RecordingSink } from '../hub/sinks.js';
import { ToldEvents } from '../live/told.js';

/** How messages cross: at once as they are, or as clones in a later turn. */
export type Crossing = 'at once' | 'cloned, in a later turn';

export interface BothSidesOptions extends Partial<LiveStreamsOptions> {
  readonly lingerMs?: number;
  readonly admission?: Admission;
  readonly pulls?: Pulls;
}

/** A request for a publish, and what is known of it. */
export interface PublishTry {
  readonly request: OpenRequest;
  /** Why its connection was closed by the fact side. */
  readonly closed: EndReason[];
  decision: Decision<RunningPublish, PublishRefusal> | undefined;
  failure: unknown;
}

/** A request for a play, and what is known of it. */
export interface PlayTry {
  readonly request: OpenRequest;
  readonly sink: RecordingSink;
  decision: Decision<RunningPlay, PlayRefusal> | undefined;
  failure: unknown;
}

/** A door with a hub, and live streams, with the border between them; the clock is in the test's hand. */
export class BothSides extends ToldEvents {
  nowMs = 50_000;
  readonly hub: Hub;
  readonly door: Door;
  readonly live: LiveStreams;
  /** The byte side; what it gets is noted. */
  readonly toDoor: ByteSide;
  /** The fact side as the byte side sees it, over the border. */
  readonly toFacts: FactSide;
  /** Kinds of all messages that crossed. */
  readonly kinds = new Set<string>();
  /** What clients were told at the end of a publish or play, in order. */
  readonly clientsTold: Told<PublishEndStatus | PlayEndStatus>[] = [];
  /** Requests to connect again, in order. */
  /** What publishers were told of recordings. */
  readonly recordStatuses: string[] = [];
  readonly reconnects: (readonly [tcUrl: string | undefined, description: string])[] = [];
  /** What a publisher's connection finds when it is read at once. */
  readNow: () => Promise<void> = () => Promise.resolve();
  /** A client answers every call with the method and its values. */
  readonly #call = ({ method, values, answered }: CallOfClient): void =>
    answered({ kind: 'result', values: [method, ...(values as JsonValue[])] });
  #connections = 0;

  constructor(crossing: Crossing, options: BothSidesOptions = {}) {
    super();
    const nowMs = (): number => this.nowMs;
    this.hub = new Hub({ ...LIMITS, lingerMs: options.lingerMs ?? 5000, maxDelayMs: 0, playersAtMaxDelay: 1 }, nowMs);
    const memory = new MemoryAccount();
    const log = createLogger({ level: 'silent' });
    const note = <Message extends { readonly kind: string }>(message: Message): Message => {
      this.kinds.add(message.kind);
      return message;
    };
    this.toDoor = {
      answer: (message) => this.door.answer(note(message)),
      order: (message) => this.door.order(note(message)),
    };
    const toLive: FactSide = {
      ask: (message) => this.live.ask(note(message)),
      report: (message) => this.live.report(note(message)),
    };
    const isCloned = crossing !== 'at once';
    this.live = new LiveStreams(
      {
        waitForPublisher: true,
        resumeWindowMs: 0,
        renewGraceMs: 30_000,
        faultLinesPerSecond: 20,
        eventsPerSecondPerIp: 0,
        publishesPerSecondPerIp: 0,
        playsPerSecondPerIp: 0,
        limitLoopback: false,
        ...options,
      },
      {
        bytes: isCloned ? clonedByteSide(this.toDoor) : this.toDoor,
        ...(options.admission === undefined ? {} : { admission: options.admission }),
        ...(options.pulls === undefined ? {} : { pulls: options.pulls }),
        memory,
        lifecycle: this.lifecycle,
        names: new NameRule({ allow: '[A-Za-z0-9_.~=+@/-]+', maxBytes: 64, allowEmpty: false }),
        clock: { monotonicMs: nowMs, wallMs: () => 1_700_000_000_000 + this.nowMs },
        log,
        urls: ({ app, name }) => ({ rtmp: `rtmp://192.0.2.1:1935/${app}/${name}` }),
        ticketSecret: Buffer.alloc(32, 7),
        closedFor: () => undefined,
      },
    );
    this.toFacts = isCloned ? clonedFactSide(toLive) : toLive;
    this.door = new Door({
      hub: this.hub,
      facts: this.toFacts,
      nowMs,
      log,
      stallAfterMs: 3000,
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

  /** @param copy which stream of another node it is a copy of; undefined: it is one of this node */
  publish(name = 'cam', facts = this.facts(), copy?: CopyOf): PublishTry {
    const closed: EndReason[] = [];
    const made: Omit<PublishTry, 'request'> = { closed, decision: undefined, failure: undefined };
    const request = this.door.publish(
      facts,
      { app: 'live', name, query: '', ...(copy === undefined ? {} : { isOwn: true, copy }) },
      {
        end: (reason, told) => {
          closed.push(reason);
          this.clientsTold.push(told);
        },
        requestReconnect: (...where) => void this.reconnects.push(where),
        call: this.#call,
        readNow: () => this.readNow(),
        record: (status) => void this.recordStatuses.push(status),
      },
      {
        answered: (decision) => {
          made.decision = decision;
        },
        failed: (error) => {
          made.failure = error;
        },
      },
    );
    return Object.assign(made, { request });
  }

  /** A publish that must be accepted. */
  async run(name = 'cam'): Promise<RunningPublish> {
    const { decision } = await this.decided(this.publish(name));
    if (decision?.accept !== true) throw new Error('refused');
    return decision.run;
  }

  ask(name = 'cam'): PlayTry {
    const sink = new RecordingSink();
    const made: Omit<PlayTry, 'request'> = { sink, decision: undefined, failure: undefined };
    const end = (reason: PlayEndReason): void => {
      if (made.decision?.accept === true) made.decision.run.end(reason);
    };
    const request = this.door.play(
      this.facts(),
      { app: 'live', name, query: '', start: -2 },
      {
        live: (id, writes) => {
          sink.player = new Player(id, sink, 1, { maxLagBytes: 2 ** 20 }, writes);
          return sink.player;
        },
        recorded: () => {
          throw new Error('there are no files');
        },
      },
      {
        end: (reason, told) => {
          this.clientsTold.push(told);
          end(reason);
        },
        requestReconnect: (...where) => void this.reconnects.push(where),
        call: this.#call,
      },
      {
        answered: (decision) => {
          if (!decision.accept || !decision.run.isRecorded) made.decision = decision as typeof made.decision;
        },
        failed: (error) => {
          made.failure = error;
        },
      },
    );
    return Object.assign(made, { request });
  }

  /** A play that must be accepted. */
  async play(name = 'cam'): Promise<{ readonly run: RunningPlay; readonly sink: RecordingSink }> {
    const { decision, sink } = await this.decided(this.ask(name));
    if (decision?.accept !== true) throw new Error('refused');
    return { run: decision.run, sink };
  }

  /** What was asked for, once it is answered. */
  async decided<Try extends { readonly decision: unknown; readonly failure: unknown }>(asked: Try): Promise<Try> {
    for (let turn = 0; turn < 20 && asked.decision === undefined && asked.failure === undefined; turn++)
      await this.turn();
    return asked;
  }

  turn(): Promise<void> {
    return new Promise((done) => setImmediate(done));
  }

  /** Lets everything that crosses the border arrive, and what it leads to. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await this.turn();
  }

  async pass(ms: number): Promise<void> {
    this.nowMs += ms;
    this.hub.tick(this.nowMs);
    this.door.tick(this.nowMs);
    await this.settle();
    this.live.tick(this.nowMs);
    await this.settle();
  }
}
