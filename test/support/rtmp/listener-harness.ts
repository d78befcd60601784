import type { ErrorCode } from '../../../src/core/errors.js';
import { createLogger } from '../../../src/core/log.js';
import { Door } from '../../../src/doors/door.js';
import { Hub } from '../../../src/hub/hub.js';
import type { Publication } from '../../../src/hub/publication.js';
import type { Ask, CallAnswer, CallAsk, FactSide, PublishAsk, Report } from '../../../src/live/access.js';
import type { EndReason, PlayEndReason } from '../../../src/model/reasons.js';
import { type ListenerOptions, type ListenerParts, RtmpListener } from '../../../src/rtmp/rtmp-listener.js';
import type { SharedObjects } from '../../../src/shared-objects/shared-objects.js';
import { CodecPool } from '../../../src/wasm/pool.js';
import { RawRtmp } from '../rtmp-client.js';
import { sharedObjects } from '../shared-objects/store.js';
import { waitFor } from '../wait.js';

export const OPTIONS: ListenerOptions = {
  host: '127.0.0.1',
  port: 0,
  maxConnections: 100,
  maxConnectionsPerIp: 0,
  acceptsPerSecondPerIp: 0,
  acceptBurstPerIp: 50,
  limitLoopback: false,
  unwatchedReadMs: 0,
  chunkSize: 60_000,
  windowAckBytes: 2_500_000,
  pingIntervalMs: 60_000,
  firstBytesTimeoutMs: 5000,
  handshakeTimeoutMs: 10_000,
  connectTimeoutMs: 15_000,
  idleMs: 600_000,
  preAuthBytes: 65_536,
  maxNetStreams: 8,
  commandsPerSecond: 100,
  firstFrameTimeoutMs: 20_000,
  idleTimeoutMs: 10_000,
  stallTimeoutMs: 10_000,
  maxLagBytes: 2 * 2 ** 20,
  inboundBytesPerSecond: 65_536,
  callApps: [],
};

type Decision = 'accept' | 'refuse';

/** A listener with a door and a hub behind it, policy in the test's hand, and a clock that the test moves. */
export class ListenerHarness implements FactSide {
  nowMs = 100_000;
  readonly hub: Hub;
  readonly door: Door;
  readonly listener: RtmpListener;
  readonly objects: SharedObjects;
  readonly codecs = new CodecPool({ limits: {}, warm: 4 });
  readonly publications = new Map<string, Publication>();
  /** `name:reason` in order. */
  readonly publishEnds: `${string}:${EndReason}`[] = [];
  readonly endDetails: string[] = [];
  readonly playEnds: `${string}:${PlayEndReason}`[] = [];
  readonly closes: ErrorCode[] = [];
  readonly refusals: ErrorCode[] = [];
  readonly refusedData: ErrorCode[] = [];
  readonly refusedDataAtClose: number[] = [];
  readonly data: string[] = [];
  /** Calls of clients that wait for an answer. */
  readonly calls: CallAsk[] = [];
  /** Answers of clients to calls, by call id. */
  readonly clientAnswers = new Map<number, CallAnswer>();
  /** Names of plays by their ids. */
  readonly playIds = new Map<string, string>();
  /** Requests that were withdrawn, by the reason. */
  readonly withdrawn: EndReason[] = [];
  /** `cause:messages`, with a `!` where it is to be told. */
  readonly drops: string[] = [];
  mended = 0;
  /** When set, connects are accepted by {@link acceptConnects} only. */
  holdConnects = false;
  /** When set, connects are refused. */
  refuseConnects = false;
  /** When set, publishes wait for {@link decide}. */
  holdPublishes = false;
  /** When set, a publish of a name that is taken goes on with its stream. */
  replacePublishers = false;
  port = 0;
  securePort = 0;
  readonly clients: RawRtmp[] = [];
  readonly #undecided: PublishAsk[] = [];
  readonly #connects: number[] = [];
  readonly #reads = new Map<number, () => void>();
  #lastId = 0;

  private constructor(options: Partial<ListenerOptions>, parts: Pick<ListenerParts, 'http' | 'certificates'>) {
    const nowMs = (): number => this.nowMs;
    this.hub = new Hub(
      {
        chunkSize: OPTIONS.chunkSize,
        gopMaxBytes: 8 * 2 ** 20,
        gopMaxMessages: 2048,
        gopMaxMs: 30_000,
        maxLagMs: 10_000,
        maxHeaderBytes: 262_144,
        maxKeyframeWaitMs: 12_000,
        readyTimeoutMs: 10_000,
        lingerMs: 0,
        maxDelayMs: 0,
        playersAtMaxDelay: 1000,
      },
      nowMs,
    );
    const claim = this.hub.claim.bind(this.hub);
    this.hub.claim = (app, name) => {
      const claimed = claim(app, name);
      if (claimed === undefined) return undefined;
      const open: typeof claimed.open = (...args) => {
        const publication = claimed.open(...args);
        this.publications.set(name, publication);
        return publication;
      };
      return { ...claimed, open };
    };
    const log = createLogger({ level: 'silent' });
    this.objects = sharedObjects(log, nowMs).objects;
    this.door = new Door({ hub: this.hub, facts: this, nowMs, log, stallAfterMs: 3000 });
    this.listener = new RtmpListener(
      { ...OPTIONS, ...options },
      {
        codecs: this.codecs,
        door: this.door,
        objects: this.objects,
        log,
        nowMs,
        refused: (code) => this.refusals.push(code),
        // The time of these tests is not the kernel's, which acknowledges when it likes: only what peers say counts.
        kernelQueues: () => Promise.resolve(new Map()),
        ...parts,
      },
    );
  }

  static async open(
    options: Partial<ListenerOptions> = {},
    parts: Pick<ListenerParts, 'http' | 'certificates'> = {},
  ): Promise<ListenerHarness> {
    const harness = new ListenerHarness(options, parts);
    harness.port = (await harness.listener.listen()).port;
    harness.securePort = (await harness.listener.listenSecure())?.port ?? 0;
    return harness;
  }

  async close(): Promise<void> {
    this.listener.stop();
    for (const client of this.clients) client.destroy();
    for (const connection of this.listener.connections) connection.destroy();
    await this.until(() => this.listener.connections.size === 0, 'all connections to be gone');
  }

  /** A client past `connect`. */
  async client(): Promise<RawRtmp> {
    return this.keep(await RawRtmp.connected({ port: this.port }));
  }

  /** A client past a `connect` that says that it understands requests to connect again. */
  async knowing(): Promise<RawRtmp> {
    const client = this.keep(await RawRtmp.shaken({ port: this.port }));
    await client.connect('live', { capsEx: 1 });
    return client;
  }

  keep(client: RawRtmp): RawRtmp {
    this.clients.push(client);
    return client;
  }

  until(look: () => boolean, what: string): Promise<true> {
    return waitFor(() => look() || undefined, { everyMs: 2, what }) as Promise<true>;
  }

  /** Time passes, and deadlines are looked at. */
  pass(ms: number): void {
    this.nowMs += ms;
    this.hub.tick(this.nowMs);
    this.listener.tick(this.nowMs);
    this.door.tick(this.nowMs);
    this.objects.tick(this.nowMs);
  }

  get undecided(): number {
    return this.#undecided.length;
  }

  /** Decides the oldest publish that waits. */
  decide(decision: Decision): void {
    this.#answerPublish(this.#undecided.shift()!, decision);
  }

  /** Accepts the connects that wait. */
  acceptConnects(): number {
    const ids = this.#connects.splice(0);
    for (const id of ids) this.door.answer({ kind: 'connectAccepted', id });
    return ids.length;
  }

  /** Has the publisher of a stream read at once. */
  readPublisher(streamId: string): Promise<void> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#reads.set(id, resolve);
      this.door.order({ kind: 'readPublisher', id, streamId });
    });
  }

  ask(ask: Ask): void {
    const { id } = ask;
    if (ask.kind === 'connect') {
      const refusal = {
        status: 'NetConnection.Connect.Rejected',
        code: 'ERR_SESSION_CONNECT_REFUSED',
        description: 'not you',
      } as const;
      if (this.holdConnects) this.#connects.push(id);
      else if (this.refuseConnects) this.door.answer({ kind: 'connectRefused', id, refusal });
      else this.door.answer({ kind: 'connectAccepted', id });
      return;
    }
    if (ask.kind === 'publish') {
      if (this.holdPublishes) this.#undecided.push(ask);
      else this.#answerPublish(ask, 'accept');
      return;
    }
    if (ask.kind === 'call') {
      this.calls.push(ask);
      return;
    }
    if (ask.kind === 'length') {
      this.door.answer({ kind: 'lengthAnswered', id, seconds: 0 });
      return;
    }
    const { name } = ask.request;
    if (name === 'none') {
      const status = 'NetStream.Play.StreamNotFound';
      const refusal = { status, code: 'ERR_PLAY_NOT_FOUND', description: 'nobody is there' } as const;
      this.door.answer({ kind: 'playRefused', id, refusal });
      return;
    }
    const playId = `${name}-${id}`;
    this.playIds.set(playId, name);
    this.door.answer({ kind: 'playAccepted', id, playId, name, endsWithStream: false });
  }

  report(report: Report): void {
    switch (report.kind) {
      case 'streamEnded':
        this.publishEnds.push(`${report.streamId}:${report.reason}`);
        if (report.detail !== undefined) this.endDetails.push(report.detail);
        break;
      case 'streamData':
        this.data.push(report.handler);
        break;
      case 'playEnded':
        this.playEnds.push(`${this.playIds.get(report.counters.playId)!}:${report.reason}`);
        break;
      case 'askWithdrawn':
        this.withdrawn.push(report.reason);
        break;
      case 'clientAnswered':
        this.clientAnswers.set(report.callId, report.answer);
        break;
      case 'publisherRead':
        this.#reads.get(report.id)!();
        break;
      case 'messagesDropped':
        this.drops.push(`${report.cause}:${report.messages}!`);
        break;
      case 'messagesCounted':
        for (const [cause, messages] of Object.entries(report.dropped)) this.drops.push(`${cause}:${messages}`);
        for (const [code, messages] of Object.entries(report.dataRefused))
          for (let n = 0; n < messages; n++) this.refusedData.push(code as ErrorCode);
        this.mended += report.dataMended;
        break;
      case 'connectionClosed':
        this.closes.push(report.code);
        this.refusedDataAtClose.push(report.refusedData);
        break;
    }
  }

  /** A stream has its name for id. */
  #answerPublish({ id, request }: PublishAsk, decision: Decision): void {
    const { app, name } = request;
    // As the fact side, the harness gives a name to one publish at a time.
    const isTaken = this.hub.isLive(app, name);
    if (decision === 'accept' && (this.replacePublishers || !isTaken)) {
      if (!isTaken) this.door.order({ kind: 'nameWon', streamId: name, app, name });
      this.door.answer({ kind: 'publishAccepted', id, streamId: name, heldFor: [] });
      return;
    }
    const status = 'NetStream.Publish.BadName';
    const refusal = { status, code: 'ERR_PUBLISH_BUSY', description: `${name} is taken` } as const;
    this.door.answer({ kind: 'publishRefused', id, refusal });
  }
}
