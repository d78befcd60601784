import { clientBlock } from '../core/cidr.js';
import { KeyedBuckets, type Rate, type TokenBucket } from '../core/token-bucket.js';

/**
 * Events that may be left out when a peer causes too many. Starts, readiness and ends of streams are never among them.
 */
export type OptionalEvent = 'play' | 'rejected' | 'connection' | 'data' | 'track';

/** Seconds' worth of events that an address may cause at once. */
const BURST_SECONDS = 10;
/** Plays of one stream that are told, from all addresses together: its players may come within seconds. */
export const STREAM_PLAYS: Rate = { burst: 1000, perSecond: 50 };
/** The first player came, or the last one left. What is not told at once is told at a later tick. */
export const AUDIENCE_RATE: Rate = { burst: 10, perSecond: 1 };

/**
 * Bounds the events that may be left out: an address may cause so many a second, whatever they are about, and the rest
 * is left out and counted. Publishes and plays themselves are not affected.
 */
export class EventAccount {
  readonly suppressed: Record<OptionalEvent, number> = { play: 0, rejected: 0, connection: 0, data: 0, track: 0 };
  readonly #addresses: KeyedBuckets;
  /** Signals are not stored and cost the journal nothing, so they have a budget of their own. */
  readonly #signals: KeyedBuckets;

  /** @param perSecond events a second of one address (`limits.eventsPerSecondPerIp`); 0: no limit */
  constructor(perSecond: number) {
    const rate = overSeconds(perSecond);
    this.#addresses = new KeyedBuckets(rate);
    this.#signals = new KeyedBuckets(rate);
  }

  /** Another number of events a second holds from now on; 0: no limit. */
  change(perSecond: number): void {
    this.#addresses.change(overSeconds(perSecond));
    this.#signals.change(overSeconds(perSecond));
  }

  /**
   * Whether `count` events that `address` causes together are told; they are counted when they are not. @param nowMs
   * monotonic
   */
  tells(kind: OptionalEvent, address: string, nowMs: number, count = 1): boolean {
    const buckets = kind === 'connection' ? this.#signals : this.#addresses;
    if (buckets.take(clientBlock(address), nowMs, count)) return true;
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

  /** Does the same as {@link tells}, for an event that is offered again until it is told, and so is not counted. */
  tellsLater(address: string, nowMs: number): boolean {
    return this.#addresses.take(clientBlock(address), nowMs);
  }

  /** A stream starts or is resumed. Nothing is held up here, but its address may cause fewer other events then. */
  noteStart(address: string, nowMs: number): void {
    this.#addresses.take(clientBlock(address), nowMs, 2);
  }
}

function overSeconds(perSecond: number): Rate {
  return { burst: perSecond * BURST_SECONDS, perSecond };
}
