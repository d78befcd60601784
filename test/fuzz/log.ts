import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What has been run of one target, in all. */
interface Ran {
  executions: number;
  seconds: number;
  /** What was found, each in a sentence. */
  readonly found: string[];
}

const FILE = 'test/fuzz/log.json';

/** The sum of all runs that were written down. */
export class FuzzLog {
  readonly targets: Record<string, Ran>;

  constructor(targets: Record<string, Ran>) {
    this.targets = targets;
  }

  add(name: string, executions: number, seconds: number): void {
    const ran = this.targets[name] ?? { executions: 0, seconds: 0, found: [] };
    this.targets[name] = ran;
    ran.executions += executions;
    ran.seconds = Math.round(ran.seconds + seconds);
  }
}

export function readLog(root: string): FuzzLog {
  const file = join(root, FILE);
  return new FuzzLog(existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Ran>) : {});
}

export function writeLog(root: string, { targets }: FuzzLog): void {
  const sorted = Object.fromEntries(Object.entries(targets).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(join(root, FILE), `${JSON.stringify(sorted, undefined, 2)}\n`);
}
