// A program of its own, for machines without setpriv: it runs one program in its own process group, and kills the whole
// group, itself included, when the runner dies. The runner speaks to it over descriptor 4: first one line of JSON with
// what to run, then nothing; the end of that connection is the end of the runner. It answers with one line: how the
// program ended. It imports nothing but Node, so that it starts quickly.
import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';

const CONTROL = 4;
/** What the program gets of descriptors: no input, and the outputs and the progress of this process. */
const STDIO = ['ignore', 1, 2, 3] as const;

const control = new Socket({ fd: CONTROL });
let asked = '';
let isStarted = false;

control.setEncoding('utf8');
control.on('data', (text: string) => {
  if (isStarted) return;
  asked += text;
  const end = asked.indexOf('\n');
  if (end < 0) return;
  isStarted = true;
  start(JSON.parse(asked.slice(0, end)) as { argv: [string, ...string[]]; env: Record<string, string> });
});
control.on('end', killGroup);
control.on('close', killGroup);
control.on('error', killGroup);

// Signals to the group are for the program. This process stays to tell how it ended.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

function start({ argv: [file, ...args], env }: { argv: [string, ...string[]]; env: Record<string, string> }): void {
  try {
    const child = spawn(file, args, { env, stdio: [...STDIO] });
    child.once('error', fail);
    child.once('exit', (exit, signal) => tell({ exit, signal }));
  } catch (error) {
    fail(error as NodeJS.ErrnoException);
  }
}

function fail({ code = 'UNKNOWN' }: NodeJS.ErrnoException): void {
  tell({ code });
}

function tell(end: unknown): void {
  try {
    writeSync(CONTROL, `${JSON.stringify(end)}\n`);
  } catch {
    // Nobody listens any more: the group is killed as soon as that is seen.
  }
  process.exit(0);
}

function killGroup(): void {
  // Zero is the group of this process.
  process.kill(0, 'SIGKILL');
}
