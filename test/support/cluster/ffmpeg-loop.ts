import type { Child } from '../child.js';
import { ffmpegPublish } from '../tools.js';
import { within } from '../wait.js';
import type { Door } from './encoder.js';

/** ffmpeg in a loop: whenever it ends it is started again, for the next door, after a delay. */
export class FfmpegLoop {
  readonly #doors: readonly Door[];
  readonly #url: (door: Door) => string;
  readonly #file: string;
  readonly #delayMs: number;
  #child: Child | undefined;
  #isOver = false;
  #wake: () => void = () => undefined;
  readonly #done: Promise<void>;

  constructor(name: string, file: string, doors: readonly Door[], delayMs: number) {
    this.#doors = doors;
    this.#url = ({ host, port }) => `rtmp://${host}:${port}/live/${name}`;
    this.#file = file;
    this.#delayMs = delayMs;
    this.#done = this.#loop();
  }

  /** Kills the present one, as whoever watches over it does when it gets nowhere; the next one follows. */
  giveUp(): void {
    this.#child?.signal('SIGKILL');
  }

  /** Ends it. */
  async stop(): Promise<void> {
    this.#isOver = true;
    this.#child?.signal('SIGKILL');
    this.#wake();
    await within(this.#done, 10_000, 'ffmpeg to end');
  }

  async #loop(): Promise<void> {
    for (let at = 0; !this.#isOver; at++) {
      const url = this.#url(this.#doors[at % this.#doors.length]);
      this.#child = ffmpegPublish(this.#file, url, { input: ['-stream_loop', '-1'] });
      await this.#child.exited;
      if (this.#isOver) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#delayMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}
