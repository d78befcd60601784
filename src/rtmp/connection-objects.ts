import type { ErrorCode } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { ConnectionFacts } from '../live/access.js';
import type { Action } from '../protocol/server/actions.js';
import type { ServerSession } from '../protocol/server/session.js';
import {
  type SharedObjectEvent,
  type SharedObjectMessage,
  writeSharedObject,
} from '../protocol/shared-objects/message.js';
import type { SharedObject, Subscriber } from '../shared-objects/shared-object.js';
import type { ObjectRefusal, SharedObjects } from '../shared-objects/shared-objects.js';
import type { ConnectionDrops } from './connection-drops.js';
import { MAX_UNREAD_BYTES } from './connection-options.js';

/** What the objects of a connection need of it. */
export interface ObjectsOwner {
  readonly objects: SharedObjects;
  readonly nowMs: () => number;
  readonly facts: () => ConnectionFacts;
  /** Bytes of control messages that wait in this process, those that are not encrypted yet included. */
  readonly pendingBytes: () => number;
  readonly drops: Pick<ConnectionDrops, 'note'>;
  /** The session; undefined during the handshake. */
  readonly session: () => ServerSession | undefined;
  /** Carries actions of the session out. Never throws. */
  readonly run: (work: () => readonly Action[]) => void;
  readonly abort: (code: ErrorCode, detail: string) => void;
}

/** An object that the connection uses, or waits for. */
interface Use {
  /** Undefined while its file is read. */
  object: SharedObject | undefined;
  /** What the client has sent meanwhile. */
  readonly waiting: SharedObjectEvent[];
}

/** Events that may wait while the file of an object is read. */
const MAX_WAITING = 256;
/** Messages at once, in seconds' worth of the rate. */
const BURST_SECONDS = 2;

/** The shared objects that one connection uses. At its end it lets go of all of them. */
export class ConnectionObjects implements Subscriber {
  readonly #owner: ObjectsOwner;
  readonly #uses = new Map<string, Use>();
  #budget: TokenBucket | undefined;
  /** Whether the client sends messages of type 16. It gets what it sends. */
  #isAmf3 = false;
  #isOver = false;

  constructor(owner: ObjectsOwner) {
    this.#owner = owner;
  }

  get pendingBytes(): number {
    return this.#owner.pendingBytes();
  }

  /** @inheritdoc */
  deliver(payload: Buffer): void {
    this.#owner.run(() => this.#owner.session()?.sharedObject(payload, this.#isAmf3) ?? []);
    if (this.pendingBytes > MAX_UNREAD_BYTES) this.#owner.abort('ERR_LIMIT_UNREAD', 'shared objects');
  }

  /** The client has sent something about an object. */
  take({ message, isAmf3 }: Extract<Action, { kind: 'sharedObject' }>): void {
    const { messagesPerSecond } = this.#owner.objects.options;
    this.#budget ??= new TokenBucket({ burst: messagesPerSecond * BURST_SECONDS, perSecond: messagesPerSecond });
    if (!this.#budget.take(this.#owner.nowMs())) {
      this.#owner.abort('ERR_LIMIT_OBJECT_RATE', `over ${messagesPerSecond} a second`);
      return;
    }
    this.#isAmf3 = isAmf3;
    let events: SharedObjectEvent[] = [];
    for (const event of message.events) {
      if (event.kind !== 'use' && event.kind !== 'release') {
        events.push(event);
        continue;
      }
      this.#apply(message.name, events);
      events = [];
      // What it was sent may have ended the connection: nobody would let go of what it uses after that.
      if (this.#isOver) return;
      if (event.kind === 'use') this.#use(message);
      else this.#release(message.name);
    }
    this.#apply(message.name, events);
  }

  /** The connection is over. */
  end(): void {
    this.#isOver = true;
    for (const name of [...this.#uses.keys()]) this.#letGo(name);
  }

  #use(message: SharedObjectMessage): void {
    const { name, isPersistent } = message;
    const { objects } = this.#owner;
    if (this.#uses.has(name)) {
      this.#uses.get(name)?.object?.use(this);
      return;
    }
    if (this.#uses.size >= objects.options.maxObjectsPerConnection) {
      objects.refused++;
      this.#refuse(message, 'SharedObject.ObjectCreationFailed');
      return;
    }
    const use: Use = { object: undefined, waiting: [] };
    this.#uses.set(name, use);
    const found = objects.open({ app: this.#owner.facts().info?.app ?? '', name, isPersistent });
    if (!(found instanceof Promise)) this.#opened(message, use, found);
    else void found.then((object) => this.#opened(message, use, object));
    this.#tellUses();
  }

  #opened(message: SharedObjectMessage, use: Use, found: SharedObject | ObjectRefusal): void {
    // It was released, or the connection has ended meanwhile.
    if (this.#uses.get(message.name) !== use) return;
    if (typeof found === 'string') {
      this.#uses.delete(message.name);
      this.#refuse(message, found);
      this.#tellUses();
      return;
    }
    use.object = found;
    found.use(this);
    const waiting = use.waiting.splice(0);
    if (waiting.length > 0) this.#owner.objects.apply(found, this, waiting);
  }

  #apply(name: string, events: readonly SharedObjectEvent[]): void {
    if (events.length === 0) return;
    const use = this.#uses.get(name);
    if (use === undefined) this.#owner.drops.note('object_unused', 1);
    else if (use.object !== undefined) this.#owner.objects.apply(use.object, this, events);
    else if (use.waiting.length + events.length > MAX_WAITING)
      this.#owner.abort('ERR_LIMIT_OBJECT_RATE', `over ${MAX_WAITING} events wait for an object`);
    else use.waiting.push(...events);
  }

  #release(name: string): void {
    this.#letGo(name);
    this.#tellUses();
  }

  #letGo(name: string): void {
    const use = this.#uses.get(name);
    this.#uses.delete(name);
    if (use?.object !== undefined) this.#owner.objects.release(use.object, this);
  }

  #refuse({ name, isPersistent }: SharedObjectMessage, code: ObjectRefusal): void {
    this.deliver(
      writeSharedObject({ name, version: 0, isPersistent, events: [{ kind: 'status', code, level: 'error' }] }),
    );
  }

  #tellUses(): void {
    this.#owner.run(() => this.#owner.session()?.usesObjects(this.#uses.size) ?? []);
  }
}
