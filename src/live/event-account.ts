import { KeyedBuckets, type Rate, type TokenBucket } from '../core/token-bucket.js';

/** Events that may be left out when somebody causes too many. Starts, readiness and ends of streams are never among them. */
export type OptionalEvent = 'play' | 'rejected' | 'connection' | 'data' | 'track';

/** Seconds' worth of events that an address may cause at once. */
const BURST_SECONDS = 10;
/** Plays of one stream that are told, whoever plays it: its audience may come within seconds. */
export const STREAM_PLAYS: Rate = { burst: 1000, perSecond: 50 };
/** The first player came, the last one left. What is not told at once is told when the stream is next looked at. */
export const AUDIENCE_RATE: Rate = { burst: 10, perSecond: 1 };

/**
 * The account of events that peers can do without: an address may cause so many a second, whatever they are about, and what is over
 * is left out and counted. Publishes and plays themselves are not touched by it.
 */
export class EventAccount {
  readonly suppressed: Record<OptionalEvent, number> = { play: 0, rejected: 0, connection: 0, data: 0, track: 0 };
  readonly #addresses: KeyedBuckets;
  /** Signals that nobody keeps have a budget of their own: they cost the journal nothing. */
  readonly #signals: KeyedBuckets;

  /** @param perSecond events a second of one address (`limits.eventsPerSecondPerIp`); 0: no limit */
  constructor(perSecond: number) {
    const rate = { burst: perSecond * BURST_SECONDS, perSecond };
    this.#addresses = new KeyedBuckets(rate);
    this.#signals = new KeyedBuckets(rate);
  }

  /** Whether `count` events that `address` causes together are told; counted when they are not. @param nowMs monotonic */
  tells(kind: OptionalEvent, address: string, nowMs: number, count = 1): boolean {
    const buckets = kind === 'connection' ? this.#signals : this.#addresses;
    if (buckets.take(address, nowMs, count)) return true;
    this.suppressed[kind] += count;
    return false;
  }

  /** Whether the two events of a play are told: both or neither. @param stream plays of the stream that are told */
  tellsPlay(address: string, stream: TokenBucket, nowMs: number): boolean {
    if (!this.tells('play', address, nowMs, 2)) return false;
    if (stream.take(nowMs)) return true;
    this.suppressed.play += 2;
    return false;
  }

  /** As {@link tells} for an event that is offered again until it is told: not counted. */
  tellsLater(address: string, nowMs: number): boolean {
    return this.#addresses.take(address, nowMs);
  }

  /** A stream starts or is resumed: never held up here, but what its address then causes besides it has to be less. */
  noteStart(address: string, nowMs: number): void {
    this.#addresses.take(address, nowMs, 2);
  }
}
