import { escapeToken, unescapeToken } from '../../core/escape.js';
import type { Logger } from '../../core/log.js';
import { z } from '../../core/zod.js';
import { BAN_KINDS, type Ban, type BanKind } from '../../model/ban.js';
import { AnswerTimeout } from '../../nats/answer-timeout.js';
import type { NatsConnection, NatsLink } from '../../nats/connection.js';
import { KvBucket } from '../../nats/kv-bucket.js';
import type { NatsRequests, NatsSubscription } from '../../nats/requests.js';

const BUCKET = 'SLUICE_BANS';
const SUBJECT = `$KV.${BUCKET}.`;
/** How many keys are read at once. */
const IN_FLIGHT = 16;
const RETRY_MS = 5000;

const valueSchema = z.object({ untilMs: z.number(), reason: z.string().max(1024), by: z.string().max(1024) });
/** What stands under a key. */
type BanValue = z.infer<typeof valueSchema>;

/** What the bucket needs from its surroundings. */
export interface BanBucketDeps {
  readonly link: Pick<NatsLink, 'connection' | 'onState'>;
  readonly requests: Pick<NatsRequests, 'subscribe'>;
  readonly log: Logger;
  readonly replicas: number;
  /** A ban is in the bucket. It may be known, and it may be over. */
  readonly found: (ban: Ban) => void;
  /** There is no such ban in the bucket any more. */
  readonly gone: (kind: BanKind, value: string) => void;
  /** The whole bucket was read. What is missing among `found` is gone. */
  readonly read: (found: readonly Ban[]) => void;
  /** Called with every new connection, before the bucket is read: what could not be written before is written now. */
  readonly beforeRead: () => Promise<void>;
}

/**
 * The bucket `SLUICE_BANS`, in which all nodes have their bans: key `<kind>.<escaped value>`, value {untilMs, reason,
 * by}. Writes of others are heard by a plain subscription to the bucket's subjects, and each is read from the leader
 * again, since refused writes are heard too. The bucket is read whole after each reconnect.
 */
export class BanBucket {
  readonly #deps: BanBucketDeps;
  readonly #bucket = new KvBucket<BanValue>(BUCKET, new AnswerTimeout(1000, 10_000));
  readonly #changed = new Set<string>();
  #subscription: NatsSubscription | undefined;
  #problem = '';
  #retry: NodeJS.Timeout | undefined;
  #busy = 0;
  #closed = false;

  constructor(deps: BanBucketDeps) {
    this.#deps = deps;
  }

  /** Why bans are not shared with other nodes; empty when they are, or when there is no connection at all. */
  get problem(): string {
    return this.#subscription?.isRefused === true ? `no permission to subscribe to ${SUBJECT}>` : this.#problem;
  }

  /** Begins to follow the bucket. */
  start(): void {
    const { link, requests } = this.#deps;
    this.#subscription = requests.subscribe(`${SUBJECT}>`, undefined, ({ subject }) => {
      this.#changed.add(subject.slice(SUBJECT.length));
      this.#readChanged();
    });
    link.onState((state) => {
      if (state === 'connected') void this.#readAll();
    });
    if (link.connection !== undefined) void this.#readAll();
  }

  /** Writes a ban. @returns whether the bucket has it */
  async put({ kind, value, untilMs, reason, by }: Ban): Promise<boolean> {
    const connection = this.#deps.link.connection;
    if (connection === undefined) return false;
    const write = await this.#bucket.put(connection, keyOf(kind, value), { untilMs, reason, by });
    return write.kind === 'ok';
  }

  /** Removes a ban. @returns whether it is not in the bucket any more */
  async remove(kind: BanKind, value: string): Promise<boolean> {
    const connection = this.#deps.link.connection;
    return connection !== undefined && (await this.#bucket.remove(connection, keyOf(kind, value))).kind === 'ok';
  }

  /** Removes a ban that is over, unless somebody has set it anew meanwhile. */
  async sweep(kind: BanKind, value: string, nowMs: number): Promise<void> {
    const connection = this.#deps.link.connection;
    if (connection === undefined) return;
    const key = keyOf(kind, value);
    const held = await this.#bucket.get(connection, key);
    if (!held.ok || held.value.value === undefined || held.value.value.untilMs > nowMs) return;
    await this.#bucket.remove(connection, key, held.value.revision);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#subscription?.close();
  }

  async #readAll(): Promise<void> {
    clearTimeout(this.#retry);
    const { link, log, replicas, beforeRead } = this.#deps;
    const connection = link.connection;
    if (connection === undefined || this.#closed) return;
    const check = await this.#bucket.ensure(connection, replicas, 'Sluice: bans');
    if (check.kind === 'ok') await beforeRead();
    const keys = check.kind === 'ok' ? await this.#bucket.keys(connection) : undefined;
    const bans = keys?.ok === true ? await this.#readKeys(connection, keys.value) : undefined;
    if (this.#closed || link.connection !== connection) return;
    if (bans !== undefined) {
      this.#problem = '';
      this.#deps.read(bans);
      return;
    }
    const why = check.kind === 'ok' ? 'the bucket cannot be read now' : `${check.code} ${check.text}`;
    if (this.#problem === '') log.warn({ cause: why }, 'nats: bans are not shared with other nodes');
    this.#problem = why;
    // With permissions it may be another way from the next connection on.
    if (check.kind !== 'denied') this.#retry = setTimeout(() => void this.#readAll(), RETRY_MS).unref();
  }

  /** @returns undefined when one of them could not be read */
  async #readKeys(connection: NatsConnection, keys: readonly string[]): Promise<readonly Ban[] | undefined> {
    const bans: Ban[] = [];
    for (let i = 0; i < keys.length; i += IN_FLIGHT) {
      const some = await Promise.all(keys.slice(i, i + IN_FLIGHT).map((key) => this.#readKey(connection, key)));
      for (const ban of some) {
        if (ban === 'failed') return undefined;
        if (ban !== undefined) bans.push(ban);
      }
    }
    return bans;
  }

  async #readKey(connection: NatsConnection, key: string): Promise<Ban | undefined | 'failed'> {
    const id = parseKey(key);
    if (id === undefined) return undefined;
    const held = await this.#bucket.get(connection, key);
    if (!held.ok) return 'failed';
    const value = valueSchema.safeParse(held.value.value);
    return value.success ? { ...id, ...value.data } : undefined;
  }

  #readChanged(): void {
    for (const key of this.#changed) {
      if (this.#busy >= IN_FLIGHT) return;
      this.#changed.delete(key);
      this.#busy += 1;
      void this.#readOne(key).finally(() => {
        this.#busy -= 1;
        this.#readChanged();
      });
    }
  }

  async #readOne(key: string): Promise<void> {
    const connection = this.#deps.link.connection;
    const id = parseKey(key);
    if (connection === undefined || id === undefined || this.#closed) return;
    const ban = await this.#readKey(connection, key);
    if (ban === 'failed') return this.#readAll();
    if (ban === undefined) this.#deps.gone(id.kind, id.value);
    else this.#deps.found(ban);
  }
}

function keyOf(kind: BanKind, value: string): string {
  return `${kind}.${escapeToken(value)}`;
}

function parseKey(key: string): { readonly kind: BanKind; readonly value: string } | undefined {
  const [kind = '', token = '', ...rest] = key.split('.');
  const known = BAN_KINDS.find((each) => each === kind);
  const value = unescapeToken(token);
  return known === undefined || value === undefined || rest.length > 0 ? undefined : { kind: known, value };
}
