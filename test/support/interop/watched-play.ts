import { RawRtmp } from '../rtmp-client.js';
import { waitFor } from '../wait.js';

const AUDIO = 8;
const VIDEO = 9;

/** When a player got something to show. */
interface Arrival {
  readonly type: number;
  /** Wall clock, in ms. */
  readonly atMs: number;
  /** Of the stream, in ms. */
  readonly timestamp: number;
}

/** One pause in what a player got, in ms. */
export interface Pause {
  /** From the loss of the connection until its publisher was accepted again. */
  readonly reconnect: number;
  /** From the last media before to the first after, by the clock of the player. */
  readonly gap: number;
  /** The same by the timestamps of the stream. */
  readonly timestamps: number;
}

/** A player that notes when it gets what. It never connects again. */
export class WatchedPlay {
  readonly #client: RawRtmp;
  readonly #arrivals: Arrival[] = [];
  #backwards = 0;

  private constructor(client: RawRtmp) {
    this.#client = client;
    const newest: Record<number, number> = { [AUDIO]: -1, [VIDEO]: -1 };
    client.onMessage = ({ type, timestamp }) => {
      if (type !== AUDIO && type !== VIDEO) return;
      if (timestamp < newest[type]!) this.#backwards++;
      newest[type] = timestamp;
      this.#arrivals.push({ type, atMs: Date.now(), timestamp });
    };
  }

  static async open(port: number, name: string): Promise<WatchedPlay> {
    const client = await RawRtmp.connected({ port });
    await client.play(name);
    return new WatchedPlay(client);
  }

  get isOpen(): boolean {
    return !this.#client.closed;
  }

  /** How many timestamps were lower than one before of the same kind. */
  get backwards(): number {
    return this.#backwards;
  }

  /** Waits for so many messages of media that come from a moment on (wall clock, ms). */
  async after(ms: number, count = 1): Promise<void> {
    const came = () => this.#arrivals.filter(({ atMs }) => atMs >= ms).length >= count;
    await waitFor(came, { timeoutMs: 30_000, what: () => this.#client.describe() });
  }

  /** The pause of a publisher that was lost at one moment and accepted again at another (wall clock, ms). */
  pause(lostMs: number, backMs: number): Pause {
    const first = this.#arrivals.findIndex(({ atMs }) => atMs >= backMs);
    const [before, after] = [this.#arrivals[first - 1]!, this.#arrivals[first]!];
    return {
      reconnect: backMs - lostMs,
      gap: after.atMs - before.atMs,
      timestamps: after.timestamp - before.timestamp,
    };
  }

  close(): void {
    this.#client.destroy();
  }
}
