import { parseArgs } from 'node:util';

/** One option of a bench: a value with a default, or a list that may be given several times. */
export interface OptionSpec {
  readonly kind: 'number' | 'text' | 'flag' | 'list';
  readonly fallback?: number | string | boolean | readonly string[];
  /** For `--help`: meaning, then the default in brackets is added. */
  readonly says: string;
}

/** Values by option name. */
export class Options {
  readonly #values: ReadonlyMap<string, number | string | boolean | readonly string[]>;

  constructor(values: ReadonlyMap<string, number | string | boolean | readonly string[]>) {
    this.#values = values;
  }

  /** A number option; throws a TypeError on one that was not declared as such. */
  number(name: string): number {
    const v = this.#values.get(name);
    if (typeof v !== 'number') throw new TypeError(`--${name} is not a number option`);
    return v;
  }

  /** A text option, undefined when neither given nor defaulted. */
  text(name: string): string | undefined {
    const v = this.#values.get(name);
    return typeof v === 'string' ? v : undefined;
  }

  /** Whether a flag was given. */
  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /** Values of a list option; comma lists are split. */
  list(name: string): readonly string[] {
    const v = this.#values.get(name);
    return Array.isArray(v) ? v : [];
  }

  /** Every value that says what was measured, for the report; not where it was written to. */
  all(): Record<string, unknown> {
    return Object.fromEntries([...this.#values].filter(([name]) => name !== 'json' && name !== 'chart'));
  }
}

/**
 * Reads a bench's command line; every bench has `--json FILE` and `--help` beside its own options.
 * @param about one paragraph for `--help`.
 * @returns the options; prints help and exits with 0, or a sentence on a wrong option and exits with 2.
 */
export function readOptions(command: string, about: string, specs: Readonly<Record<string, OptionSpec>>): Options {
  const full: Record<string, OptionSpec> = {
    ...specs,
    json: { kind: 'text', says: 'also write numbers, ratios and targets to this file' },
    help: { kind: 'flag', says: 'this text' },
  };
  const options = Object.fromEntries(
    Object.entries(full).map(([name, s]) => [
      name,
      { type: s.kind === 'flag' ? ('boolean' as const) : ('string' as const), multiple: s.kind === 'list' },
    ]),
  );
  let given: Record<string, unknown>;
  try {
    given = parseArgs({ options, allowPositionals: false }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
  if (given['help'] === true) {
    process.stdout.write(help(command, about, full));
    process.exit(0);
  }
  const values = new Map<string, number | string | boolean | readonly string[]>();
  for (const [name, spec] of Object.entries(full)) {
    const value = readValue(name, spec, given[name]);
    if (value !== undefined) values.set(name, value);
  }
  return new Options(values);
}

function readValue(
  name: string,
  spec: OptionSpec,
  raw: unknown,
): number | string | boolean | readonly string[] | undefined {
  if (raw === undefined) return spec.fallback;
  if (spec.kind === 'list' && Array.isArray(raw))
    return raw.flatMap((v) => String(v).split(',')).filter((v) => v !== '');
  if (spec.kind !== 'number') return raw as string | boolean;
  const n = Number(raw);
  if (Number.isFinite(n) && n >= 0) return n;
  process.stderr.write(`--${name} wants a number, not "${String(raw)}"\n`);
  process.exit(2);
}

function help(command: string, about: string, specs: Readonly<Record<string, OptionSpec>>): string {
  const lines = Object.entries(specs).map(([name, s]) => {
    const value = s.kind === 'flag' ? '' : s.kind === 'number' ? ' N' : s.kind === 'list' ? ' NAME…' : ' VALUE';
    const fallback = s.fallback === undefined || s.fallback === false ? '' : ` [${String(s.fallback)}]`;
    return `  ${`--${name}${value}`.padEnd(24)}${s.says}${fallback}`;
  });
  return `${command}\n\n${about}\n\n${lines.join('\n')}\n`;
}
