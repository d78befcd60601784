import { readdirSync, readFileSync } from 'node:fs';

/** What /proc says of a process. */
interface ProcessStat {
  readonly pid: number;
  /** One letter; `Z` is a zombie: it has ended, and its parent has not asked how. */
  readonly state: string;
  readonly pgid: number;
  /** When it began, in ticks since the boot of the machine. Together with the pid it names a process for good. */
  readonly start: string;
}

/** Reads /proc/<pid>/stat. @returns undefined when there is no such process, or no /proc */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readProc(`/proc/${pid}/stat`)?.toString('latin1');
  if (text === undefined) return undefined;
  // The second field is the name of the program in parentheses; it may have blanks and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? '', pgid: Number(fields[2]), start: fields[19] ?? '' };
}

/** The processes of this machine, as far as this process sees them; none where there is no /proc. */
export function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** The value of a variable in the environment that a process of this user was started with. */
export function environmentValue(pid: number, name: string): string | undefined {
  const variables = readProc(`/proc/${pid}/environ`)?.toString('latin1').split('\0') ?? [];
  return variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** The id of this boot of the machine; empty where the system has none. */
export function machineBootId(): string {
  return readProc('/proc/sys/kernel/random/boot_id')?.toString('latin1').trim() ?? '';
}

function readProc(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
