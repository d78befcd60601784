import { RawRtmp, statusOf } from '../rtmp-client.js';
import { waitFor } from '../wait.js';
import { FPS, sendFrame, sendHeaders } from './numbered-media.js';

/** Where RTMP is taken. */
export interface Door {
  readonly label: string;
  readonly host: string;
  readonly port: number;
}

/** One connection of an encoder, or an attempt at one. */
export interface Attempt {
  readonly door: string;
  /** Number of the connection when it was let in, from 1; `undefined`: it was not. */
  readonly session: number | undefined;
  readonly atMs: number;
  /** Time from dialling to the answer, ms. */
  readonly tookMs: number;
  /** Status code of the answer; `closed` or the error's text without one. */
  readonly answer: string;
}

/** How an encoder behaves. */
export interface EncoderOptions {
  /** Where it publishes, one after the other and from the beginning again. */
  readonly doors: readonly Door[];
  /** Place of the door that it begins at. */
  readonly first?: number;
  /** From a loss to the next attempt. */
  readonly delayMs: number;
  readonly fps?: number;
}

/** An answer that takes longer is none: claims wait for up to 8 s. */
const ANSWER_MS = 12_000;

/** An encoder in a loop: when its connection is lost it publishes the same name at the next door, after a delay. */
export class LoopEncoder {
  readonly name: string;
  readonly attempts: Attempt[] = [];
  readonly #doors: readonly Door[];
  readonly #delayMs: number;
  readonly #fps: number;
  #at: number;
  #session = 0;
  #client: RawRtmp | undefined;
  #streamId = 0;
  #isPublishing = false;
  #isOver = false;
  #wake: () => void = () => undefined;
  readonly #done: Promise<void>;

  constructor(name: string, options: EncoderOptions) {
    this.name = name;
    this.#doors = options.doors;
    this.#at = options.first ?? 0;
    this.#delayMs = options.delayMs;
    this.#fps = options.fps ?? FPS;
    this.#done = this.#loop();
  }

  /** Number of its connections that were let in so far. */
  get session(): number {
    return this.#session;
  }

  get isPublishing(): boolean {
    return this.#isPublishing;
  }

  /** Waits until it publishes on its connection of that number, or a later one. */
  async publishes(session = 1, timeoutMs = 30_000): Promise<void> {
    await waitFor(() => this.#isPublishing && this.#session >= session, {
      timeoutMs,
      what: () => `the encoder of ${this.name} to publish; ${JSON.stringify(this.attempts.slice(-5))}`,
    });
  }

  /** Gives its connection up, as an encoder does whose writes get nowhere; the next one follows after the delay. */
  giveUp(): void {
    this.#client?.destroy();
  }

  /** Ends its stream in good order; the next one follows after the delay. @param next place of the door for it */
  unpublish(next?: number): void {
    if (next !== undefined) this.#at = next - 1;
    this.#client?.command(0, 'deleteStream', 0, null, this.#streamId);
    this.#client?.socket.end();
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#client?.destroy();
    this.#wake();
    await this.#done;
  }

  async #loop(): Promise<void> {
    while (!this.#isOver) {
      await this.#once(this.#doors[this.#at % this.#doors.length]).catch(() => undefined);
      this.#at++;
      if (!this.#isOver) await this.#pause(this.#delayMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #once(door: Door): Promise<void> {
    const atMs = performance.now();
    const note = (answer: string, session?: number): void => {
      this.attempts.push({ door: door.label, session, atMs, tookMs: performance.now() - atMs, answer });
    };
    try {
      this.#client = await RawRtmp.open(door);
      if (this.#isOver) this.#client.destroy();
      await this.#client.handshake();
      await this.#client.connect('live');
      const id = await this.#client.createStream();
      this.#streamId = id;
      this.#client.command(id, 'publish', 0, null, this.name, 'live');
      const status = await this.#client.expect((m) => m.values[0] === 'onStatus', 'an answer', {
        timeoutMs: ANSWER_MS,
      });
      const code = String(statusOf(status).code);
      if (code !== 'NetStream.Publish.Start') {
        note(code);
        return;
      }
      note(code, ++this.#session);
      await this.#send(this.#client, id);
    } catch (error) {
      note(String(error).slice(0, 200));
    } finally {
      this.#isPublishing = false;
      this.#client?.destroy();
    }
  }

  /** Sends until the connection is gone. */
  async #send(client: RawRtmp, id: number): Promise<void> {
    const startMs = performance.now();
    const stepMs = 1000 / this.#fps;
    client.setChunkSize(4096);
    sendHeaders(client, id, 0);
    client.onMessage = () => undefined;
    let frame = 0;
    this.#isPublishing = true;
    while (!client.closed && !this.#isOver) {
      // A late turn sends all that is due: the clock of the stream is that of the machine.
      for (; frame * stepMs <= performance.now() - startMs; frame++)
        sendFrame(client, id, { session: this.#session, frame }, Math.round(frame * stepMs));
      await this.#pause(stepMs);
    }
  }
}
