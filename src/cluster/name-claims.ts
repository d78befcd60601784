import type { Clock } from '../core/clock.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { retryDelayMs } from '../core/retry-delay.js';
import type { MovedStream } from '../live/moved-stream.js';
import type { OwnedName, OwnerNews, Owners } from '../live/owners.js';
import type { NameOutcome, NameWish, Ownership } from '../live/ownership.js';
import { BUSY, GONE, refusedWith } from '../live/publish-refusals.js';
import type { Epoch } from '../model/epoch.js';
import { ClaimCounts, type ClaimOutcome } from './claim-counts.js';
import type { HolderCheck } from './holder-check.js';
import { NameArrivals } from './name-arrivals.js';
import { NameHandovers } from './name-handovers.js';
import type { NameRegistry } from './name-registry.js';
import { NameReturn } from './name-return.js';
import { type OwnName, OwnNames } from './own-names.js';
import { type HeldName, type OwnerValue, principalHash } from './owner-value.js';
import { Releases } from './releases.js';
import type { Yielding } from './yielding.js';

/** First and longest time between attempts of a claim, in ms. */
const RETRY_MS = [100, 1000] as const;
/** Writes of a claim after its time, while each finds that the name is free. */
const MOST_LATE_WRITES = 3;
const NO_PUBLISHERS = 'this node takes no publishers (cluster.role); publish to another one';

/** How names are claimed. */
interface NameClaimsOptions {
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  /** Whether this node takes publishers. */
  readonly takesPublishers: boolean;
  /** How long a publisher waits for the registry, in ms. */
  readonly claimTimeoutMs: number;
  readonly onRegistryDown: 'refuse' | 'local';
}

/** What names are claimed with. */
interface NameClaimsDeps {
  readonly registry: Pick<NameRegistry, 'read' | 'write' | 'purge' | 'look' | 'trouble' | 'created'>;
  readonly holders: Pick<HolderCheck, 'judge'>;
  readonly owners: Pick<Owners, 'listen'> & { changed(of: OwnedName): void };
  readonly clock: Clock;
  readonly log: Logger;
  /** Sends news of the owner of a name. */
  readonly send: (of: OwnedName, news: OwnerNews) => void;
  /** An open stream has another epoch from now on. */
  readonly adopted: (streamId: string, epoch: Epoch) => void;
  readonly pause: (ms: number) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** A claim that is under way. */
interface Claim {
  readonly wish: NameWish;
  readonly value: OwnerValue;
  /** Revision that the name is expected to have. */
  expected: number;
  isUnsure: boolean;
}

type Told = { readonly outcome: ClaimOutcome; readonly answer: NameOutcome };

/**
 * What a look at the holder of a name led to: an answer, another attempt at once (`again`), or one later. `down`: the
 * registry does not answer.
 */
type AfterConflict = Told | 'again' | 'later' | 'down';

/**
 * Claims names in the registry: of all nodes that want one, the one whose write gets through has it. The revision of
 * that write is the epoch of the stream.
 */
export class NameClaims implements Ownership {
  readonly counts = new ClaimCounts();
  /** Asks holders that are alive; undefined: they keep what they have. */
  yielding: Yielding | undefined;
  /** Hands names over to other nodes. */
  readonly handovers: NameHandovers;
  /** Claims names of streams that other nodes hand over. */
  readonly arrivals: NameArrivals;
  /** Told of open streams whose name another node has. */
  onLost: (streamId: string) => void = () => {};
  readonly #o: NameClaimsOptions;
  readonly #deps: NameClaimsDeps;
  readonly #names = new OwnNames();
  readonly #releases: Releases;
  readonly #return: NameReturn;

  constructor(o: NameClaimsOptions, deps: NameClaimsDeps) {
    this.#o = o;
    this.#deps = deps;
    const { registry, clock, log, pause, random, holders } = deps;
    const tell = (of: OwnedName, news: OwnerNews): void => this.#tell(of, news);
    this.#releases = new Releases({ registry, clock, tell, pause, random });
    this.#return = new NameReturn({
      ...{ registry, holders, log, tell, names: this.#names, nodeId: o.nodeId, bootId: o.bootId },
      adopted: deps.adopted,
      lost: (streamId) => this.onLost(streamId),
    });
    this.handovers = new NameHandovers({
      ...{ registry, clock, pause, tell, names: this.#names, nodeId: o.nodeId, bootId: o.bootId, owners: deps.owners },
      keep: ({ of, streamId, value, epoch, expected }) => {
        this.#add({ of, streamId, value, epoch, expected, isUnsure: false });
      },
    });
    this.arrivals = new NameArrivals({ registry, clock, pause, log });
  }

  /** Names that this process has. */
  get owned(): number {
    return this.#names.size;
  }

  /** Names that are being released, while the registry answers. */
  get releasing(): number {
    return this.#releases.running;
  }

  /** @inheritdoc */
  async win(wish: NameWish): Promise<NameOutcome> {
    const beganMs = this.#deps.clock.monotonicMs();
    const { outcome, answer } = await this.#win(wish);
    this.counts.count(outcome, this.#deps.clock.monotonicMs() - beganMs);
    return answer;
  }

  /** @inheritdoc */
  giveUp(streamId: string): void {
    this.release(streamId);
  }

  /** A stream has begun, or has begun again: other nodes can fetch it, and those that wait for its name are told. */
  begun(streamId: string): void {
    const name = this.#names.ofStream(streamId);
    if (name === undefined || name.isTold || name.epoch.revision === 0) return;
    name.isTold = true;
    this.#tell(name.of, { state: 'live', nodeId: this.#o.nodeId, epoch: name.epoch });
  }

  /** A stream is over: its end is in the journal. A name that another node has by now is left alone. */
  release(streamId: string): void {
    const name = this.#names.ofStream(streamId);
    if (name === undefined) return;
    if (name.checking !== undefined) {
      // Its revision may be another one in a moment.
      void name.checking.then(() => this.#release(name));
    } else this.#release(name);
  }

  /** This process may write again, after it could not: what became of its names meanwhile is looked up. */
  returned(): void {
    this.#return.all();
    void this.#return.look();
  }

  /** Does what is due by time. Call it a few times a second. */
  tick(nowMs: number): void {
    this.#releases.tick(nowMs);
    this.#return.tick(nowMs);
  }

  /** Nothing is released any more: other nodes find out that this one is gone. */
  close(): void {
    this.#releases.close();
  }

  #release(name: OwnName): void {
    if (!this.#names.has(name)) return;
    this.#names.remove(name);
    const { of, value, epoch, expected, isUnsure } = name;
    const revision = epoch.revision || expected;
    if (epoch.revision > 0 || isUnsure) this.#releases.release({ of, value, revision, isUnsure });
  }

  async #win(wish: NameWish): Promise<Told> {
    if (!this.#o.takesPublishers) {
      return refused('role', refusedWith('ERR_SESSION_PUBLISH_REFUSED', undefined, NO_PUBLISHERS));
    }
    const { registry, clock, pause, random } = this.#deps;
    const untilMs = clock.monotonicMs() + this.#o.claimTimeoutMs;
    const claim: Claim = { wish, value: this.#value(wish), expected: await this.#expected(wish), isUnsure: false };
    let lateWrites = 0;
    for (let failures = 0; ; ) {
      if (!wish.isWanted()) return this.#leave(claim, refused('withdrawn', GONE));
      const wrote = await registry.write(wish, claim.value, claim.expected);
      if (wrote.kind === 'ok') return this.#won(claim, wrote.epoch);
      if (wrote.kind === 'down') claim.isUnsure ||= wrote.isUnsure;
      const after = wrote.kind === 'conflict' ? await this.#conflict(claim, untilMs) : 'down';
      if (typeof after !== 'string') return after;
      // A holder may have been found gone only after so long.
      if (clock.monotonicMs() >= untilMs && (after !== 'again' || ++lateWrites > MOST_LATE_WRITES)) {
        return after === 'down' ? this.#noRegistry(claim) : this.#leave(claim, refused('busy', BUSY));
      }
      if (after !== 'again') await pause(retryDelayMs(++failures, RETRY_MS, random()));
    }
  }

  /** What the registry holds of a name, as far as this process knows; 0: nothing. */
  async #expected(of: OwnedName): Promise<number> {
    const own = this.#names.of(of);
    if (own === undefined) return this.#releases.stop(of);
    // A stream of this process had it until now. Its release and this claim may both be written; each expects what it
    // saw.
    await own.checking;
    return own.epoch.revision;
  }

  /** Another write came first. */
  async #conflict(claim: Claim, untilMs: number): Promise<AfterConflict> {
    const { wish, value } = claim;
    const held = await this.#deps.registry.read(wish);
    if (held.kind === 'down') return 'down';
    const holder = held.value;
    // An earlier attempt was written, and its answer was lost.
    if (holder?.nonce === value.nonce) return this.#won(claim, held.epoch);
    // A write of before expects what is there no more, so it cannot be done any more.
    if (held.epoch.revision !== claim.expected) claim.isUnsure = false;
    const isFree = holder === undefined || holder.state === 'released' || this.#isOwn(holder);
    const state = isFree ? 'gone' : await this.#deps.holders.judge(holder);
    if (state === 'unknown') return 'later';
    if (state === 'alive') return this.#ask(claim, held, untilMs);
    // Only what is known to be free is ever expected: any other value is read again before the next write.
    claim.expected = held.epoch.revision;
    return 'again';
  }

  /** The holder is alive: it decides, by the policy of the newcomer. Its publisher may be the one that is here now. */
  async #ask(claim: Claim, held: HeldName, untilMs: number): Promise<AfterConflict> {
    const { wish } = claim;
    const asked = await this.yielding?.ask(held, wish).catch(() => undefined);
    if (asked?.kind === 'silent') return 'later';
    // A stream that nobody would go on with here is left to its holder, which takes it back and waits for its
    // publisher.
    if (asked?.kind === 'moved' && !wish.isWanted()) return 'later';
    if (asked?.kind === 'moved') return this.#take(claim, asked.stream, asked.revision, untilMs);
    if (asked?.kind !== 'yielded') return refused('busy', BUSY);
    claim.expected = asked.revision;
    return 'again';
  }

  /** The holder hands its stream over. */
  async #take({ wish, value }: Claim, stream: MovedStream, expected: number, untilMs: number): Promise<AfterConflict> {
    const of = { app: wish.app, name: wish.name };
    const claimed = { ...value, streamId: stream.facts.streamId, nonce: newId() };
    const release = ({ revision }: Epoch): void => {
      this.#releases.release({ of, value: claimed, revision, isUnsure: false });
    };
    const arrived = await this.arrivals.take({ of, value: claimed, stream, expected, untilMs, release });
    if (typeof arrived === 'string') return arrived;
    const { epoch } = arrived;
    this.#own({ wish, value: claimed, expected, isUnsure: false }, epoch);
    // The former holder waits for this; others are told again when the stream has begun.
    this.#tell(of, { state: 'live', nodeId: this.#o.nodeId, epoch });
    return { outcome: 'won', answer: { kind: 'moved', epoch, stream } };
  }

  /** One process has one contender for a name, so what this one has written is over. */
  #isOwn({ nodeId, bootId }: OwnerValue): boolean {
    return nodeId === this.#o.nodeId && bootId === this.#o.bootId;
  }

  #won(claim: Claim, epoch: Epoch): Told {
    this.#own(claim, epoch);
    this.#deps.owners.changed(claim.wish);
    return { outcome: 'won', answer: { kind: 'won', epoch } };
  }

  #own({ wish, value, expected, isUnsure }: Claim, epoch: Epoch): void {
    const { app, name } = wish;
    const { streamId } = value;
    this.#add({ of: { app, name }, streamId, value, epoch, expected, isUnsure: isUnsure && epoch.revision === 0 });
  }

  #add(of: Omit<OwnName, 'stop' | 'checking' | 'isTold'>): void {
    const own: OwnName = {
      ...of,
      isTold: false,
      checking: undefined,
      stop: this.#deps.owners.listen(of.of, (news) => {
        if (news.nodeId !== this.#o.nodeId) this.#return.check(own);
      }),
    };
    this.#names.add(own);
  }

  /** Nobody has answered for long enough. */
  #noRegistry(claim: Claim): Told {
    const { registry, log } = this.#deps;
    const { app, name } = claim.wish;
    const cause = registry.trouble;
    if (this.#o.onRegistryDown === 'refuse') {
      log.warn({ app, name, cause }, 'publish refused: the registry of names cannot be asked');
      return this.#leave(claim, refused('registry_down', refusedWith('ERR_CLUSTER_REGISTRY_DOWN')));
    }
    log.warn({ app, name, cause }, 'the name is taken on this node alone: the registry of names cannot be asked');
    const epoch = { registry: registry.created || UNKNOWN_REGISTRY, revision: 0 };
    this.#own(claim, epoch);
    this.#return.later();
    return { outcome: 'local', answer: { kind: 'won', epoch } };
  }

  /** The claim is given up. What may have been written of it is released. */
  #leave({ wish, value, expected, isUnsure }: Claim, told: Told): Told {
    const { app, name } = wish;
    if (isUnsure) this.#releases.release({ of: { app, name }, value, revision: expected, isUnsure });
    return told;
  }

  #tell(of: OwnedName, news: OwnerNews): void {
    this.#deps.owners.changed(of);
    this.#deps.send(of, news);
  }

  #value({ streamId, principal }: NameWish): OwnerValue {
    const { nodeId, bootId } = this.#o;
    return {
      ...{ state: 'live', nodeId, bootId, streamId, principalHash: principalHash(principal) },
      ...{ claimedAt: new Date(this.#deps.clock.wallMs()).toISOString(), nonce: newId() },
    };
  }
}

/** The time of a registry that was never seen: older than any. */
const UNKNOWN_REGISTRY = '1970-01-01T00:00:00Z';

function refused(outcome: ClaimOutcome, refusal: Extract<NameOutcome, { kind: 'refused' }>['refusal']): Told {
  return { outcome, answer: { kind: 'refused', refusal } };
}
