import { clientBlock } from '../core/cidr.js';
import { isLoopback } from '../core/loopback.js';
import { KeyedBuckets, type Rate } from '../core/token-bucket.js';
import type { ConnectionFacts } from './access.js';

/** How often one address may publish and play. Every number is a setting. */
export interface ChurnGuardOptions {
  /** Starts a second of one address: first publishes of its connections, and as many further ones; 0: no limit. */
  readonly publishesPerSecondPerIp: number;
  /** Plays a second of one address, over all its connections; 0: no limit. */
  readonly playsPerSecondPerIp: number;
  /** Whether the limits per address hold for addresses of this machine too. */
  readonly limitLoopback: boolean;
}

/** The decision about a request: how long it has to wait, in ms; undefined: it is refused. */
export type Turn = number | undefined;

/** The longest wait of a request, in ms: encoders give up after about ten seconds. */
const LONGEST_WAIT_MS = 5000;
/**
 * An address may ask for so many seconds' worth at once, because all encoders of a site may come back after a power
 * cut.
 */
const BURST_SECONDS = 10;

/** Publishes of one connection: from the ninth on each waits up to four seconds … */
const PUBLISH_PACE: Rate = { burst: 8, perSecond: 0.25 };
/** … and from the twenty-first on, within minutes, they are refused. */
const PUBLISH_CAP: Rate = { burst: 20, perSecond: 0.05 };
/** Plays of one connection: a viewer may switch through sixteen streams, then one a second … */
const PLAY_PACE: Rate = { burst: 16, perSecond: 1 };
/** … for two minutes. */
const PLAY_CAP: Rate = { burst: 120, perSecond: 0.5 };
/** Starts under one name, from any publisher. */
const NAME_PACE: Rate = { burst: 20, perSecond: 1 };

/** Requests of one connection: first they wait, then they are refused. */
class ConnectionPace {
  readonly #pace: KeyedBuckets;
  readonly #cap: KeyedBuckets;

  constructor(pace: Rate, cap: Rate) {
    this.#pace = new KeyedBuckets(pace);
    this.#cap = new KeyedBuckets(cap);
  }

  /** Whether the connection has made no request yet, or none for a long time. */
  isFresh(connectionId: string, nowMs: number): boolean {
    return this.#cap.isFresh(connectionId, nowMs);
  }

  ask(connectionId: string, nowMs: number): Turn {
    return this.#cap.take(connectionId, nowMs) ? this.#pace.reserve(connectionId, nowMs, LONGEST_WAIT_MS) : undefined;
  }
}

/**
 * Bounds how often publishes and plays begin: by connection, by address and, for publishes, by name. Each start costs
 * an event that is forced to disk and reserves the bytes of its end, so a client that begins and ends them without
 * pause first has to wait and is then refused. What one connection, address or name has used up does not affect any
 * other.
 */
export class ChurnGuard {
  /** Requests that had to wait; for `/metrics`. */
  publishesDelayed = 0;
  playsDelayed = 0;
  #limitLoopback: boolean;
  readonly #publishes = new ConnectionPace(PUBLISH_PACE, PUBLISH_CAP);
  readonly #plays = new ConnectionPace(PLAY_PACE, PLAY_CAP);
  /**
   * First publishes of connections and further ones are counted apart, so that a client that begins again and again
   * takes no turn of a new one.
   */
  readonly #firstsByAddress: KeyedBuckets;
  readonly #othersByAddress: KeyedBuckets;
  readonly #playsByAddress: KeyedBuckets;
  readonly #names = new KeyedBuckets(NAME_PACE);

  constructor({ publishesPerSecondPerIp, playsPerSecondPerIp, limitLoopback }: ChurnGuardOptions) {
    this.#limitLoopback = limitLoopback;
    this.#firstsByAddress = new KeyedBuckets(overSeconds(publishesPerSecondPerIp));
    this.#othersByAddress = new KeyedBuckets(overSeconds(publishesPerSecondPerIp));
    this.#playsByAddress = new KeyedBuckets(overSeconds(playsPerSecondPerIp));
  }

  /** Other limits hold for requests from now on. */
  change({ publishesPerSecondPerIp, playsPerSecondPerIp, limitLoopback }: ChurnGuardOptions): void {
    this.#limitLoopback = limitLoopback;
    this.#firstsByAddress.change(overSeconds(publishesPerSecondPerIp));
    this.#othersByAddress.change(overSeconds(publishesPerSecondPerIp));
    this.#playsByAddress.change(overSeconds(playsPerSecondPerIp));
  }

  /**
   * A client asks to publish.
   *
   * @param nowMs monotonic
   */
  publish({ connectionId, peer }: ConnectionFacts, nowMs: number): Turn {
    const buckets = this.#publishes.isFresh(connectionId, nowMs) ? this.#firstsByAddress : this.#othersByAddress;
    const turns = [this.#publishes.ask(connectionId, nowMs)];
    if (turns[0] !== undefined) turns.push(this.#ofAddress(buckets, peer.address, nowMs));
    const turn = latest(turns);
    if (turn !== undefined && turn > 0) this.publishesDelayed++;
    return turn;
  }

  /**
   * A client that may publish wants a name that is not published. Others use up nothing of the name.
   *
   * @param nowMs monotonic
   */
  name(key: string, nowMs: number): Turn {
    const turn = this.#names.reserve(key, nowMs, LONGEST_WAIT_MS);
    if (turn !== undefined && turn > 0) this.publishesDelayed++;
    return turn;
  }

  /** A client asks to play. @param nowMs monotonic */
  play({ connectionId, peer }: ConnectionFacts, nowMs: number): Turn {
    const turns = [this.#plays.ask(connectionId, nowMs)];
    if (turns[0] !== undefined) turns.push(this.#ofAddress(this.#playsByAddress, peer.address, nowMs));
    const turn = latest(turns);
    if (turn !== undefined && turn > 0) this.playsDelayed++;
    return turn;
  }

  #ofAddress(buckets: KeyedBuckets, address: string, nowMs: number): Turn {
    return this.#limitLoopback || !isLoopback(address)
      ? buckets.reserve(clientBlock(address), nowMs, LONGEST_WAIT_MS)
      : 0;
  }
}

function overSeconds(perSecond: number): Rate {
  return { burst: perSecond * BURST_SECONDS, perSecond };
}

/** Every bucket counts: one refusal is enough, else the longest wait applies. */
function latest(turns: readonly Turn[]): Turn {
  let longest = 0;
  for (const turn of turns) {
    if (turn === undefined) return undefined;
    longest = Math.max(longest, turn);
  }
  return longest;
}
