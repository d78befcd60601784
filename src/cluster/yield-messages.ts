import type { Clock } from '../core/clock.js';
import { ExpiringMap } from '../core/expiring-map.js';
import { z } from '../core/zod.js';
import type { MovedStream } from '../live/moved-stream.js';
import { CONFLICTS } from '../model/grant.js';
import { MessageSeal } from './message-seal.js';

/** Most that the clocks of two nodes may differ by, in ms. */
const SKEW_MS = 30_000;
/** Requests that are remembered so that none counts twice. */
const MOST_SEEN = 20_000;

const id = z.string().min(1).max(256);

const REQUEST = z.object({
  streamId: id,
  /** ULID of the process that is asked: the same request must not count at the one that gets the stream. */
  holderBoot: id,
  byNode: id,
  /** Id of the stream that begins there when this one is taken over. */
  byStreamId: id,
  principalHash: z.string().max(64),
  address: z.string().max(64),
  conflict: z.enum(CONFLICTS),
  isAnonymous: z.boolean(),
  isUnauthenticated: z.boolean(),
  nonce: id,
  /** Wall clock of the one that asks, in ms since the epoch. */
  timeMs: z.number(),
});

/** What a node asks of the one that has a stream. */
export type YieldRequest = z.infer<typeof REQUEST>;

/** What the one that has a stream says. `revision`: of the write by which the name is `moving`. */
export type YieldReply =
  | { readonly kind: 'moved'; readonly revision: number; readonly stream: MovedStream }
  | { readonly kind: 'ended' | 'unknown' | 'busy' | 'unacked' | 'moving' | 'clock' };

/**
 * Seals what nodes say to each other about streams that move: whoever may only publish to a subject must not take
 * streams. The key is made from `cluster.secret`, for this purpose alone. An answer is sealed with the nonce of
 * its request.
 */
export class YieldSeal {
  readonly #seal: MessageSeal;
  readonly #clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  readonly #seen = new ExpiringMap<true>(MOST_SEEN);

  /** @param secret `cluster.secret` */
  constructor(secret: string, clock: Pick<Clock, 'wallMs' | 'monotonicMs'>) {
    this.#seal = new MessageSeal(secret, 'sluice yield v1');
    this.#clock = clock;
  }

  /** The body of a request. */
  request(request: YieldRequest): Buffer {
    return this.#seal.seal('request', request);
  }

  /**
   * Reads a request.
   *
   * @returns undefined: it was not sealed by a node of this cluster, or came before; `clock`: it was, and the clocks of
   *   the two nodes are too far apart, or it is old
   */
  readRequest(body: Uint8Array): YieldRequest | { readonly kind: 'clock'; readonly nonce: string } | undefined {
    const parsed = REQUEST.safeParse(this.#seal.open('request', body));
    if (!parsed.success) return undefined;
    const { nonce, timeMs } = parsed.data;
    if (Math.abs(timeMs - this.#clock.wallMs()) > SKEW_MS) return { kind: 'clock', nonce };
    const nowMs = this.#clock.monotonicMs();
    if (this.#seen.get(nonce, nowMs) !== undefined) return undefined;
    this.#seen.set(nonce, true, nowMs + 2 * SKEW_MS);
    return parsed.data;
  }

  /** The body of an answer. */
  reply(nonce: string, reply: YieldReply): Buffer {
    return this.#seal.seal(`reply ${nonce}`, reply);
  }

  /** Reads the answer to a request; undefined: no node of this cluster has given it. */
  readReply(nonce: string, body: Uint8Array): YieldReply | undefined {
    const reply = this.#seal.open(`reply ${nonce}`, body);
    // Only a node of this cluster can have sealed it, be it one of another version.
    return typeof reply === 'object' && reply !== null && 'kind' in reply ? (reply as YieldReply) : undefined;
  }
}
