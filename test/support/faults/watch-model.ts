import type { SluiceEvents, StreamChange } from '../../../src/client/events/index.js';

/** The live streams that a watcher was told of, and contradictions in what it was told. */
export class WatchModel {
  readonly problems: string[] = [];
  /** The newest `sequence` of each live stream, by stream id. */
  readonly live = new Map<string, number>();
  synced = false;
  resets = 0;
  events = 0;
  readonly done: Promise<void>;
  readonly #name: string;
  readonly #stop = new AbortController();
  readonly #over = new Set<string>();

  constructor(name: string, events: SluiceEvents, pattern = 'live/*') {
    this.#name = name;
    this.done = this.#run(events, pattern).catch((error: unknown) => this.#wrong(`ended with ${String(error)}`));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(events: SluiceEvents, pattern: string): Promise<void> {
    for await (const change of events.watchStreams(pattern, this.#stop.signal)) this.#take(change);
    if (!this.#stop.signal.aborted) this.problems.push(`${this.#name}: ended by itself`);
  }

  #take(change: StreamChange): void {
    if (change.kind === 'reset') {
      this.resets++;
      this.live.clear();
      this.synced = false;
    }
    if (change.kind === 'synced') {
      if (this.synced) this.#wrong('synced twice');
      this.synced = true;
    }
    if (change.kind === 'state') {
      const { streamId, seq } = change.state;
      if (this.synced) this.#wrong(`${streamId}: a state after synced`);
      if (this.live.has(streamId)) this.#wrong(`${streamId}: two states`);
      if (this.#over.has(streamId)) this.#wrong(`${streamId}: a state after its end`);
      this.live.set(streamId, seq);
    }
    if (change.kind === 'event') {
      this.events++;
      const { streamid, sequence, type, id } = change.event;
      if (type === 'io.sluice.stream.rejected') return;
      const before = this.live.get(streamid);
      if (!this.synced) this.#wrong(`${id}: before synced`);
      if (this.#over.has(streamid)) this.#wrong(`${id}: after the end of its stream`);
      if (before === undefined && type !== 'io.sluice.stream.started') this.#wrong(`${id}: of a stream never heard of`);
      if (Number(sequence) !== (before ?? 0) + 1) this.#wrong(`${id}: follows ${before}`);
      if (type === 'io.sluice.stream.ended') {
        this.live.delete(streamid);
        this.#over.add(streamid);
      } else this.live.set(streamid, Number(sequence));
    }
  }

  #wrong(text: string): void {
    this.problems.push(`${this.#name}: ${text}`);
  }
}
