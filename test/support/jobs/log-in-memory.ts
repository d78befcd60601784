import type { JobLogs } from '../../../src/jobs/run/job-logs.js';
import type { LogPlace } from '../../../src/jobs/run/log-files.js';

/** The log of attempt 1 of one job, in memory: for doors, whose answers come at once. */
export class LogInMemory implements Pick<JobLogs, 'attempts' | 'piece' | 'grown' | 'beforeEnd'> {
  readonly #jobId: string;
  text = '';
  isOver = false;
  #wake: (() => void)[] = [];

  constructor(jobId: string) {
    this.#jobId = jobId;
  }

  /** Adds lines. */
  print(text: string): void {
    this.text += text;
    this.#woken();
  }

  end(): void {
    this.isOver = true;
    this.#woken();
  }

  async attempts(jobId: string): Promise<number[]> {
    return jobId === this.#jobId ? [1] : [];
  }

  async piece(jobId: string, attempt: number, { file, offset }: LogPlace, most: number) {
    if (jobId !== this.#jobId || attempt !== 1) return undefined;
    const bytes = Buffer.from(this.text).subarray(offset, offset + most);
    const next = { file, offset: offset + bytes.length };
    return { bytes, next, isEnd: bytes.length === 0 && this.isOver };
  }

  async beforeEnd(_jobId: string, _attempt: number, most: number): Promise<LogPlace> {
    return { file: 0, offset: Math.max(0, Buffer.byteLength(this.text) - most) };
  }

  grown(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #woken(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
