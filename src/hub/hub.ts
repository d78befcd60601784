import type { MemoryAccount } from '../core/memory-account.js';
import { Audience } from './audience.js';
import { Fanout, type FanoutOptions } from './fanout.js';
import { HeldStarts } from './held-starts.js';
import { MemoryGuard } from './memory-guard.js';
import type { Player } from './player.js';
import { Publication, type PublicationObserver } from './publication.js';
import type { PublicationLimits } from './publication-limits.js';
import { SlabPool } from './slab-pool.js';
import { UnsentWrites } from './unsent-writes.js';

/** Options of a hub. Every number is a setting. */
export interface HubOptions extends PublicationLimits, FanoutOptions {
  /**
   * How long players stay attached after their publisher has gone, in ms. A publisher that is back sooner goes on for
   * them.
   */
  readonly lingerMs: number;
  /** How long a player's first media waits after the answer to its play, in ms; 0, the default: not at all. */
  readonly startDelayMs?: number;
  /** The longest time that a byte waits for others before it is sent to another node, in ms; default: 0. */
  readonly relayDelayMs?: number;
}

/** One name, with at most one publication and any number of players. */
interface Entry {
  readonly app: string;
  readonly name: string;
  publication: Publication | undefined;
  /** A publication that has ended. It is kept until its players have been sent the rest of it. */
  ending: Publication | undefined;
  /** Whether a publish has won the name or is being decided. */
  claimed: boolean;
  readonly audience: Audience<Player>;
  /** Monotonic time at which players that linger are told; undefined when none do. */
  lingerUntilMs: number | undefined;
  /** Newest timestamp of the ended publication, for players that stay. */
  resumeTimestamp: number | undefined;
}

/** A name that one publish has won. No other can publish to it until the claim is closed. */
export interface Claim {
  readonly app: string;
  readonly name: string;
  /**
   * The newest timestamp, in ms, that players have got who stayed from the publication before: the timestamps of the
   * new one must go on from there. Undefined when no player stayed.
   */
  readonly resumeTimestamp: number | undefined;
  /** Makes the stream live. */
  open(streamId: string, observer: PublicationObserver, nowMs: number): Publication;
  /**
   * Ends the publication, or releases the name. Safe to call twice.
   *
   * @param leastLingerMs how long players stay at least, in ms; default: 0
   */
  close(nowMs: number, leastLingerMs?: number): void;
}

/** What a grant says of one stream. */
interface StreamTerms {
  /** How long its players stay after its publisher has gone, in ms; undefined: {@link HubOptions.lingerMs}. */
  readonly lingerMs?: number | undefined;
  /** Prefixes of the codecs that it may have; undefined: any. */
  readonly codecs?: readonly string[] | undefined;
  /** Whether its rates are limited. */
  readonly isMetered: boolean;
  /** What players of another node have got of it, in ms; undefined: it begins here. */
  readonly resumeTimestamp?: number | undefined;
}

const NO_TERMS: StreamTerms = { lingerMs: undefined, codecs: undefined, isMetered: false };

/**
 * Live streams by name. It does no I/O; the fan-out's timer is its only effect. Sockets, events and policy are
 * elsewhere.
 */
export class Hub {
  readonly fanout: Fanout;
  /** The ring of other nodes, which waits for nobody in that of players. */
  readonly relays: Fanout;
  readonly memory = new MemoryGuard();
  /** Writes of the players of this hub that sockets have not taken yet. */
  readonly writes = new UnsentWrites();
  #options: HubOptions;
  readonly #pool = new SlabPool();
  readonly #entries = new Map<string, Entry>();
  readonly #starts: HeldStarts;

  constructor(options: HubOptions, nowMs: () => number) {
    this.#options = options;
    this.fanout = new Fanout(options, nowMs);
    this.relays = new Fanout(relayWindow(options), nowMs);
    this.#starts = new HeldStarts(options.startDelayMs ?? 0, nowMs);
  }

  /** Other options hold from now on: `lingerMs` and those of the fan-out at once, the rest for streams that begin. */
  change(options: HubOptions): void {
    this.#options = options;
    this.fanout.change(options);
    this.relays.change(relayWindow(options));
    this.#starts.holdMs = options.startDelayMs ?? 0;
  }

  /** Wins `app/name` for one publisher, or returns undefined when it is taken. */
  claim(app: string, name: string, terms: StreamTerms = NO_TERMS): Claim | undefined {
    const entry = this.#entry(app, name);
    if (entry.claimed) return undefined;
    entry.claimed = true;
    let closed = false;
    return {
      app,
      name,
      resumeTimestamp: greatest(
        entry.audience.members.some(stays) ? entry.resumeTimestamp : undefined,
        terms.resumeTimestamp,
      ),
      open: (streamId, observer, nowMs) => this.#open(entry, streamId, observer, nowMs, terms),
      close: (nowMs, leastLingerMs = 0) => {
        if (closed) return;
        closed = true;
        this.#close(entry, nowMs, Math.max(leastLingerMs, terms.lingerMs ?? this.#options.lingerMs));
      },
    };
  }

  /**
   * Attaches a player to `app/name`, whether it is live or not.
   *
   * @returns whether a publication is there now
   */
  subscribe(app: string, name: string, player: Player): boolean {
    const entry = this.#entry(app, name);
    this.#starts.add(player);
    if (entry.publication !== undefined) player.attach(entry.publication);
    if (player.isRelay) entry.audience.addRelay(player);
    else entry.audience.add(player);
    return entry.publication !== undefined;
  }

  /**
   * Attaches a player that whoever made it serves, by {@link Player.visit}: a recorder. It is no audience, so that a
   * stream that only it reads is read as rarely as one that nobody plays. {@link Hub.unsubscribe} takes it out.
   */
  subscribeQuietly(app: string, name: string, player: Player): void {
    const entry = this.#entry(app, name);
    if (entry.publication !== undefined) player.attach(entry.publication);
    entry.audience.quiet.push(player);
  }

  /** The publication of `app/name`, if it has one. */
  publicationOf(app: string, name: string): Publication | undefined {
    return this.#entries.get(key(app, name))?.publication;
  }

  /** Whether `app/name` has a publication. */
  isLive(app: string, name: string): boolean {
    return this.#entries.get(key(app, name))?.publication !== undefined;
  }

  unsubscribe(app: string, name: string, player: Player): void {
    const entry = this.#entries.get(key(app, name));
    if (entry === undefined) return;
    // One that failed in its turn is out of the audience already.
    if (entry.audience.remove(player)) player.detach();
    this.#forgetIfUnused(entry);
  }

  /** Players of `app/name`, waiting ones included. */
  playersOf(app: string, name: string): readonly Player[] {
    return this.#entries.get(key(app, name))?.audience.players ?? [];
  }

  /** Registers what the hub holds on the memory account, and how it frees memory. */
  joinAccount(account: MemoryAccount): void {
    account.register('log', () => this.#logBytes);
    account.register('headers', () => this.#headerBytes);
    account.register('log_unsent', () => this.#pool.inFlightBytes);
    account.register('copies', () => this.writes.copiedBytes);
    account.register('log_pooled', () => this.#pool.pooledBytes);
    account.onRelief('free_memory', () => this.#pool.clear());
    account.onRelief('players_behind', (overBytes) =>
      this.memory.skipBehind(this.#players(), overBytes, () => this.#pool.inFlightBytes),
    );
    account.onRelief('players_unsent', (overBytes) => this.memory.evictUnsent(this.writes.writers, overBytes));
  }

  /**
   * Bytes of media held for late joiners, slow players and writes under way, over all streams. Free slabs are not
   * counted: the next stream takes them.
   */
  get heldBytes(): number {
    return this.#logBytes + this.#pool.inFlightBytes;
  }

  get #logBytes(): number {
    return this.#sum(({ heldBytes }) => heldBytes);
  }

  get #headerBytes(): number {
    return this.#sum(({ headers }) => headers.heldBytes);
  }

  #sum(bytesOf: (publication: Publication) => number): number {
    let sum = 0;
    for (const { publication, ending } of this.#entries.values()) {
      if (publication !== undefined) sum += bytesOf(publication);
      if (ending !== undefined) sum += bytesOf(ending);
    }
    return sum;
  }

  *#players(): Generator<Player> {
    for (const { audience } of this.#entries.values()) yield* audience.everyone;
  }

  /** Names that are published to or waited for. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Does what is due by time: readiness, and the end of waiting for a publisher that has gone. Call it a few times a
   * second.
   */
  tick(nowMs: number): void {
    this.#pool.tick(nowMs);
    for (const entry of this.#entries.values()) {
      entry.publication?.tick(nowMs);
      this.#settle(entry, nowMs);
    }
  }

  #open(
    entry: Entry,
    streamId: string,
    observer: PublicationObserver,
    nowMs: number,
    { codecs, isMetered }: StreamTerms,
  ): Publication {
    const publication = new Publication(streamId, this.#pool, entry.audience, this.#options, observer, nowMs);
    publication.limit(codecs, isMetered);
    this.#dropEnding(entry);
    entry.publication = publication;
    entry.lingerUntilMs = undefined;
    for (const player of [...entry.audience.everyone]) {
      const stayed = player.lingers;
      player.lingers = false;
      try {
        if (stayed && player.endsWithStream) player.sink.publisherGone();
        else {
          player.attach(publication);
          if (!stayed) player.sink.publisherCame();
        }
      } catch (error) {
        player.fail(error);
      }
    }
    return publication;
  }

  #close(entry: Entry, nowMs: number, lingerMs: number): void {
    entry.claimed = false;
    const publication = entry.publication;
    if (publication !== undefined) {
      publication.writer.letCodecGo();
      entry.publication = undefined;
      entry.ending = publication;
      entry.resumeTimestamp = publication.newestTimestamp;
      for (const player of [...entry.audience.everyone]) {
        player.lingers = true;
        try {
          player.visit();
        } catch (error) {
          player.fail(error);
        }
      }
      if (entry.audience.everyone.length > 0) entry.lingerUntilMs = nowMs + lingerMs;
      this.#settle(entry, nowMs);
    }
    this.#forgetIfUnused(entry);
  }

  /**
   * After an end, waits until the players have been sent the rest, and until the time in which a publisher may come
   * back is over.
   */
  #settle(entry: Entry, nowMs: number): void {
    const until = entry.lingerUntilMs;
    if (until !== undefined) tellGone(entry, (player) => player.endsWithStream && player.caughtUp);
    if (entry.ending !== undefined) {
      const behind = entry.audience.everyone.some((player) => !player.caughtUp);
      if (behind && until !== undefined && nowMs < until + REST_MS) return;
      this.#dropEnding(entry);
    }
    // While a publish is being decided, its publisher may be the one for which the players wait.
    if (until === undefined || nowMs < until || entry.claimed) return;
    entry.lingerUntilMs = undefined;
    tellGone(entry, () => true);
  }

  #dropEnding(entry: Entry): void {
    const { ending } = entry;
    if (ending === undefined) return;
    entry.ending = undefined;
    for (const player of entry.audience.everyone) if (player.publication === ending) player.detach();
    ending.end();
  }

  #entry(app: string, name: string): Entry {
    const at = key(app, name);
    let entry = this.#entries.get(at);
    if (entry === undefined) {
      entry = {
        app,
        name,
        publication: undefined,
        ending: undefined,
        claimed: false,
        audience: new Audience(this.fanout, () => this.relays),
        lingerUntilMs: undefined,
        resumeTimestamp: undefined,
      };
      this.#entries.set(at, entry);
    }
    return entry;
  }

  #forgetIfUnused(entry: Entry): void {
    if (entry.claimed || entry.audience.everyone.length > 0) return;
    this.#dropEnding(entry);
    this.#entries.delete(key(entry.app, entry.name));
  }
}

/** The greater one of those that are there. */
function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

/** Plays of other nodes at which their window is as long as it may be. */
const RELAYS_AT_MAX_DELAY = 64;

function relayWindow({ relayDelayMs = 0 }: HubOptions): FanoutOptions {
  return { maxDelayMs: relayDelayMs, playersAtMaxDelay: RELAYS_AT_MAX_DELAY };
}

/** Whether a player whose publication has ended stays for the next one. */
function stays({ lingers, endsWithStream }: Player): boolean {
  return lingers && !endsWithStream;
}

/** Players whose publication has ended, and for which `isOver` holds, are told that it is gone for good. */
function tellGone({ audience }: Entry, isOver: (player: Player) => boolean): void {
  for (const player of audience.everyone.filter((each) => each.lingers && isOver(each))) {
    player.lingers = false;
    try {
      player.sink.publisherGone();
    } catch (error) {
      player.fail(error);
    }
  }
}

/** How much longer a player that is behind may take for the rest of a stream that has ended, in ms. */
const REST_MS = 3000;

/** App and name cannot hold NUL, so no two pairs have the same key. */
function key(app: string, name: string): string {
  return `${app}\0${name}`;
}
