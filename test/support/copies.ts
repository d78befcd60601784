import { type ErrorCode, SluiceError } from '../../src/core/errors.js';
import { createLogger } from '../../src/core/log.js';
import type { OutgoingLink } from '../../src/link/outgoing-link.js';
import type { OwnerNews, OwnerOf } from '../../src/live/owners.js';
import type { PeerAddress } from '../../src/live/peers.js';
import type { NodeHello } from '../../src/model/node-link.js';
import type { AttemptEvents } from '../../src/relay/attempt.js';
import { Copies } from '../../src/relay/cluster/copies.js';
import type { CopyLimits, NodeAttempt } from '../../src/relay/cluster/copy-parts.js';
import type { NodeTarget } from '../../src/relay/cluster/node-target.js';
import type { ChunkCodec } from '../../src/wasm/chunk-codec.js';
import { BothSides, type BothSidesOptions, type Crossing } from './doors/both-sides.js';
import { batch, type Message, message } from './hub/media.js';

const REGISTRY = '2026-01-01T00:00:00Z';
const ADDRESS: PeerAddress = { host: '192.0.2.9', port: 1935, isSecure: false, serverName: 'n2' };

/** Who has the name, by the number of the claim. */
export function owner(revision: number, { nodeId = 'n2', streamId = `stream${revision}` } = {}): OwnerOf {
  return { nodeId, bootId: `boot-${nodeId}`, streamId, epoch: { registry: REGISTRY, revision }, state: 'live' };
}

/** A connection to another node, without one. The test says what comes of it. */
export class FakeAttempt implements NodeAttempt {
  readonly players: number[] = [];
  readonly timelines: (number | undefined)[] = [];
  isOver = false;
  readonly #link: OutgoingLink;

  constructor(
    readonly target: NodeTarget,
    readonly hello: NodeHello,
    readonly events: AttemptEvents,
  ) {
    const channel = { remoteAddress: '192.0.2.9', remotePort: 1935 };
    const reportAudience = (players: number): boolean => this.players.push(players) > 0;
    const link = { channel, bytesIn: 0, messageStreamId: 1, hold: () => {}, goOn: () => {}, reportAudience };
    this.#link = link as unknown as OutgoingLink;
  }

  tick(): void {}

  ready(): void {
    this.events.ready(this.#link, this.#codec(message('videoHeader', 0)));
  }

  media(...messages: Message[]): void {
    this.events.media(this.#codec(...messages));
  }

  stop(): void {
    this.#over(undefined);
  }

  fail(error: SluiceError): void {
    this.#over(error);
  }

  /** It ends with this code. @param details such as what the other node has said */
  ends(code: ErrorCode, details: Record<string, unknown> = {}): void {
    this.fail(new SluiceError(code, '', { details }));
  }

  /** The other node says that the stream is over. */
  unpublished(): void {
    this.ends('ERR_CLIENT_ENDED', { rtmpCode: 'NetStream.Play.UnpublishNotify' });
  }

  #over(error: SluiceError | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.events.over(error);
  }

  #codec(...messages: Message[]): ChunkCodec {
    const beginTimeline = (id: number, from: number | undefined): void => {
      if (id === 1) this.timelines.push(from);
    };
    const calls = { setPublishing: () => {}, beginTimeline, endTimeline: () => {} };
    return Object.assign(batch(...messages), calls) as unknown as ChunkCodec;
  }
}

/** Copies before a door and a fact side, with a registry and connections that the test plays. */
export class CopiesHarness extends BothSides {
  readonly copies: Copies;
  readonly attempts: FakeAttempt[] = [];
  /** What the registry says. */
  found: OwnerOf | 'none' | 'unknown' = 'none';
  address: PeerAddress | 'gone' | 'unknown' = ADDRESS;
  /** Questions to the registry; `true` for those that must not be answered from memory. */
  readonly asked: boolean[] = [];
  readonly listeners = new Set<(news: OwnerNews) => void>();

  constructor(limits: Partial<CopyLimits> = {}, options: BothSidesOptions = {}, crossing: Crossing = 'at once') {
    const held: { copies?: Copies } = {};
    super(crossing, {
      ...options,
      pulls: {
        has: (of) => held.copies!.has(of),
        arrival: (of) => held.copies!.arrival(of),
        wanted: (of, isWanted) => held.copies!.wanted(of, isWanted),
      },
    });
    const bounds = { idleMs: 10_000, lingerMs: 30_000, stallMs: 3000, connectTimeoutMs: 3000, chunkSize: 60_000 };
    this.copies = new Copies(
      { ...bounds, ...limits },
      {
        ...{ door: this.door, hub: this.hub, nowMs: () => this.nowMs, wallMs: () => this.nowMs, random: () => 0.5 },
        owners: {
          find: (_of, isFresh = false) => {
            this.asked.push(isFresh);
            return Promise.resolve(this.found);
          },
          listen: (_of, told) => {
            this.listeners.add(told);
            return () => this.listeners.delete(told);
          },
        },
        peers: { addressOf: () => Promise.resolve(this.address) },
        node: { nodeId: 'n1', bootId: 'boot-n1' },
        ticket: (to, { app, name }, { revision }) => `${to} ${app}/${name} ${revision}`,
        dial: (target, _limits, hello, events) => {
          const attempt = new FakeAttempt(target, hello, events);
          this.attempts.push(attempt);
          return attempt;
        },
        log: createLogger({ level: 'silent' }),
      },
    );
    held.copies = this.copies;
  }

  /** The newest connection. */
  get attempt(): FakeAttempt {
    const attempt = this.attempts.at(-1);
    if (attempt === undefined) throw new Error('nothing was dialled');
    return attempt;
  }

  get state(): string {
    return this.copies.list()[0]?.state ?? 'none';
  }

  /** The registry has changed, and says so. */
  async changes(found: OwnerOf | 'none'): Promise<void> {
    const before = this.found;
    this.found = found;
    const of = found === 'none' ? (before as OwnerOf) : found;
    const { nodeId, epoch } = of;
    for (const told of this.listeners) told({ state: found === 'none' ? 'released' : 'live', nodeId, epoch });
    await this.settle();
  }

  override async pass(ms: number): Promise<void> {
    await super.pass(ms);
    this.copies.tick(this.nowMs);
    await this.settle();
  }

  /** A name that another node has is played here, and comes. */
  async playing(found = owner(7)) {
    this.found = found;
    const asked = this.ask();
    await this.settle();
    this.attempt.ready();
    await this.decided(asked);
    if (asked.decision?.accept !== true) throw new Error('refused');
    return { run: asked.decision.run, sink: asked.sink };
  }
}
