import type { ErrorCode } from '../../../../src/core/errors.js';
import { createLogger } from '../../../../src/core/log.js';
import { Hub } from '../../../../src/hub/hub.js';
import { Player, type PlayerSink } from '../../../../src/hub/player.js';
import type { Publication } from '../../../../src/hub/publication.js';
import type {
  ConnectionFacts,
  ConnectionHost,
  NameRequest,
  PublisherLine,
  RunningPublish,
} from '../../../../src/live/access.js';
import type { EndReason, PlayEndReason } from '../../../../src/model/reasons.js';
import { type ListenerOptions, RtmpListener } from '../../../../src/rtmp/rtmp-listener.js';
import { CodecPool } from '../../../../src/wasm/pool.js';
import { RawRtmp } from '../../../support/rtmp-client.js';
import { waitFor } from '../../../support/wait.js';

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
};

type Decision = 'accept' | 'refuse';

/** A listener with a hub behind it, policy in the test's hand, and a clock that the test moves. */
export class Desk implements ConnectionHost {
  nowMs = 100_000;
  readonly hub: Hub;
  readonly listener: RtmpListener;
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
  readonly lines: PublisherLine[] = [];
  /** When set, publishes wait for {@link decide}. */
  holdPublishes = false;
  port = 0;
  readonly clients: RawRtmp[] = [];
  readonly #undecided: { readonly name: string; readonly decide: (decision: Decision) => void }[] = [];

  private constructor(options: Partial<ListenerOptions>) {
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
    this.listener = new RtmpListener(
      { ...OPTIONS, ...options },
      {
        codecs: this.codecs,
        connectionHost: this,
        log: createLogger({ level: 'silent' }),
        nowMs,
        refused: (code) => this.refusals.push(code),
        // The time of these tests is not the kernel's, which acknowledges when it likes: only what peers say counts.
        kernelQueues: () => Promise.resolve(new Map()),
      },
    );
  }

  static async open(options: Partial<ListenerOptions> = {}): Promise<Desk> {
    const desk = new Desk(options);
    desk.port = (await desk.listener.listen()).port;
    return desk;
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
  }

  get undecided(): number {
    return this.#undecided.length;
  }

  /** Decides the oldest publish that waits. */
  decide(decision: Decision): void {
    this.#undecided.shift()!.decide(decision);
  }

  async publish(
    _facts: ConnectionFacts,
    { app, name }: NameRequest,
    line: PublisherLine,
  ): Promise<Awaited<ReturnType<ConnectionHost['publish']>>> {
    this.lines.push(line);
    let decision: Decision = 'accept';
    if (this.holdPublishes) {
      decision = await new Promise<Decision>((decide) => this.#undecided.push({ name, decide }));
    }
    const claim = decision === 'accept' ? this.hub.claim(app, name) : undefined;
    if (claim === undefined) {
      const status = 'NetStream.Publish.BadName' as const;
      return { accept: false, status, code: 'ERR_PUBLISH_BUSY', description: `${name} is taken` };
    }
    const publication = claim.open(name, { ready: () => {}, updated: () => true }, this.nowMs);
    this.publications.set(name, publication);
    let ended = false;
    const run: RunningPublish = {
      streamId: name,
      publication,
      resumeTimestamp: claim.resumeTimestamp,
      data: ({ name: handler, payload, timestamp }) => {
        this.data.push(handler);
        publication.appendData(payload, timestamp, handler === 'onMetaData' ? 'metadata' : undefined, this.nowMs);
      },
      dataCleared: (handler) => this.data.push(`-${handler}`),
      end: (reason, detail) => {
        if (ended) return;
        ended = true;
        this.publishEnds.push(`${name}:${reason}`);
        if (detail !== undefined) this.endDetails.push(detail);
        claim.close(this.nowMs);
      },
    };
    return { accept: true, run };
  }

  play(
    _facts: ConnectionFacts,
    { app, name }: NameRequest,
    messageStreamId: number,
    sink: PlayerSink,
  ): ReturnType<ConnectionHost['play']> {
    if (name === 'none') {
      const status = 'NetStream.Play.StreamNotFound' as const;
      return { accept: false, status, code: 'ERR_PLAY_NOT_FOUND', description: 'nobody is there' };
    }
    const player = new Player(name, sink, messageStreamId, { maxLagBytes: OPTIONS.maxLagBytes }, this.hub.writes);
    const live = this.hub.subscribe(app, name, player);
    let ended = false;
    const end = (reason: PlayEndReason): void => {
      if (ended) return;
      ended = true;
      this.playEnds.push(`${name}:${reason}`);
      this.hub.unsubscribe(app, name, player);
    };
    return { accept: true, live, run: { player, end } };
  }

  opened(): void {}

  /** `cause:messages`, with a `!` where it is to be told. */
  readonly drops: string[] = [];

  dropped(_facts: ConnectionFacts, cause: string, messages: number, isFirst: boolean): void {
    this.drops.push(`${cause}:${messages}${isFirst ? '!' : ''}`);
  }

  mended = 0;

  dataMended(): void {
    this.mended++;
  }

  dataRefused(code: ErrorCode): void {
    this.refusedData.push(code);
  }

  closed(_facts: ConnectionFacts, code: ErrorCode, _detail: string, refusedData: number): void {
    this.closes.push(code);
    this.refusedDataAtClose.push(refusedData);
  }
}
