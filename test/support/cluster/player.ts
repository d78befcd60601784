import { RawRtmp, statusOf } from '../rtmp-client.js';
import { waitFor } from '../wait.js';
import type { Door } from './encoder.js';
import { PlayerLog } from './player-log.js';

/** A player that never connects again and logs what it gets. */
export class WatchingPlayer {
  readonly log: PlayerLog;
  readonly #client: RawRtmp;
  #isOver = false;

  private constructor(client: RawRtmp, log: PlayerLog) {
    this.#client = client;
    this.log = log;
    client.onMessage = (message) => {
      const { type } = message;
      if (type === 8 || type === 9) {
        log.take(message, performance.now());
      } else {
        if (message.values[0] === 'onStatus')
          log.statuses.push({ atMs: performance.now(), code: String(statusOf(message).code) });
      }
    };
    client.socket.once('close', () => {
      if (!this.#isOver) log.lostMs = performance.now();
    });
  }

  /** Connects and plays; the answer is not waited for. */
  static async open(door: Door, name: string): Promise<WatchingPlayer> {
    const client = await RawRtmp.connected(door);
    const id = await client.createStream();
    const player = new WatchingPlayer(client, new PlayerLog(`player of ${name} at ${door.label}`));
    client.command(id, 'play', 0, null, name, -2000);
    return player;
  }

  /** Waits until it has got some more pictures. */
  async goesOn(pictures = 5, timeoutMs = 20_000): Promise<void> {
    const from = this.log.pictures;
    await waitFor(() => this.log.pictures >= from + pictures, {
      timeoutMs,
      what: () => `${this.log.label} to get pictures; it has ${from}, ${JSON.stringify(this.log.statuses)}`,
    });
  }

  /** Waits until it sees pictures of a later connection of its encoder than this. */
  async sees(session: number, timeoutMs = 30_000): Promise<void> {
    await waitFor(() => (this.log.mark?.session ?? 0) >= session, {
      timeoutMs,
      what: () =>
        `${this.log.label} to see session ${session}; ${JSON.stringify({ mark: this.log.mark, lost: this.log.lostMs, told: this.log.statuses })}`,
    });
  }

  close(): void {
    this.#isOver = true;
    this.#client.destroy();
  }
}
