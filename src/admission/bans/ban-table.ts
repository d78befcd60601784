import { type AddressBlock, firstBits, formatBlock, holds, parseAddress, parseBlock } from '../../core/cidr.js';
import type { BanSubject } from '../../live/admission.js';
import type { Ban, BanKind } from '../../model/ban.js';

/** Most bans; past it the one that was added first goes. */
const MAX_BANS = 100_000;

/**
 * Bans in memory. A look-up costs the same with one ban and with 100,000: blocks of addresses are looked up by the
 * lengths that are in use.
 */
export class BanTable {
  /** By {@link banKey}, the oldest first. */
  readonly #bans = new Map<string, Ban>();
  /** How many bans name a key. */
  #keys = 0;
  /** How many address bans there are of each width and length. */
  readonly #lengths = new Map<string, { readonly block: AddressBlock; count: number }>();

  get size(): number {
    return this.#bans.size;
  }

  /** Whether any ban names a key. */
  get hasKeys(): boolean {
    return this.#keys > 0;
  }

  /** Adds a ban, or replaces the one on the same thing. @returns false when its value cannot be one of its kind */
  set(ban: Ban): boolean {
    const key = banKey(ban.kind, ban.value);
    if (key === undefined) return false;
    this.#delete(key);
    this.#bans.set(key, ban);
    this.#count(ban, 1);
    if (this.#bans.size > MAX_BANS) this.#delete(this.#bans.keys().next().value!);
    return true;
  }

  /** @returns whether there was one */
  remove(kind: BanKind, value: string): boolean {
    const key = banKey(kind, value);
    return key !== undefined && this.#delete(key);
  }

  get(kind: BanKind, value: string): Ban | undefined {
    const key = banKey(kind, value);
    return key === undefined ? undefined : this.#bans.get(key);
  }

  /** The bans that are not over. */
  list(nowMs: number): readonly Ban[] {
    return [...this.#bans.values()].filter(({ untilMs }) => untilMs > nowMs);
  }

  /** Removes those that are over, and returns them. */
  expire(nowMs: number): readonly Ban[] {
    const over = [...this.#bans.entries()].filter(([, { untilMs }]) => untilMs <= nowMs);
    for (const [key] of over) this.#delete(key);
    return over.map(([, ban]) => ban);
  }

  /** The first ban that names one of the subject's members and is not over. */
  match(subject: BanSubject, nowMs: number): Ban | undefined {
    if (this.#bans.size === 0) return undefined;
    for (const key of this.#keysOf(subject)) {
      const ban = this.#bans.get(key);
      if (ban !== undefined && ban.untilMs > nowMs) return ban;
    }
    return undefined;
  }

  *#keysOf({ address, keyFingerprint, principal, name }: BanSubject): Generator<string> {
    if (address !== undefined) yield* this.#blocksOf(address);
    if (keyFingerprint !== undefined) yield `key ${keyFingerprint}`;
    if (principal !== undefined) yield `principal ${principal}`;
    if (name !== undefined) yield `name ${name}`;
  }

  *#blocksOf(text: string): Generator<string> {
    const address = parseAddress(text);
    if (address === undefined) return;
    for (const { block } of this.#lengths.values()) {
      if (block.width !== address.width) continue;
      const { width, length } = block;
      yield `address ${formatBlock({ width, length, value: firstBits(address, length) })}`;
    }
  }

  #delete(key: string): boolean {
    const ban = this.#bans.get(key);
    if (ban === undefined) return false;
    this.#bans.delete(key);
    this.#count(ban, -1);
    return true;
  }

  #count({ kind, value }: Ban, by: 1 | -1): void {
    if (kind === 'key') this.#keys += by;
    const block = kind === 'address' ? parseBlock(value) : undefined;
    if (block === undefined) return;
    const key = `${block.width}/${block.length}`;
    const entry = this.#lengths.get(key) ?? { block, count: 0 };
    entry.count += by;
    if (entry.count === 0) this.#lengths.delete(key);
    else this.#lengths.set(key, entry);
  }
}

/** Whether a ban names one of the subject's members. */
export function names(ban: Pick<Ban, 'kind' | 'value'>, subject: BanSubject): boolean {
  switch (ban.kind) {
    case 'address': {
      const block = parseBlock(ban.value);
      const address = subject.address === undefined ? undefined : parseAddress(subject.address);
      return block !== undefined && address !== undefined && holds(block, address);
    }
    case 'key':
      return subject.keyFingerprint === ban.value;
    case 'principal':
      return subject.principal === ban.value;
    case 'name':
      return subject.name === ban.value;
  }
}

/**
 * The value of a ban in the one form in which it is kept and compared.
 *
 * @returns undefined when it cannot be a value of that kind
 */
export function banValue(kind: BanKind, value: string): string | undefined {
  if (kind === 'address') {
    const block = parseBlock(value);
    return block === undefined ? undefined : formatBlock(block);
  }
  if (kind === 'key') return /^[0-9a-f]{8}$/i.test(value) ? value.toLowerCase() : undefined;
  return value === '' || Buffer.byteLength(value) > MAX_VALUE_BYTES || /\p{Cc}/u.test(value) ? undefined : value;
}

/** An app and a name of 512 bytes each. */
const MAX_VALUE_BYTES = 1025;

function banKey(kind: BanKind, value: string): string | undefined {
  const text = banValue(kind, value);
  return text === undefined ? undefined : `${kind} ${text}`;
}
