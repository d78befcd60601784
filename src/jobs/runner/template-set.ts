import type { KvEntry } from '../../nats/kv-bucket.js';
import type { Table } from '../table.js';
import { type CompiledTemplate, compileTemplate } from '../template/match.js';
import { templateFromJson } from '../template/parse.js';
import { tellProblem } from '../template/problems.js';
import type { JobTemplate } from '../template/template.js';

/** A template that holds now. */
export interface HeldTemplate extends CompiledTemplate {
  /** Its version. */
  readonly revision: number;
}

/** Whether a value of the bucket may be a template. Each is looked at more closely when it is taken. */
export function isStoredTemplate(value: unknown): value is JobTemplate {
  return typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string';
}

/** The templates that hold now, as their table shows them. Values that are no templates are left out. */
export class TemplateSet {
  readonly #held = new Map<string, HeldTemplate>();
  readonly #listeners = new Set<(template: HeldTemplate) => void>();
  readonly #refused: (name: string, why: string) => void;

  /** @param refused told of a value that is no template */
  constructor(table: Table<JobTemplate>, refused: (name: string, why: string) => void) {
    this.#refused = refused;
    for (const [name, entry] of table.entries()) this.#take(name, entry);
    table.onChange((name, entry) => this.#take(name, entry));
  }

  get(name: string): HeldTemplate | undefined {
    return this.#held.get(name);
  }

  get all(): Iterable<HeldTemplate> {
    return this.#held.values();
  }

  /** Calls `listener` for each template that is new or another version. */
  onChange(listener: (template: HeldTemplate) => void): void {
    this.#listeners.add(listener);
  }

  #take(name: string, entry: KvEntry<JobTemplate> | undefined): void {
    this.#held.delete(name);
    if (entry === undefined) return;
    const read = templateFromJson(entry.value);
    if (read.template?.name !== name) {
      this.#refused(name, read.problems === undefined ? 'its name is not its key' : tellProblem(read.problems[0]!));
      return;
    }
    const held = { ...compileTemplate(read.template), revision: entry.revision };
    this.#held.set(name, held);
    for (const listener of this.#listeners) listener(held);
  }
}
