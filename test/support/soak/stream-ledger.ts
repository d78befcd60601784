import { type SeenEvent, SseWatcher, short } from '../events.js';

/** What the events say of each stream, by its id; followed with a new connection now and then, from where it was. */
export class StreamLedger {
  readonly #url: string;
  readonly #streams = new Map<string, { name: string; started: number; ended: number }>();
  readonly #seen = new Set<string>();
  #watcher: SseWatcher;
  /** Events of all types. */
  events = 0;

  private constructor(url: string, watcher: SseWatcher) {
    this.#url = url;
    this.#watcher = watcher;
  }

  static async open(url: string): Promise<StreamLedger> {
    return new StreamLedger(url, await SseWatcher.open(`${url}?since=all`));
  }

  /** Takes what has come and forgets the events themselves. */
  read(): void {
    for (const event of this.#watcher.all.splice(0)) this.#take(event);
  }

  #take(event: SeenEvent): void {
    this.events++;
    const type = short(event);
    if (type !== 'stream.started' && type !== 'stream.ended') return;
    // A follower that resumes may get again what it had; that is one event by its id.
    if (this.#seen.has(event.id)) return;
    this.#seen.add(event.id);
    const id = event.streamid ?? '';
    const stream = this.#streams.get(id) ?? { name: String(event.data['name']), started: 0, ended: 0 };
    if (type === 'stream.started') stream.started++;
    else stream.ended++;
    this.#streams.set(id, stream);
  }

  /** Follows over another connection, from behind the last event that came. */
  async reconnect(): Promise<void> {
    const last = this.#watcher.lastId;
    this.#watcher.close();
    this.read();
    this.#watcher = await SseWatcher.open(this.#url, last);
  }

  /** In words, each stream of which there is not one start and one end, and each name without a stream, or with two. */
  faultsNow(begun: ReadonlySet<string>): string[] {
    this.read();
    const faults: string[] = [];
    const names = new Map<string, number>();
    for (const [id, { name, started, ended }] of this.#streams) {
      names.set(name, (names.get(name) ?? 0) + 1);
      if (started !== 1 || ended !== 1) faults.push(`${name} (${id}): ${started} started, ${ended} ended`);
    }
    for (const name of begun) {
      const streams = names.get(name) ?? 0;
      if (streams !== 1) faults.push(`${name}: ${streams} streams`);
    }
    return faults;
  }

  get streams(): number {
    return this.#streams.size;
  }

  close(): void {
    this.#watcher.close();
  }
}
