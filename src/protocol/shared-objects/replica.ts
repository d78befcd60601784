import type { SharedObjectEvent, SharedObjectMessage } from './message.js';

/** What a message of the server means for the copy. `value`: AMF0; undefined: the slot is gone. */
export type ReplicaNews =
  | { readonly kind: 'used' | 'cleared' }
  | { readonly kind: 'changed'; readonly slot: string; readonly value: Buffer | undefined }
  /** The server has not taken a change of this copy. The slot is what it was, or what others have made it. */
  | { readonly kind: 'refused'; readonly slot: string; readonly value: Buffer | undefined }
  | { readonly kind: 'message'; readonly values: Buffer }
  /** Using the object was refused. */
  | { readonly kind: 'failed'; readonly code: string };

const NO_WRITE = 'SharedObject.NoWriteAccess';

/**
 * A client's copy of a shared object. Its own changes are there at once. Until the server has confirmed them, changes
 * of the same slot by others do not show: the server applies them before. So all copies become the same, whatever order
 * clients change an object in.
 */
export class ObjectReplica {
  /** Slots as the server has them, as far as it has told. */
  readonly #server = new Map<string, Buffer>();
  /** Own changes by slot that are not confirmed, oldest first; undefined is a removal. */
  readonly #own = new Map<string, (Buffer | undefined)[]>();
  #isRefused = false;

  /** The value of a slot, own changes included; undefined: there is none. */
  get(slot: string): Buffer | undefined {
    const own = this.#own.get(slot);
    return own === undefined ? this.#server.get(slot) : own.at(-1);
  }

  /** Slots that have a value. */
  slots(): string[] {
    return [...new Set([...this.#server.keys(), ...this.#own.keys()])].filter((slot) => this.get(slot) !== undefined);
  }

  /** Sets a slot, or removes it when there is no value. @returns the event for the server */
  set(slot: string, value: Buffer | undefined): SharedObjectEvent {
    const own = this.#own.get(slot);
    if (own === undefined) this.#own.set(slot, [value]);
    else own.push(value);
    if (value === undefined) return { kind: 'requestRemove', name: slot };
    return { kind: 'requestChange', slots: [{ name: slot, value }] };
  }

  /** Takes a message of the server about the object. */
  take(message: SharedObjectMessage): ReplicaNews[] {
    this.#isRefused = false;
    return message.events.flatMap((event) => this.#take(event));
  }

  #take(event: SharedObjectEvent): ReplicaNews[] {
    switch (event.kind) {
      case 'useSuccess':
        return [{ kind: 'used' }];
      case 'clear':
        this.#server.clear();
        return [{ kind: 'cleared' }];
      case 'change':
        return event.slots.flatMap(({ name, value }) => this.#told(name, value));
      case 'remove':
        return this.#told(event.name, undefined);
      case 'success':
        this.#store(event.name, this.#confirmed(event.name));
        return [];
      case 'send':
        return [{ kind: 'message', values: event.values }];
      case 'status':
        this.#isRefused = event.code === NO_WRITE;
        return this.#isRefused ? [] : [{ kind: 'failed', code: event.code }];
      default:
        return [];
    }
  }

  #told(slot: string, value: Buffer | undefined): ReplicaNews[] {
    const own = this.#own.get(slot);
    const isRefusal = this.#isRefused && own !== undefined;
    this.#isRefused = false;
    // A removal is confirmed by the same event that tells of those of others.
    if (isRefusal || (own !== undefined && value === undefined && own[0] === undefined)) this.#confirmed(slot);
    const before = this.#server.get(slot);
    this.#store(slot, value);
    if (isRefusal) return [{ kind: 'refused', slot, value: this.get(slot) }];
    if (own !== undefined || (value === undefined && before === undefined)) return [];
    return [{ kind: 'changed', slot, value }];
  }

  #store(slot: string, value: Buffer | undefined): void {
    if (value === undefined) this.#server.delete(slot);
    else this.#server.set(slot, value);
  }

  /** Takes the oldest own change of a slot. */
  #confirmed(slot: string): Buffer | undefined {
    const own = this.#own.get(slot);
    if (own === undefined) return this.#server.get(slot);
    const value = own.shift();
    if (own.length === 0) this.#own.delete(slot);
    return value;
  }
}
