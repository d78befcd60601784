import type { Logger } from '../core/log.js';
import { TroubleLog } from '../core/trouble-log.js';
import type { SharedObjectNews } from '../model/shared-object-news.js';
import type { SharedObjectEvent } from '../protocol/shared-objects/message.js';
import type { ObjectFiles } from './object-files.js';
import { ObjectNewsDesk } from './object-news.js';
import { type Applied, type ObjectBounds, SharedObject, type Subscriber } from './shared-object.js';

/** Bounds of all objects. Each is a setting of the group `sharedObjects`. */
export interface SharedObjectsOptions extends ObjectBounds {
  /** Apps whose clients may use objects; `*` stands for every app. Empty: nobody may. */
  readonly apps: readonly string[];
  /** Those of them whose clients may have objects kept in files. */
  readonly persistentApps: readonly string[];
  readonly maxObjects: number;
  readonly maxObjectsPerConnection: number;
  readonly maxFiles: number;
  readonly maxTotalBytes: number;
  readonly messagesPerSecond: number;
}

/** What the store is made of. */
interface SharedObjectsParts {
  /** Undefined: no object can be persistent. */
  readonly files: ObjectFiles | undefined;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Past the limit of all memory nothing may grow. */
  readonly memory: { readonly isOver: boolean };
  /** What is wrong with a name, or undefined. */
  readonly problem: (of: { readonly app: string; readonly name: string }) => string | undefined;
  readonly tell: (news: SharedObjectNews) => void;
}

/** The status with which the use of an object is refused. */
export type ObjectRefusal =
  | 'SharedObject.NoReadAccess'
  | 'SharedObject.BadPersistence'
  | 'SharedObject.ObjectCreationFailed';

/** An object that a client asks for. */
interface ObjectRequest {
  readonly app: string;
  readonly name: string;
  readonly isPersistent: boolean;
}

/** Pause between two rounds of writing. What has changed within it may be lost when the process is killed. */
const SAVE_EVERY_MS = 1000;

/**
 * All shared objects of the server, by app and name. A volatile object lives as long as somebody uses it. A persistent
 * one is kept in a file: it is read when somebody uses it, and written at most once a second.
 */
export class SharedObjects {
  /** Uses and changes that were refused; for `/metrics`. */
  refused = 0;
  changes = 0;
  sends = 0;
  #options: SharedObjectsOptions;
  readonly #parts: SharedObjectsParts;
  readonly #objects = new Map<string, SharedObject>();
  readonly #loading = new Map<string, Promise<SharedObject | ObjectRefusal>>();
  /** Persistent objects whose file is older than they are. */
  readonly #unsaved = new Set<SharedObject>();
  readonly #news: ObjectNewsDesk;
  readonly #trouble: TroubleLog;
  #bytes = 0;
  #saving: Promise<void> | undefined;
  #nextSaveMs = 0;

  constructor(options: SharedObjectsOptions, parts: SharedObjectsParts) {
    this.#options = options;
    this.#parts = parts;
    this.#news = new ObjectNewsDesk(parts.tell);
    this.#trouble = new TroubleLog(parts.log, 'shared objects cannot be kept in files');
  }

  /** The bounds that hold now. */
  get options(): SharedObjectsOptions {
    return this.#options;
  }

  /** Other bounds hold from now on. */
  change(options: SharedObjectsOptions): void {
    this.#options = options;
  }

  /** What all objects take in memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Objects in memory. */
  get size(): number {
    return this.#objects.size;
  }

  /** News of objects that were not told because there were too many. */
  get suppressedNews(): number {
    return this.#news.suppressed;
  }

  /** The objects in memory, in the order in which they came. */
  list(): Iterable<SharedObject> {
    return this.#objects.values();
  }

  /** The object of that name that is in memory. */
  find(app: string, name: string): SharedObject | undefined {
    return this.#objects.get(keyOf(app, name));
  }

  /**
   * Finds or makes an object for a client that wants to use it, who has to call `use` of it in the same turn as the
   * answer comes, and {@link SharedObjects.release} at the end.
   */
  open(request: ObjectRequest): SharedObject | ObjectRefusal | Promise<SharedObject | ObjectRefusal> {
    const { app, name, isPersistent } = request;
    const key = keyOf(app, name);
    const there = this.#objects.get(key);
    const refusal = this.#refusal(request, there);
    if (refusal !== undefined) return this.#refuse(refusal);
    if (there !== undefined) return there;
    const loading = this.#loading.get(key);
    if (loading !== undefined) return loading;
    if (this.#objects.size + this.#loading.size >= this.#options.maxObjects || this.#isFull)
      return this.#refuse('SharedObject.ObjectCreationFailed');
    if (!isPersistent) return this.#add(new SharedObject(request), true);
    const files = this.#parts.files!;
    const isNew = !files.has(app, name);
    if (isNew && files.count >= this.#options.maxFiles) return this.#refuse('SharedObject.ObjectCreationFailed');
    if (isNew) return this.#add(new SharedObject(request), true);
    const work = this.#load(request, files).finally(() => this.#loading.delete(key));
    this.#loading.set(key, work);
    return work;
  }

  /** Applies what a client that uses an object has sent about it. */
  apply(object: SharedObject, from: Subscriber, events: readonly SharedObjectEvent[]): void {
    // What is full can still shrink.
    const bounds = this.#isFull ? { ...this.#options, maxObjectBytes: 0 } : this.#options;
    this.#changed(object, () => object.apply(from, events, bounds));
  }

  /** Removes every slot of an object. @returns how many there were */
  clear(object: SharedObject): number {
    return this.#changed(object, () => ({ changes: object.clear(), sends: 0, refused: 0 })).changes;
  }

  /** A client uses an object no more. */
  release(object: SharedObject, user: Subscriber): void {
    if (!object.release(user) || object.users > 0) return;
    this.#news.released(object, this.#parts.nowMs());
    if (!object.isPersistent) this.#forget(object);
    else this.#unsaved.add(object);
  }

  /** Sends what is late, tells and writes what has changed. Call it a few times a second. */
  tick(nowMs: number): void {
    for (const object of this.#objects.values()) object.tick();
    this.#news.tick(nowMs);
    if (nowMs < this.#nextSaveMs || this.#unsaved.size === 0) return;
    this.#nextSaveMs = nowMs + SAVE_EVERY_MS;
    void this.#save();
  }

  /** Writes what has changed, and resolves when it is on the disk or cannot be written. */
  async close(): Promise<void> {
    await this.#saving;
    await this.#save();
  }

  get #isFull(): boolean {
    return this.#bytes >= this.#options.maxTotalBytes || this.#parts.memory.isOver;
  }

  #refusal({ app, name, isPersistent }: ObjectRequest, there: SharedObject | undefined): ObjectRefusal | undefined {
    const { apps, persistentApps } = this.#options;
    if (!holds(apps, app) || this.#parts.problem({ app, name }) !== undefined) return 'SharedObject.NoReadAccess';
    if (there !== undefined && there.isPersistent !== isPersistent) return 'SharedObject.BadPersistence';
    if (!isPersistent) return this.#parts.files?.has(app, name) === true ? 'SharedObject.BadPersistence' : undefined;
    return this.#parts.files !== undefined && holds(persistentApps, app) ? undefined : 'SharedObject.BadPersistence';
  }

  #refuse(refusal: ObjectRefusal): ObjectRefusal {
    this.refused++;
    return refusal;
  }

  async #load(request: ObjectRequest, files: ObjectFiles): Promise<SharedObject | ObjectRefusal> {
    const { app, name } = request;
    try {
      const kept = await files.read(app, name);
      if (kept === 'damaged')
        this.#parts.log.warn({ app, name }, 'the file of a shared object is damaged: it begins anew');
      const restored = kept === undefined || kept === 'damaged' ? undefined : SharedObject.restored(app, kept.payload);
      const isIt = restored?.name === name && restored.isPersistent;
      return this.#add(isIt ? restored : new SharedObject(request), !isIt);
    } catch (error) {
      this.#trouble.failed(error);
      return this.#refuse('SharedObject.ObjectCreationFailed');
    }
  }

  #add(object: SharedObject, isNew: boolean): SharedObject {
    this.#objects.set(keyOf(object.app, object.name), object);
    this.#bytes += object.bytes;
    if (object.isPersistent) {
      this.#parts.files?.reserve(object.app, object.name);
      // Whoever has asked for it may be gone by now: without a user it leaves memory with the next round of writing.
      this.#unsaved.add(object);
    }
    if (isNew) this.#news.created(object, this.#parts.nowMs());
    return object;
  }

  #forget(object: SharedObject): void {
    this.#objects.delete(keyOf(object.app, object.name));
    this.#bytes -= object.bytes;
  }

  #changed(object: SharedObject, work: () => Applied): Applied {
    const before = object.bytes;
    const applied = work();
    this.#bytes += object.bytes - before;
    const { changes, sends, refused } = applied;
    this.changes += changes;
    this.sends += sends;
    this.refused += refused;
    if (changes + sends > 0) this.#news.changed(object, changes, sends);
    if (changes > 0 && object.isPersistent) this.#unsaved.add(object);
    return applied;
  }

  #save(): Promise<void> {
    this.#saving ??= this.#saveAll().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #saveAll(): Promise<void> {
    for (const object of [...this.#unsaved]) {
      this.#unsaved.delete(object);
      try {
        await this.#saveOne(object, this.#parts.files!);
        this.#trouble.over();
      } catch (error) {
        this.#unsaved.add(object);
        this.#trouble.failed(error);
      }
    }
  }

  async #saveOne(object: SharedObject, files: ObjectFiles): Promise<void> {
    const { app, name } = object;
    if (object.slots.size > 0 || object.users > 0) await files.write(app, name, object.kept());
    else await files.remove(app, name);
    if (object.users === 0 && !this.#unsaved.has(object)) this.#forget(object);
  }
}

function keyOf(app: string, name: string): string {
  return `${app}\u0000${name}`;
}

function holds(apps: readonly string[], app: string): boolean {
  return apps.includes('*') || apps.includes(app);
}
