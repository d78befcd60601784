import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import type { JobRecord } from '../record/record.js';
import { dueMsOf } from '../record/waiting.js';
import type { JobEntry } from '../runner/job-book.js';
import type { HeldTemplate, TemplateSet } from '../runner/template-set.js';
import type { Table } from '../table.js';
import type { DispatchInput } from './dispatch-input.js';

/** What leases wait with. */
interface WaitingDeps {
  readonly table: Table<JobRecord>;
  readonly templates: TemplateSet;
  readonly clock: Clock;
}

/** An open job that one lease may try to take. */
export interface Candidate {
  readonly key: string;
  readonly entry: JobEntry;
  readonly template: HeldTemplate;
}

/** A lease that waits for a job. */
interface Waiting {
  readonly asked: DispatchInput<'lease'>;
  readonly give: (candidate: Candidate | undefined) => void;
}

/** Most leases that wait at a time. */
const MOST_WAITING = 256;

/** Open jobs on one side, workers that wait for one on the other; the first of both meet. */
export class WaitingLeases {
  readonly #deps: WaitingDeps;
  /** Open jobs by template and key, oldest first. */
  readonly #open = new Map<string, Map<string, { readonly entry: JobEntry; readonly dueMs: number }>>();
  /** Jobs that are being taken. */
  readonly #given = new Set<string>();
  readonly #waiting = new Set<Waiting>();
  #isLooking = false;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: WaitingDeps) {
    this.#deps = deps;
    for (const [key, entry] of deps.table.entries()) this.#note(key, entry);
    deps.table.onChange((key, entry) => {
      this.#note(key, entry);
      if (entry?.value.state === 'open') this.#lookSoon();
    });
    deps.templates.onChange(() => this.#lookSoon());
  }

  /** Leases that wait now. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for an open job that fits. Whoever gets one calls {@link over} when it is taken, or was not to be had.
   *
   * @param endMs monotonic ms, until which it waits
   * @returns undefined: there was none in time
   * @throws SluiceError ERR_JOB_BUSY
   */
  async next(asked: DispatchInput<'lease'>, endMs: number): Promise<Candidate | undefined> {
    if (this.#isClosed) return undefined;
    if (this.#waiting.size >= MOST_WAITING)
      throw new SluiceError('ERR_JOB_BUSY', `${MOST_WAITING} leases wait already`, {
        details: { limit: MOST_WAITING },
      });
    return new Promise((resolve) => {
      const give = (candidate: Candidate | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(waiting);
        if (candidate !== undefined) this.#given.add(candidate.key);
        resolve(candidate);
      };
      const waiting: Waiting = { asked, give };
      const timer = setTimeout(() => give(undefined), Math.max(0, endMs - this.#deps.clock.monotonicMs()));
      this.#waiting.add(waiting);
      // What is open is looked at before a lease that does not wait is over.
      this.#look();
    });
  }

  /** A candidate was taken, or was not to be had. The table knows which: it has tried to write it. */
  over({ key }: Candidate): void {
    this.#given.delete(key);
    this.#note(key, this.#deps.table.entries().get(key));
    this.#lookSoon();
  }

  /** Nobody waits any longer. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const { give } of [...this.#waiting]) give(undefined);
  }

  #note(key: string, entry: JobEntry | undefined): void {
    if (entry?.value.state === 'open') {
      const name = entry.value.template;
      const open = this.#open.get(name) ?? new Map<string, { readonly entry: JobEntry; readonly dueMs: number }>();
      open.set(key, { entry, dueMs: dueMsOf(entry.value, this.#deps.clock) });
      this.#open.set(name, open);
      return;
    }
    // Keys end with the name of the template.
    const name = key.slice(key.lastIndexOf('.') + 1);
    const open = this.#open.get(name);
    open?.delete(key);
    if (open?.size === 0) this.#open.delete(name);
  }

  /** Many changes come in one turn; they are looked at together. */
  #lookSoon(): void {
    if (this.#isLooking || this.#waiting.size === 0) return;
    this.#isLooking = true;
    setImmediate(() => {
      this.#isLooking = false;
      this.#look();
    });
  }

  #look(): void {
    if (this.#isClosed || this.#waiting.size === 0) return;
    const nowMs = this.#deps.clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [name, open] of this.#open) {
      const template = this.#deps.templates.get(name);
      if (template === undefined || !isLeasable(template)) continue;
      const fitting = [...this.#waiting].filter(({ asked }) => fits(template, asked));
      for (const [key, { entry, dueMs }] of open) {
        if (fitting.length === 0) break;
        if (this.#given.has(key)) continue;
        if (dueMs > nowMs) nextMs = Math.min(nextMs, dueMs);
        else fitting.shift()?.give({ key, entry, template });
      }
    }
    clearTimeout(this.#timer);
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#look(), Math.min(60_000, Math.max(1, nextMs - nowMs)));
  }
}

/** Whether workers outside may lease jobs of a template: requests and queues are for runners. */
export function isLeasable({ template }: HeldTemplate): boolean {
  return template.run.kind === 'worker' || template.run.kind === 'exec';
}

function fits({ template }: HeldTemplate, { templates, labels }: DispatchInput<'lease'>): boolean {
  if (!templates.includes(template.name)) return false;
  return Object.entries(template.runners.labels).every(
    ([label, value]) => Object.hasOwn(labels, label) && labels[label] === value,
  );
}
