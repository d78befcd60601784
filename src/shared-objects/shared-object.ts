import { MessageType } from '../protocol/messages/message-types.js';
import {
  readSharedObject,
  type SharedObjectEvent,
  type Slot,
  writeSharedObject,
} from '../protocol/shared-objects/message.js';

/** A client that uses an object. None of it throws. */
export interface Subscriber {
  /** Bytes that wait in this process for the client. */
  readonly pendingBytes: number;
  /** Sends a shared object message. @param payload of type 19; shared by all that get it */
  deliver(payload: Buffer): void;
}

/** Bounds of one object. Each is a setting. */
export interface ObjectBounds {
  readonly maxSlots: number;
  readonly maxSlotBytes: number;
  readonly maxObjectBytes: number;
}

/** What one message of a client has done to an object. */
export interface Applied {
  /** Slots that were set or are gone. */
  readonly changes: number;
  /** Messages to everybody who uses the object. */
  readonly sends: number;
  /** Changes that were refused. */
  readonly refused: number;
}

/** Past so many waiting bytes of a client, what changes is noted for it, and its newest state is sent later. */
const BEHIND_BYTES = 65_536;
/** Slots are sent in messages of about this size. */
const PART_BYTES = 16_384;
/**
 * Slots that are noted for one client beyond twice those that there are. Names of slots that come and go would be noted
 * without end: past this the client gets the whole object anew, which no longer has them.
 */
const MOST_NOTED = 1024;
/** What an object and a slot take beside their names and values, in bytes. */
const OBJECT_BYTES = 1024;
const SLOT_BYTES = 160;

/**
 * One shared object: slots with values, and the clients that use it. Changes are applied in the order in which they
 * come, and everybody is told in that order. A client that does not read as fast as the object changes is sent the
 * newest value of what has changed once it reads again, and not each value in between.
 */
export class SharedObject {
  readonly app: string;
  readonly name: string;
  readonly isPersistent: boolean;
  #version = 0;
  #valueBytes = 0;
  readonly #slots = new Map<string, Buffer>();
  /** By client the slots whose newest state it has not been sent. */
  readonly #users = new Map<Subscriber, Set<string>>();
  /** Clients that are sent the whole object anew, because too much was noted for them. */
  readonly #anew = new Set<Subscriber>();

  constructor(of: { readonly app: string; readonly name: string; readonly isPersistent: boolean }) {
    this.app = of.app;
    this.name = of.name;
    this.isPersistent = of.isPersistent;
  }

  /** An object as it was kept: the payload of a message with its version and one event with every slot. */
  static restored(app: string, payload: Buffer): SharedObject | undefined {
    const kept = readSharedObject(MessageType.SharedObjectAmf0, payload);
    if (kept === undefined) return undefined;
    const object = new SharedObject({ app, name: kept.name, isPersistent: kept.isPersistent });
    object.#version = kept.version;
    for (const event of kept.events) if (event.kind === 'change') for (const slot of event.slots) object.#set(slot);
    return object;
  }

  /** Counts the messages that changed it. */
  get version(): number {
    return this.#version;
  }

  get slots(): ReadonlyMap<string, Buffer> {
    return this.#slots;
  }

  /** How many clients use it. */
  get users(): number {
    return this.#users.size;
  }

  /** What it takes in memory, about. */
  get bytes(): number {
    return OBJECT_BYTES + this.#valueBytes + this.#slots.size * SLOT_BYTES;
  }

  /** The whole object as {@link SharedObject.restored} reads it. */
  kept(): Buffer {
    return this.#message([...this.#parts()]);
  }

  /** A client begins to use it: it is told so, and gets every slot. */
  use(user: Subscriber): void {
    // What a client has from before may be gone here: it begins with nothing.
    user.deliver(this.#message([{ kind: 'useSuccess' }, { kind: 'clear' }]));
    this.#anew.delete(user);
    this.#users.set(user, new Set(this.#slots.keys()));
    this.#catchUp(user);
  }

  /** A client uses it no more. @returns whether it did */
  release(user: Subscriber): boolean {
    this.#anew.delete(user);
    return this.#users.delete(user);
  }

  /** Ends the use of everybody, who are not told. */
  abandon(): void {
    this.#users.clear();
    this.#anew.clear();
  }

  /** Sends clients that were behind what has changed meanwhile, as far as they read. */
  tick(): void {
    for (const user of this.#users.keys()) this.#catchUp(user);
  }

  /** Takes the events of one message of a client that uses it. */
  apply(from: Subscriber, events: readonly SharedObjectEvent[], bounds: ObjectBounds): Applied {
    const turn = new Turn();
    for (const event of events) this.#take(event, bounds, turn);
    if (turn.changes > 0) this.#version = (this.#version + 1) >>> 0;
    this.#tell(from, turn);
    return { changes: turn.changes, sends: turn.sends, refused: turn.refused };
  }

  /** Removes every slot, and tells everybody. @returns how many there were */
  clear(): number {
    const turn = new Turn();
    this.#clear(turn);
    this.#version = (this.#version + 1) >>> 0;
    this.#tell(undefined, turn);
    return turn.changes;
  }

  /** Sends a message to everybody who uses it. @param values AMF0, the name of the handler first */
  send(values: Buffer): void {
    const turn = new Turn();
    turn.all({ kind: 'send', values });
    this.#tell(undefined, turn);
  }

  #take(event: SharedObjectEvent, bounds: ObjectBounds, turn: Turn): void {
    switch (event.kind) {
      case 'requestChange':
        for (const slot of event.slots) this.#change(slot, bounds, turn);
        break;
      case 'requestRemove':
        this.#remove(event.name, turn);
        break;
      case 'requestClear':
        this.#clear(turn);
        break;
      case 'send':
        turn.sends++;
        turn.all(event);
        break;
      default:
        break;
    }
  }

  #change(slot: Slot, bounds: ObjectBounds, turn: Turn): void {
    if (isNothing(slot.value)) {
      this.#remove(slot.name, turn);
      return;
    }
    const before = this.#slots.get(slot.name);
    const grownBytes =
      this.bytes + sizeOf(slot) + SLOT_BYTES - (before === undefined ? 0 : sizeOfKept(slot.name, before));
    const isTooMuch =
      slot.value.length > bounds.maxSlotBytes ||
      grownBytes > bounds.maxObjectBytes ||
      (before === undefined && this.#slots.size >= bounds.maxSlots);
    if (isTooMuch) {
      turn.refuse(slot.name, before);
      return;
    }
    this.#set(slot);
    turn.changes++;
    turn.changed(slot);
  }

  #set(slot: Slot): void {
    const before = this.#slots.get(slot.name);
    if (before !== undefined) this.#valueBytes -= sizeOfKept(slot.name, before);
    this.#slots.set(slot.name, slot.value);
    this.#valueBytes += sizeOf(slot);
  }

  #remove(name: string, turn: Turn): void {
    const before = this.#slots.get(name);
    if (before !== undefined) {
      this.#slots.delete(name);
      this.#valueBytes -= sizeOfKept(name, before);
      turn.changes++;
    }
    turn.removed(name);
  }

  #clear(turn: Turn): void {
    turn.changes += this.#slots.size;
    this.#slots.clear();
    this.#valueBytes = 0;
    for (const late of this.#users.values()) late.clear();
    this.#anew.clear();
    turn.all({ kind: 'clear' });
  }

  #tell(from: Subscriber | undefined, turn: Turn): void {
    let shared: Buffer | undefined;
    for (const [user, late] of this.#users) {
      if (user === from) {
        // Who is sent everything anew has nothing before that.
        if (this.#anew.has(user)) this.#note(user, late, turn.names);
        else for (const name of turn.names) late.delete(name);
        if (turn.own.length > 0) user.deliver(this.#message(turn.own));
        continue;
      }
      if (turn.others.length === 0) continue;
      if (late.size === 0 && !this.#anew.has(user) && user.pendingBytes <= BEHIND_BYTES) {
        shared ??= this.#message(turn.others);
        user.deliver(shared);
        continue;
      }
      this.#note(user, late, turn.names);
      const rest = turn.others.filter(({ kind }) => kind !== 'change' && kind !== 'remove');
      if (rest.length > 0) user.deliver(this.#message(rest));
    }
  }

  /** Notes slots whose newest state a client is to be sent later. */
  #note(user: Subscriber, late: Set<string>, names: ReadonlySet<string>): void {
    for (const name of names) late.add(name);
    if (late.size <= 2 * this.#slots.size + MOST_NOTED) return;
    late.clear();
    for (const name of this.#slots.keys()) late.add(name);
    this.#anew.add(user);
  }

  #catchUp(user: Subscriber): void {
    const late = this.#users.get(user);
    while (late !== undefined && (late.size > 0 || this.#anew.has(user)) && user.pendingBytes <= BEHIND_BYTES) {
      const events: SharedObjectEvent[] = this.#anew.delete(user) ? [{ kind: 'clear' }] : [];
      let size = 0;
      for (const name of late) {
        late.delete(name);
        const value = this.#slots.get(name);
        events.push(value === undefined ? { kind: 'remove', name } : { kind: 'change', slots: [{ name, value }] });
        size += value?.length ?? 0;
        if (size >= PART_BYTES || events.length >= 128) break;
      }
      user.deliver(this.#message(events));
    }
  }

  /** Every slot, in events of a bounded number of slots. */
  *#parts(): Generator<SharedObjectEvent> {
    const slots = [...this.#slots].map(([name, value]) => ({ name, value }));
    for (let at = 0; at < slots.length; at += 128) yield { kind: 'change', slots: slots.slice(at, at + 128) };
  }

  #message(events: readonly SharedObjectEvent[]): Buffer {
    return writeSharedObject({ name: this.name, version: this.#version, isPersistent: this.isPersistent, events });
  }
}

/** What is to be told after one message: to the client that has sent it, and to all others. */
class Turn {
  readonly own: SharedObjectEvent[] = [];
  readonly others: SharedObjectEvent[] = [];
  /** Slots that the message was about. */
  readonly names = new Set<string>();
  changes = 0;
  sends = 0;
  refused = 0;

  all(event: SharedObjectEvent): void {
    this.own.push(event);
    this.others.push(event);
  }

  changed(slot: Slot): void {
    this.names.add(slot.name);
    this.own.push({ kind: 'success', name: slot.name });
    this.others.push({ kind: 'change', slots: [slot] });
  }

  removed(name: string): void {
    this.names.add(name);
    this.all({ kind: 'remove', name });
  }

  /** The client has set the slot for itself already: it is told what the slot is. */
  refuse(name: string, value: Buffer | undefined): void {
    this.refused++;
    this.own.push({ kind: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' });
    this.own.push(value === undefined ? { kind: 'remove', name } : { kind: 'change', slots: [{ name, value }] });
  }
}

/** A slot that is set to null or undefined is removed. */
function isNothing(value: Buffer): boolean {
  return value[0] === 0x05 || value[0] === 0x06;
}

function sizeOf({ name, value }: Slot): number {
  return sizeOfKept(name, value);
}

function sizeOfKept(name: string, value: Buffer): number {
  return name.length * 2 + value.length;
}
