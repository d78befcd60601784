import { Histogram } from '../../../src/load/histogram.js';
import { seeded } from '../random.js';
import type { Carrier } from './carriers.js';

/** Bytes that stand at the start of a stamp. */
const MARK = Buffer.from('soak-stamp', 'latin1');
/** Behind the five bytes of an AVC packet and the length of its NAL unit and the header of that. */
const STAMP_AT = 10;

/** For so long a player gets what was sent before it came. */
const START_MS = 3000;

/** A stream that is published now. */
export interface OpenStream {
  readonly name: string;
  readonly carrier: Carrier;
}

/** An AVC frame that says when it was sent, by the clock of this process, and its number within the stream. */
export function stampedFrame(number: number, isKey: boolean, bytes: number): Buffer {
  const frame = Buffer.alloc(bytes, number & 127);
  frame.set([isKey ? 0x17 : 0x27, 1, 0, 0, 0]);
  frame.writeUInt32BE(bytes - 9, 5);
  frame[9] = isKey ? 0x65 : 0x41;
  MARK.copy(frame, STAMP_AT);
  frame.writeUInt32BE(number, STAMP_AT + MARK.length);
  frame.writeDoubleBE(performance.now(), STAMP_AT + MARK.length + 4);
  return frame;
}

/** What a {@link stampedFrame} says; `undefined` for any other payload. */
function readStamp(payload: Buffer): { number: number; sentAt: number } | undefined {
  if (payload.length < STAMP_AT + MARK.length + 12) return undefined;
  if (payload.compare(MARK, 0, MARK.length, STAMP_AT, STAMP_AT + MARK.length) !== 0) return undefined;
  const at = STAMP_AT + MARK.length;
  return { number: payload.readUInt32BE(at), sentAt: payload.readDoubleBE(at + 4) };
}

/** Which clients there are now; `settling` is the time after a change, which is in no measurement. */
export type Phase = 'settling' | 'quiet' | 'hostile';

/** The choices of one client. They are the same in each run of one seed, whatever the others do. */
export class Chance {
  /** Numbers in [0, 1). */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seeded(seed);
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  /** One of the list; `undefined` when it is empty. */
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)]!;
  }
}

/** What all clients of the run share: the streams to choose from, the phase, and what was seen. */
export class Stage {
  readonly rtmpPort: number;
  readonly httpPort: number;
  readonly open: OpenStream[] = [];
  /** Names of all streams that the server said may start. */
  readonly begun = new Set<string>();
  /** What good clients were refused or robbed of. */
  readonly faults: string[] = [];
  readonly counts: Record<string, number> = {};
  /** Microseconds from the sending of a frame until a player had it. */
  readonly delays = { quiet: new Histogram(), hostile: new Histogram() };
  /** The same of one turn of a phase each, in order. */
  readonly turns: { readonly phase: Phase; readonly delays: Histogram }[] = [];
  /** The same over both phases, by what publishers use and by what players use. */
  readonly delaysBy = new Map<string, Histogram>();
  phase: Phase = 'settling';
  isOver = false;
  readonly #sleepers = new Set<() => void>();
  readonly #seed: number;
  #addresses = 0;
  #chances = 0;

  constructor(rtmpPort: number, httpPort: number, seed: number) {
    this.rtmpPort = rtmpPort;
    this.httpPort = httpPort;
    this.#seed = seed;
  }

  /** Begins a turn of a phase. */
  begin(phase: Phase): void {
    this.turns.push({ phase, delays: new Histogram() });
    this.phase = phase;
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** For the next client. */
  chance(): Chance {
    return new Chance(this.#seed * 1_000_003 + this.#chances++);
  }

  /** An address of loopback that no other client has, so that the limits of one address bind nobody else. */
  address(): string {
    const number = 0x10000 + ++this.#addresses;
    return `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  }

  /** Waits until `stop`, `isOver` or the time is over. */
  sleep(ms: number, stop?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        stop?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#sleepers.add(wake);
      stop?.addEventListener('abort', wake);
      if (this.isOver || stop?.aborted === true) wake();
    });
  }

  /** Ends all sleep, and with it the run. */
  end(): void {
    this.isOver = true;
    for (const wake of [...this.#sleepers]) wake();
  }

  /** What one player has of one stream: records delays, and that no number comes twice or before an earlier one. */
  watcher({ name, carrier }: OpenStream, way: string): (payload: Buffer) => void {
    let last = -1;
    const startedAt = performance.now();
    return (payload) => {
      const stamp = readStamp(payload);
      if (stamp === undefined) return;
      if (stamp.number <= last) this.faults.push(`${way} ${name}: ${stamp.number} after ${last}`);
      if (last >= 0 && stamp.number > last + 1) this.count('framesSkipped');
      // What a player gets at its start is older than it: the group of pictures so far.
      const isOfStart = last < 0 || performance.now() - startedAt < START_MS;
      last = stamp.number;
      this.count('frames');
      if (isOfStart || this.phase === 'settling') return;
      const delay = (performance.now() - stamp.sentAt) * 1000;
      this.delays[this.phase].record(delay);
      this.turns.at(-1)?.delays.record(delay);
      this.#delaysOf(`from ${carrier}`).record(delay);
      this.#delaysOf(`to ${way}`).record(delay);
    };
  }

  #delaysOf(what: string): Histogram {
    const delays = this.delaysBy.get(what) ?? new Histogram();
    this.delaysBy.set(what, delays);
    return delays;
  }
}
