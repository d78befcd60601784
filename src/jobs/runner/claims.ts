import type { Clock } from '../../core/clock.js';
import type { Logger } from '../../core/log.js';
import type { JobRecord } from '../record/record.js';
import { dueMsOf } from '../record/waiting.js';
import type { JobBook, JobEntry } from './job-book.js';
import type { HeldTemplate, TemplateSet } from './template-set.js';

/** What claims are made with. */
interface ClaimDeps {
  readonly book: JobBook;
  readonly templates: TemplateSet;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  readonly runnerId: string;
  /** The ids of the runners that may run a template. */
  readonly fitting: (template: HeldTemplate) => readonly string[];
  /** `<runnerId>.<bootId>` of now. */
  readonly by: () => string;
  readonly slots: number;
  readonly labels: Readonly<Record<string, string>>;
  /** How many jobs run here, and how many of one template. */
  readonly used: () => number;
  readonly usedBy: (template: string) => number;
  /** Whether jobs may be taken now. */
  readonly mayClaim: () => boolean;
  /** Nobody knows whether a claim was stored. */
  readonly doubted: () => void;
  /** Runs a job that was taken. */
  readonly run: (key: string, claim: JobEntry, template: HeldTemplate) => void;
}

/** Longest wait of a full runner before it claims, in ms: the emptiest runner is first. */
const LOAD_WAIT_MS = 200;
/** Part of the wait that is left to chance. */
const JITTER_MS = 50;
/** Claims that are asked for at a time. */
const AT_ONCE = 16;

/**
 * Takes open jobs, as many as there are slots. Each runner waits the longer the more it has to do before it takes one:
 * without that the first one takes all.
 */
export class Claims {
  readonly #deps: ClaimDeps;
  /** Open jobs by key, oldest first. */
  readonly #open = new Map<string, { readonly entry: JobEntry; readonly dueMs: number }>();
  /** Keys for which a slot is set aside. */
  readonly #pending = new Map<string, string>();
  #asking = 0;
  readonly #asked = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isPumping = false;

  constructor(deps: ClaimDeps) {
    this.#deps = deps;
    for (const [key, entry] of deps.book.table.entries()) this.#note(key, entry);
    deps.book.table.onChange((key, entry) => {
      this.#note(key, entry);
      this.pump();
    });
    deps.templates.onChange(() => this.pump());
  }

  /** Whether a job is being taken at this moment. */
  isClaiming(key: string): boolean {
    return this.#pending.has(key);
  }

  /** Resolves when every claim that was asked for is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#asked);
  }

  /** Open jobs, for the figures. */
  get open(): number {
    return this.#open.size;
  }

  /** Looks for jobs to take: something has changed. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    // Many changes come in one turn; they are looked at together.
    setImmediate(() => {
      this.#isPumping = false;
      this.#look();
    });
  }

  /** Takes nothing more. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#open.clear();
  }

  #look(): void {
    const { clock, slots, mayClaim, used } = this.#deps;
    if (!mayClaim()) return;
    const nowMs = clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [key, { entry, dueMs }] of this.#open) {
      if (used() + this.#pending.size >= slots) return;
      if (this.#asking >= AT_ONCE) return;
      if (this.#pending.has(key)) continue;
      if (dueMs > nowMs) {
        nextMs = Math.min(nextMs, dueMs);
        continue;
      }
      const template = this.#fitting(entry.value);
      if (template !== undefined) this.#claimSoon(key, entry, template);
    }
    clearTimeout(this.#timer);
    if (nextMs < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(() => this.#look(), Math.min(60_000, Math.max(1, nextMs - nowMs)));
  }

  /** The template of a job that may run here now. Those for workers outside are leased by them. */
  #fitting({ template: name, cannot }: JobRecord): HeldTemplate | undefined {
    const { templates, labels, usedBy, runnerId, fitting } = this.#deps;
    const held = templates.get(name);
    if (held === undefined) return undefined;
    // A runner that could not start it waits for the others, as long as there are any that may.
    if (cannot?.includes(runnerId) === true && fitting(held).some((id) => !cannot.includes(id))) return undefined;
    const { limits, runners, run } = held.template;
    if (run.kind === 'worker') return undefined;
    for (const [label, value] of Object.entries(runners.labels)) if (labels[label] !== value) return undefined;
    const most = limits.perRunner ?? Number.POSITIVE_INFINITY;
    const pending =
      most === Number.POSITIVE_INFINITY ? 0 : [...this.#pending.values()].filter((each) => each === name).length;
    return usedBy(name) + pending < most ? held : undefined;
  }

  #claimSoon(key: string, entry: JobEntry, template: HeldTemplate): void {
    const { slots, used, random } = this.#deps;
    this.#pending.set(key, template.template.name);
    const waitMs = (LOAD_WAIT_MS * (used() + this.#pending.size - 1)) / slots + random() * JITTER_MS;
    setTimeout(() => {
      const asked = this.#claim(key, entry, template).finally(() => this.#asked.delete(asked));
      this.#asked.add(asked);
    }, waitMs);
  }

  async #claim(key: string, entry: JobEntry, template: HeldTemplate): Promise<void> {
    const { book, by, log, mayClaim, run } = this.#deps;
    const isOpen = this.#open.get(key)?.entry.revision === entry.revision;
    this.#asking++;
    try {
      if (!isOpen || !mayClaim()) return;
      this.#open.delete(key);
      const claim = await book.claim(key, entry, by(), template.revision);
      if (claim !== undefined) run(key, claim, template);
    } catch (error) {
      log.warn({ job: key, cause: (error as Error).message }, 'jobs: a job could not be taken');
      // The claim may have been stored all the same: then it is found when streams and records are compared.
      this.#note(key, book.table.entries().get(key));
      this.#deps.doubted();
    } finally {
      this.#asking--;
      this.#pending.delete(key);
      this.pump();
    }
  }

  #note(key: string, entry: JobEntry | undefined): void {
    if (entry?.value.state === 'open') this.#open.set(key, { entry, dueMs: dueMsOf(entry.value, this.#deps.clock) });
    else this.#open.delete(key);
  }
}
