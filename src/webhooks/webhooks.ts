import { join } from 'node:path';
import type { WebhookSettings } from '../config/webhook-settings.js';
import { SluiceError } from '../core/errors.js';
import { ownFolder } from '../core/own-files.js';
import type { CursorState } from './backlog.js';
import { CursorFile } from './cursor-file.js';
import { DeadLetters } from './dead-letters.js';
import { checkTypes } from './filter.js';
import { Hook, type HookDeps, type HookStatus } from './hook.js';

/** How long a webhook that is changed or removed may still deliver, in ms. */
const CHANGE_GRACE_MS = 1000;

/** The webhooks of a node: each has its own place in the journal, and costs nobody but itself. */
export class Webhooks {
  readonly #folder: string;
  readonly #hooks = new Map<string, Hook>();
  #deps: HookDeps | undefined;
  /** Resolves when the journal may delete events: the webhooks know where they are. */
  readonly #opened: Promise<void>;
  #open: () => void = () => {};
  #last: Promise<void> = Promise.resolve();

  /** @param data the data folder */
  constructor(data: string) {
    this.#folder = join(data, 'webhooks');
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** @throws SluiceError ERR_CONFIG_INVALID_VALUE when a type of a webhook is none */
  static check(settings: readonly WebhookSettings[]): void {
    for (const { name, types } of settings) checkTypes(name, types);
  }

  /** Bytes that all of them hold. */
  get heldBytes(): number {
    let sum = 0;
    for (const hook of this.#hooks.values()) sum += hook.heldBytes;
    return sum;
  }

  /**
   * Begins to deliver.
   *
   * @throws SluiceError ERR_CONFIG_INVALID_VALUE, ERR_DATA_FOLDER, ERR_DATA_FOLDER_NOT_OURS; the system's error
   */
  async open(settings: readonly WebhookSettings[], deps: HookDeps): Promise<void> {
    Webhooks.check(settings);
    this.#deps = deps;
    for (const each of settings) await this.#add(each, true);
    this.#open();
  }

  /** Other settings hold. A webhook whose settings are the same goes on; one that is changed goes on where it was. */
  change(settings: readonly WebhookSettings[]): Promise<void> {
    return this.#inTurn(() => this.#change(settings));
  }

  async #change(settings: readonly WebhookSettings[]): Promise<void> {
    const next = new Map(settings.map((each) => [each.name, each]));
    const gone = [...this.#hooks].filter(([name, hook]) => !isSame(next.get(name), hook.settings));
    await Promise.all(
      gone.map(async ([name, hook]) => {
        await hook.close(CHANGE_GRACE_MS);
        this.#hooks.delete(name);
      }),
    );
    for (const each of settings) {
      if (this.#hooks.has(each.name)) continue;
      // The settings hold already, and the other webhooks go on.
      await this.#add(each, false).catch((error: unknown) => {
        this.#deps!.log.error({ err: error, webhook: each.name }, 'a webhook cannot begin; change its settings again');
      });
    }
  }

  /** How they are, in the order of their names. */
  list(): HookStatus[] {
    return [...this.#hooks.values()].map(({ status }) => status).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Posts something that is no event. @throws SluiceError ERR_CTL_WEBHOOK_UNKNOWN */
  test(name: string): ReturnType<Hook['test']> {
    return this.#named(name).test();
  }

  /**
   * Delivers the events since a time once more, as far as the journal has them.
   *
   * @returns how many events are looked at again
   * @throws SluiceError ERR_CTL_WEBHOOK_UNKNOWN; ERR_CTL_CONFLICT when it is off
   */
  async replay(name: string, sinceMs: number): Promise<number> {
    const hook = this.#named(name);
    const { events } = this.#deps!;
    for await (const { position } of events.since({ sinceMs })) return hook.replay(position - 1);
    return 0;
  }

  /** Events up to a position are about to be deleted from the journal. */
  async leaving(upTo: number): Promise<void> {
    await this.#opened;
    await this.#inTurn(() =>
      Promise.all(
        [...this.#hooks].map(([webhook, hook]) =>
          hook.leaving(upTo).catch((err: unknown) => {
            this.#deps!.log.error({ err, webhook }, 'events that are deleted may be missing in the dead letters');
          }),
        ),
      ),
    );
  }

  /** Stops all. @param graceMs for what can still be delivered */
  async close(graceMs: number): Promise<void> {
    await Promise.all([...this.#hooks.values()].map((hook) => hook.close(graceMs)));
  }

  /** One after the other: a webhook that is told of a deletion writes its files, which its successor reads. */
  #inTurn(work: () => Promise<unknown>): Promise<void> {
    const done = this.#last.then(async () => void (await work()));
    this.#last = done.catch(() => undefined);
    return done;
  }

  #named(name: string): Hook {
    const hook = this.#hooks.get(name);
    if (hook === undefined) throw new SluiceError('ERR_CTL_WEBHOOK_UNKNOWN', name);
    return hook;
  }

  /** @param isStart whether the process starts: the cursor is that of an earlier one */
  async #add(settings: WebhookSettings, isStart: boolean): Promise<void> {
    const deps = this.#deps!;
    await ownFolder(this.#folder);
    const { name, deadLetterBytes } = settings;
    const cursor = new CursorFile(this.#folder, name);
    const state = await this.#stateOf(settings, await cursor.read(), isStart);
    const deadLetters = new DeadLetters(this.#folder, name, deadLetterBytes);
    const hook = new Hook(settings, state, { cursor, deadLetters }, deps);
    this.#hooks.set(name, hook);
    await hook.start();
  }

  /** Where a webhook begins: where it was, as far as the journal has that, and a new one with the next event. */
  async #stateOf({ name }: WebhookSettings, known: CursorState | undefined, isStart: boolean): Promise<CursorState> {
    const { events, log } = this.#deps!;
    if (known === undefined) return { read: events.newest, open: [] };
    // A power loss, or the removal of the journal, takes events back whose positions are given again.
    const most = isStart ? events.inherited : events.newest;
    const open = known.open.filter((position) => position >= events.oldest && position <= most);
    const read = Math.min(known.read, most);
    const missed = known.open.filter((position) => position < events.oldest).length;
    const unread = Math.max(0, events.oldest - 1 - read);
    if (missed + unread > 0)
      log.warn({ webhook: name, missed, unread }, 'events were deleted from the journal while a webhook was not set');
    return { ...known, read, open };
  }
}

function isSame(a: WebhookSettings | undefined, b: WebhookSettings): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
