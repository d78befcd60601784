import type { Clock } from '../core/clock.js';
import { ExpiringMap } from '../core/expiring-map.js';
import { signalSubject } from '../events/subjects.js';
import { nameKey } from '../live/name-key.js';
import type { OwnedName, OwnerNews, OwnerOf, Owners } from '../live/owners.js';
import type { NatsRequests, NatsSubscription } from '../nats/requests.js';
import type { NameRegistry } from './name-registry.js';
import { ownerOf, parseNews } from './owner-value.js';

/** How long an answer of the registry counts, in ms, and while it cannot be asked. */
const [FRESH_MS, AWAY_MS] = [2000, 60_000];
/** Names that are remembered. */
const MOST_NAMES = 10_000;

/** What the cache is made with. */
interface OwnerCacheDeps {
  readonly registry: Pick<NameRegistry, 'read'>;
  readonly requests: Pick<NatsRequests, 'subscribe'>;
  readonly clock: Clock;
  /** First tokens of subjects. */
  readonly prefix: string;
}

interface Remembered {
  readonly owner: OwnerOf | 'none';
  readonly atMs: number;
}

/** A question to the registry that is under way. */
interface Flight {
  readonly answer: Promise<OwnerOf | 'none' | undefined>;
  /** Whether a change was told since it was asked. */
  isOld: boolean;
}

interface Listening {
  readonly subscription: NatsSubscription;
  readonly told: Set<(news: OwnerNews) => void>;
}

/** The subject on which changes of a name's owner are told. */
function newsSubject(prefix: string, { app, name }: OwnedName): string {
  return signalSubject(prefix, ['reg', app, name]);
}

/**
 * Remembers who has which name. One question per name is under way at a time, and what is told of a name that somebody
 * listens to ends what is remembered of it.
 */
export class OwnerCache implements Owners {
  readonly #deps: OwnerCacheDeps;
  readonly #remembered = new ExpiringMap<Remembered>(MOST_NAMES);
  readonly #flights = new Map<string, Flight>();
  readonly #listening = new Map<string, Listening>();

  constructor(deps: OwnerCacheDeps) {
    this.#deps = deps;
  }

  /** @inheritdoc */
  async find(of: OwnedName, isFresh = false): Promise<OwnerOf | 'none' | 'unknown'> {
    const key = nameKey(of);
    const nowMs = this.#deps.clock.monotonicMs();
    const held = this.#remembered.get(key, nowMs);
    if (!isFresh && held !== undefined && nowMs - held.atMs < FRESH_MS) return held.owner;
    const found = await this.#ask(key, of);
    return found ?? this.#remembered.get(key, this.#deps.clock.monotonicMs())?.owner ?? 'unknown';
  }

  /** @inheritdoc */
  listen(of: OwnedName, told: (news: OwnerNews) => void): () => void {
    const key = nameKey(of);
    let listening = this.#listening.get(key);
    if (listening === undefined) {
      const subject = newsSubject(this.#deps.prefix, of);
      const subscription = this.#deps.requests.subscribe(subject, undefined, ({ body }) => this.#told(key, body));
      listening = { subscription, told: new Set() };
      this.#listening.set(key, listening);
    }
    // A function of its own for each call: the same listener may be given twice.
    const own = (news: OwnerNews): void => told(news);
    listening.told.add(own);
    return () => this.#stop(key, own);
  }

  /** The owner of a name has changed by what this node did. */
  changed(of: OwnedName): void {
    this.#drop(nameKey(of));
  }

  #ask(key: string, of: OwnedName): Promise<OwnerOf | 'none' | undefined> {
    const open = this.#flights.get(key);
    if (open !== undefined && !open.isOld) return open.answer;
    const flight: Flight = { answer: this.#read(key, of, () => flight), isOld: false };
    this.#flights.set(key, flight);
    return flight.answer;
  }

  async #read(key: string, of: OwnedName, flight: () => Flight): Promise<OwnerOf | 'none' | undefined> {
    const held = await this.#deps.registry.read(of);
    if (this.#flights.get(key) === flight()) this.#flights.delete(key);
    if (held.kind === 'down') return undefined;
    const owner = ownerOf(held);
    const atMs = this.#deps.clock.monotonicMs();
    if (!flight().isOld) this.#remembered.set(key, { owner, atMs }, atMs + AWAY_MS);
    return owner;
  }

  #told(key: string, body: Uint8Array): void {
    const news = parseNews(body);
    if (news === undefined) return;
    this.#drop(key);
    for (const told of [...(this.#listening.get(key)?.told ?? [])]) told(news);
  }

  #drop(key: string): void {
    this.#remembered.delete(key);
    const flight = this.#flights.get(key);
    if (flight !== undefined) flight.isOld = true;
  }

  #stop(key: string, told: (news: OwnerNews) => void): void {
    const listening = this.#listening.get(key);
    if (listening === undefined) return;
    listening.told.delete(told);
    if (listening.told.size > 0) return;
    listening.subscription.close();
    this.#listening.delete(key);
  }
}
