import { TokenBucket } from '../core/token-bucket.js';
import type { SharedObjectNews } from '../model/shared-object-news.js';
import type { SharedObject } from './shared-object.js';

/** The changes of one object are told together, at most this often. */
const CHANGED_EVERY_MS = 1000;
/** News of all objects: a few hundred at once, and a rate that no client can raise. */
const RATE = { burst: 200, perSecond: 50 };

interface Untold {
  changes: number;
  sends: number;
  /** When the last change was told. */
  toldMs: number;
}

/** Tells what happens to objects, bounded: changes together, and not more news than {@link RATE}. */
export class ObjectNewsDesk {
  /** News of the beginning or end of an object that were not told. */
  suppressed = 0;
  readonly #tell: (news: SharedObjectNews) => void;
  readonly #budget = new TokenBucket(RATE);
  readonly #untold = new Map<SharedObject, Untold>();

  constructor(tell: (news: SharedObjectNews) => void) {
    this.#tell = tell;
  }

  created(object: SharedObject, nowMs: number): void {
    this.#now('created', object, nowMs);
  }

  /** The last client has let go of it. Changes that were not told yet are part of this. */
  released(object: SharedObject, nowMs: number): void {
    this.#now('released', object, nowMs);
  }

  changed(object: SharedObject, changes: number, sends: number): void {
    const untold = this.#untold.get(object);
    if (untold === undefined) this.#untold.set(object, { changes, sends, toldMs: Number.NEGATIVE_INFINITY });
    else {
      untold.changes += changes;
      untold.sends += sends;
    }
  }

  tick(nowMs: number): void {
    for (const [object, untold] of this.#untold) {
      if (nowMs - untold.toldMs < CHANGED_EVERY_MS) continue;
      if (untold.changes + untold.sends === 0) this.#untold.delete(object);
      else if (this.#budget.take(nowMs)) {
        this.#send('changed', object, untold);
        this.#untold.set(object, { changes: 0, sends: 0, toldMs: nowMs });
      } else return;
    }
  }

  #now(verb: 'created' | 'released', object: SharedObject, nowMs: number): void {
    const untold = this.#untold.get(object) ?? { changes: 0, sends: 0 };
    this.#untold.delete(object);
    if (this.#budget.take(nowMs)) this.#send(verb, object, untold);
    else this.suppressed++;
  }

  #send(
    verb: SharedObjectNews['verb'],
    object: SharedObject,
    { changes, sends }: { readonly changes: number; readonly sends: number },
  ): void {
    const { app, name, isPersistent, version, slots, bytes, users } = object;
    this.#tell({ verb, app, name, isPersistent, version, slots: slots.size, bytes, users, changes, sends });
  }
}
