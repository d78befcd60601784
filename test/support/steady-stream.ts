import { RawRtmp, type Received } from './rtmp-client.js';
import { waitFor } from './wait.js';

/**
 * A well-behaved stream that runs beside a test: a publisher that sends a numbered video frame every 20 ms, and a
 * player that checks that every number comes, once and in order. Hostile tests use it to show that other streams are
 * not affected.
 */
export class SteadyStream {
  readonly #publisher: RawRtmp;
  readonly #player: RawRtmp;
  readonly #timer: NodeJS.Timeout;
  #sent = 0;
  #next: number | undefined;
  #fault: string | undefined;

  private constructor(publisher: RawRtmp, player: RawRtmp, messageStreamId: number) {
    this.#publisher = publisher;
    this.#player = player;
    player.onMessage = (message) => this.#check(message);
    this.#timer = setInterval(() => {
      const frame = Buffer.alloc(200);
      frame.set([this.#sent % 50 === 0 ? 0x12 : 0x22]);
      frame.writeUInt32BE(this.#sent, 4);
      publisher.message(9, frame, { timestamp: this.#sent * 20, messageStreamId });
      this.#sent++;
    }, 20);
  }

  static async start(port: number, name = 'steady'): Promise<SteadyStream> {
    const publisher = await RawRtmp.connected({ port });
    const id = await publisher.publish(name);
    publisher.setChunkSize(4096);
    const player = await RawRtmp.connected({ port });
    await player.play(name);
    const steady = new SteadyStream(publisher, player, id);
    await steady.goesOn();
    return steady;
  }

  #check(message: Received): void {
    if (message.type !== 9) return;
    const number = message.payload.readUInt32BE(4);
    if (this.#next !== undefined && number !== this.#next)
      this.#fault ??= `frame ${number} came instead of ${this.#next}`;
    this.#next = number + 1;
  }

  /**
   * Waits until frames sent from now on have arrived; throws when one was lost, doubled or out of order since the
   * start.
   */
  async goesOn(frames = 3, timeoutMs = 10_000): Promise<void> {
    const target = this.#sent + frames;
    await waitFor(() => (this.#next ?? 0) > target, {
      timeoutMs,
      what: () =>
        `the well-behaved stream to go on (player ${this.#player.describe()}, publisher ${this.#publisher.describe()})`,
    });
    if (this.#fault !== undefined) throw new Error(this.#fault);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#publisher.destroy();
    this.#player.destroy();
  }
}
