import { SluiceError } from '../core/errors.js';
import { globMatcher } from '../core/glob.js';
import type { Door } from '../doors/door.js';
import type { Hub } from '../hub/hub.js';
import { nameKey } from '../live/name-key.js';
import type { Pulls } from '../live/pulls.js';
import type { OutsideRelay } from '../model/relay-snapshot.js';
import type { AttemptLimits } from './attempt.js';
import { Pull } from './pull.js';
import { Push } from './push.js';
import { Relay, type RelayParts } from './relay.js';
import { pullTarget, pushTarget, type StreamName } from './target.js';

/** Streams that are pushed. */
interface PushRule {
  /** Glob of `app/name`. */
  readonly match: string;
  /** `{app}` and `{name}` stand for those of the stream. Secret: it may hold a key. */
  readonly url: string;
}

/** A stream that is pulled. */
interface PullRule extends StreamName {
  /** Secret: it may hold a key. */
  readonly url: string;
  readonly when: 'always' | 'wanted';
}

/** Options of relays. Each is a setting. */
export interface RelaysOptions {
  readonly push: readonly PushRule[];
  readonly pull: readonly PullRule[];
  readonly maxRelays: number;
  /** How long a stream that is pulled when it is wanted stays after its last player, in ms. */
  readonly lingerMs: number;
  readonly maxLagBytes: number;
  readonly limits: AttemptLimits;
}

/** The parts that relays need. */
interface RelaysParts extends Omit<RelayParts, 'limits'> {
  readonly hub: Hub;
  readonly door: Door;
}

/** Why a relay of a rule could not begin, when it was to. */
interface Failed {
  failure: { readonly code: string; readonly detail: string } | undefined;
}

/** A push rule, and what came of it. */
interface Pushed extends Failed {
  readonly rule: PushRule;
  readonly matches: (text: string) => boolean;
}

/** What runs for a pull rule. */
interface Pulled extends Failed {
  rule: PullRule;
  relay: Relay | undefined;
  isWanted: boolean;
  /** Since when nobody has played it; undefined while somebody does. */
  idleSinceMs: number | undefined;
  /** Not before this time, after it was ended here. */
  notBeforeMs: number;
}

/** A stream that was ended here by an operator is not fetched again at once, in ms. */
const REST_MS = 30_000;

/** Pushes streams to other servers, and pulls streams from them, as the settings say. */
export class Relays implements Pulls {
  /** Relays since the start; for `/metrics`. */
  started = 0;
  #options: RelaysOptions;
  #rules: readonly Pushed[] = [];
  /** Wall clock: since when the rules hold. */
  #rulesMs = 0;
  readonly #parts: RelaysParts & RelayParts;
  readonly #pushes = new Map<Relay, PushRule>();
  readonly #pulls = new Map<string, Pulled>();
  #isClosed = false;

  constructor(options: RelaysOptions, parts: RelaysParts) {
    this.#parts = { ...parts, limits: () => this.#options.limits };
    this.#options = options;
    this.#read(options);
  }

  /** How many carry their stream now, and how many are about to. */
  count(direction: 'push' | 'pull'): { readonly connected: number; readonly connecting: number } {
    const relays = direction === 'push' ? [...this.#pushes.keys()] : this.#pulling();
    const connected = relays.filter(({ isRunning }) => isRunning).length;
    return { connected, connecting: relays.length - connected };
  }

  /** Relays that there are, connected or not. */
  get running(): number {
    return this.#pushes.size + this.#pulling().length;
  }

  /** What is carried, and the rules that carry nothing, in any order. */
  list(): OutsideRelay[] {
    const since = new Date(this.#rulesMs).toISOString();
    const used = new Set([...this.#pushes.values()].map(textOf));
    const pushes = [...this.#pushes.keys()].map(({ shown }) => shown);
    const rules = this.#rules.flatMap(({ rule, failure }, index): OutsideRelay[] => {
      if (failure === undefined && used.has(textOf(rule))) return [];
      const url = shownUrl(() => pushTarget(rule.url, { app: '{app}', name: '{name}' }));
      const state = failure === undefined ? 'waiting' : 'failed';
      return [{ direction: 'push', match: rule.match, rule: index, url, state, since, bytes: 0, ...failure }];
    });
    const pulls = [...this.#pulls.values()].map((pulled): OutsideRelay => {
      const { app, name } = pulled.rule;
      const players = this.#parts.hub.playersOf(app, name).length;
      return { ...(pulled.relay?.shown ?? this.#waiting(pulled, since)), players };
    });
    return [...pushes, ...rules, ...pulls];
  }

  /** A pull rule that carries nothing. */
  #waiting({ rule: { app, name, url }, failure, notBeforeMs }: Pulled, since: string): OutsideRelay {
    const state = failure === undefined ? 'waiting' : 'failed';
    const restMs = notBeforeMs - this.#parts.nowMs();
    const next = restMs > 0 ? { nextTryAt: new Date(this.#parts.clock.wallMs() + restMs).toISOString() } : {};
    const shown = shownUrl(() => pullTarget(url));
    return { direction: 'pull', app, name, url: shown, state, since, bytes: 0, ...failure, ...next };
  }

  /** Other options hold: pushes for streams that begin, pulls at once. */
  change(options: RelaysOptions): void {
    this.#options = options;
    const before = new Map(this.#pulls);
    this.#pulls.clear();
    this.#read(options);
    for (const [key, pulled] of before) {
      const now = this.#pulls.get(key);
      if (now === undefined) {
        pulled.relay?.end('settings');
        continue;
      }
      // The same object stays: the relay tells its end to this one, and who waits for the name is told only once.
      const isElsewhere = now.rule.url !== pulled.rule.url;
      pulled.rule = now.rule;
      this.#pulls.set(key, pulled);
      if (!isElsewhere) continue;
      pulled.notBeforeMs = 0;
      pulled.failure = undefined;
      pulled.relay?.end('settings');
    }
  }

  /** A stream has begun here. */
  begun({ streamId, app, name, connectionId }: { streamId: string; connectionId: string } & StreamName): void {
    if (this.#isClosed) return;
    for (const pushed of this.#rules) {
      if (pushed.matches(`${app}/${name}`)) this.#push({ streamId, app, name, connectionId }, pushed);
    }
  }

  has(of: StreamName): boolean {
    return this.#pulls.has(nameKey(of));
  }

  /** Who plays is answered at once, and waits. */
  arrival(): undefined {}

  wanted(of: StreamName, isWanted: boolean): void {
    const pulled = this.#pulls.get(nameKey(of));
    if (pulled === undefined) return;
    pulled.isWanted = isWanted;
    // In a later turn: whoever tells it is in the midst of a decision.
    if (isWanted) setImmediate(() => this.#look(pulled, this.#parts.nowMs()));
  }

  /**
   * Deadlines, attempts that are due, and pulls that are to begin or end. Call it a few times a second, once the server
   * listens.
   */
  tick(nowMs: number): void {
    for (const relay of [...this.#pushes.keys(), ...this.#pulling()]) relay.tick(nowMs);
    for (const pulled of this.#pulls.values()) this.#look(pulled, nowMs);
  }

  /** Ends all of them. */
  close(): void {
    this.#isClosed = true;
    for (const relay of [...this.#pushes.keys(), ...this.#pulling()]) relay.end('shutdown');
  }

  #read({ push, pull }: RelaysOptions): void {
    this.#rulesMs = this.#parts.clock.wallMs();
    this.#rules = push.map((rule) => ({ rule, matches: globMatcher(rule.match), failure: undefined }));
    for (const rule of pull) {
      const { app, name } = rule;
      const times = { idleSinceMs: undefined, notBeforeMs: 0 };
      const fresh = { rule, relay: undefined, isWanted: false, failure: undefined, ...times };
      this.#pulls.set(nameKey({ app, name }), fresh);
    }
  }

  #pulling(): Relay[] {
    return [...this.#pulls.values()].flatMap(({ relay }) => relay ?? []);
  }

  #push(stream: { streamId: string; connectionId: string } & StreamName, pushed: Pushed): void {
    const { hub } = this.#parts;
    const relay: Relay | undefined = this.#make(
      'push',
      stream,
      pushed,
      () => pushTarget(pushed.rule.url, stream),
      (target) => {
        const push = new Push(stream, hub, this.#options.maxLagBytes, {
          streamEnded: () => relay?.end('stream_ended'),
          broken: (error) => relay?.fail(asError(error)),
        });
        return new Relay('push', target, push, this.#parts, (over) => this.#pushes.delete(over));
      },
    );
    if (relay === undefined) return;
    this.#pushes.set(relay, pushed.rule);
    relay.begin();
  }

  /** Begins or ends the pull of a rule, by what is wanted. */
  #look(pulled: Pulled, nowMs: number): void {
    const { rule, relay } = pulled;
    const { app, name, when, url } = rule;
    if (relay !== undefined) {
      this.#watch(pulled, relay, nowMs);
      return;
    }
    if (this.#isClosed || nowMs < pulled.notBeforeMs || (when === 'wanted' && !pulled.isWanted)) return;
    if (this.#parts.hub.isLive(app, name)) return;
    const made: Relay | undefined = this.#make(
      'pull',
      rule,
      pulled,
      () => pullTarget(url),
      (target) => {
        const parts = { door: this.#parts.door, nowMs: this.#parts.nowMs, relayId: () => made!.relayId };
        const pull = new Pull({ app, name }, target, parts, {
          endedHere: () => {
            pulled.notBeforeMs = this.#parts.nowMs() + REST_MS;
            made?.end('ended_here');
          },
          broken: (error) => made?.fail(error),
        });
        return new Relay('pull', target, pull, this.#parts, () => {
          pulled.relay = undefined;
        });
      },
    );
    if (made === undefined) {
      pulled.notBeforeMs = nowMs + REST_MS;
      return;
    }
    pulled.relay = made;
    pulled.idleSinceMs = undefined;
    made.begin();
  }

  /** Ends the pull of a stream that is fetched for players when there have been none for a while. */
  #watch(pulled: Pulled, relay: Relay, nowMs: number): void {
    const { app, name, when } = pulled.rule;
    if (when === 'always' || pulled.isWanted || this.#parts.hub.playersOf(app, name).length > 0) {
      pulled.idleSinceMs = undefined;
      return;
    }
    pulled.idleSinceMs ??= nowMs;
    if (nowMs - pulled.idleSinceMs >= this.#options.lingerMs) relay.end('idle');
  }

  /** Makes a relay, unless there are too many, or its URL leads nowhere: that is logged. */
  #make(
    direction: 'push' | 'pull',
    { app, name }: StreamName,
    rule: Failed,
    target: () => ReturnType<typeof pullTarget>,
    make: (target: ReturnType<typeof pullTarget>) => Relay,
  ): Relay | undefined {
    try {
      if (this.running >= this.#options.maxRelays)
        throw new SluiceError('ERR_RELAY_LIMIT', `${this.#options.maxRelays} run`);
      const relay = make(target());
      this.started++;
      rule.failure = undefined;
      return relay;
    } catch (error) {
      const { code, message } = asError(error);
      rule.failure = { code, detail: message };
      this.#parts.log.warn({ code, cause: message, app, name, direction }, 'relay not made');
      return undefined;
    }
  }
}

function asError(error: unknown): SluiceError {
  return error instanceof SluiceError ? error : new SluiceError('ERR_INTERNAL', 'a relay', { cause: error });
}

/** Names a rule, also after other settings were read. */
function textOf({ match, url }: PushRule): string {
  return `${match} ${url}`;
}

/** A URL as it is shown; `''`: it leads nowhere. */
function shownUrl(target: () => ReturnType<typeof pullTarget>): string {
  try {
    return target().display;
  } catch {
    return '';
  }
}
