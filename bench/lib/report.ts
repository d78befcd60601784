import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { format } from './stats.js';
import type { Verdict } from './targets.js';

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';
const BOLD = '\u001b[1m';
const RESET = '\u001b[0m';

/** What a bench writes with `--json`: where it ran, the cases with their numbers and ratios, the verdicts. */
export interface Report {
  readonly bench: string;
  readonly date: string;
  readonly machine: Machine;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly cases: readonly unknown[];
  readonly targets: readonly Verdict[];
  readonly notes?: readonly string[];
}

/** What the numbers depend on. No host names. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  readonly commit: string;
}

/** Describes this machine and the commit that is measured (`unknown` outside a git checkout). */
export function machine(): Machine {
  let commit = 'unknown';
  try {
    commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // A packed copy has no repository; the numbers are still worth having.
  }
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.version,
    commit,
  };
}

/** Rows as an aligned text table; the first column left, the others right. The first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, visible(cell));
    });
  const lines = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell + pad(widths[i] - visible(cell)) : pad(widths[i] - visible(cell)) + cell))
      .join('  '),
  );
  if (lines.length > 1) lines.splice(1, 0, widths.map((w) => '─'.repeat(w)).join('  '));
  return lines.join('\n');
}

/** Prints the table, the verdicts and the notes, and writes the JSON file if one was asked for. */
export function publish(report: Report, rows: readonly (readonly string[])[], jsonFile?: string): void {
  const out = process.stdout;
  const colour = out.isTTY === true;
  out.write(
    `\n${colour ? BOLD : ''}${report.bench}${colour ? RESET : ''}  ${report.machine.cpu}, ${report.machine.cores} cores, Node ${report.machine.node}, commit ${report.machine.commit}\n\n`,
  );
  if (rows.length > 0) out.write(`${table(rows)}\n`);
  if (report.targets.length > 0) out.write(`\n${verdicts(report.targets, colour)}\n`);
  for (const note of report.notes ?? []) out.write(`\n  ${note}\n`);
  if (jsonFile !== undefined) {
    mkdirSync(dirname(jsonFile), { recursive: true });
    writeFileSync(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
    out.write(`\n  written: ${jsonFile}\n`);
  }
}

/** One line per verdict: pass or MISS, the claim, the measured value. */
export function verdicts(list: readonly Verdict[], colour: boolean): string {
  return list
    .map((v) => {
      const word = v.pass ? 'pass' : 'MISS';
      const painted = colour ? `${v.pass ? GREEN : RED}${word}${RESET}` : word;
      return `  ${painted}  ${v.target}   measured ${format(v.value)} ${v.unit}`.trimEnd();
    })
    .join('\n');
}

function visible(text: string): number {
  return [...text].length;
}

function pad(n: number): string {
  return ' '.repeat(Math.max(0, n));
}
