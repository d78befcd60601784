import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PidFiles } from '../../src/jobs/run/pid-files.js';
import { Child } from '../support/child.js';
import { killRuns, processesWith, script, startRun } from '../support/jobs/exec-harness.js';
import { repository } from '../support/repository.js';
import { tempDir } from '../support/temp.js';
import { probeStreams } from '../support/tools.js';
import { waitFor } from '../support/wait.js';

afterEach(killRuns);

/** A PATH without setpriv, so that the holder process is used. */
const NO_TOOLS = tempDir('no-tools');
const ways = [
  { by: 'setpriv', host: {} },
  { by: 'a holder process', host: { toolPath: NO_TOOLS } },
];

const SMALL_RUNNER = join(repository(), 'test', 'support', 'jobs', 'small-runner.mjs');

let marks = 0;
/** A word that is in the command line of the processes of one test alone. */
const newMark = (): string => `mark-${process.pid}-${++marks}-`;

const STAY = 'setInterval(() => {}, 1000);';
/** Says that it is ready once TERM is ignored. */
const STUBBORN = `process.on('SIGTERM', () => {}); console.log('ready'); ${STAY}`;

const WEIRD = [
  '-i',
  '--',
  '',
  '$(touch x)',
  '`touch x`',
  '; touch x',
  '../..',
  'two words',
  `'"\\'"`,
  'line\nfeed\r\n',
  '%s %n {url}',
  '*',
  '~',
  '€'.repeat(42),
  '\u202e\u0007',
];

describe.each(ways)('a run by $by', ({ host }) => {
  it('hands every argument on as it is, and none to a shell', async () => {
    const out = tempDir('out');
    const { run } = startRun(
      { argv: script('require("fs").writeFileSync("args", JSON.stringify(argv));', ...WEIRD), out },
      host,
    );
    expect(await run.done).toMatchObject({ kind: 'exit', exit: 0 });
    expect(JSON.parse(readFileSync(join(out, 'args'), 'utf8'))).toEqual(WEIRD);
    expect(readdirSync(out)).toEqual(['args']);
  });

  it('gives a program PATH, HOME, LANG, what the template names and the id of the run: nothing else', async () => {
    const out = tempDir('out');
    process.env['SLUICE_TEST_SECRET'] = 'not for programs';
    const print = 'require("fs").writeFileSync("env", JSON.stringify(process.env));';
    const { run } = startRun({ argv: script(print), out, env: { TZ: 'UTC', 'a.b': '$HOME' }, runId: 'r1' }, host);
    await run.done;
    delete process.env['SLUICE_TEST_SECRET'];
    const { PATH, HOME, LANG, PWD, ...others } = JSON.parse(readFileSync(join(out, 'env'), 'utf8'));
    expect([PATH, HOME, LANG]).toEqual([process.env['PATH'], process.env['HOME'], process.env['LANG']]);
    expect(others).toEqual({ TZ: 'UTC', 'a.b': '$HOME', SLUICE_RUN: 'r1' });
  });

  it('opens no more for a program than an empty input, two outputs and the progress', async () => {
    const { run, readLog } = startRun({ argv: ['ls', '-l', '/proc/self/fd'] }, host);
    expect(await run.done).toMatchObject({ kind: 'exit', exit: 0 });
    const fds = [...(await readLog()).matchAll(/ (\d+) -> (.*)/g)].map(([, fd, target]) => [Number(fd), target]);
    // Nobody inherits more than this process has inherited, with high numbers, and `ls` has the folder open itself.
    const opened = fds.filter(([fd, target]) => Number(fd) < 16 && !/^\/proc\/\d+\/fd$/.test(String(target)));
    const socket = expect.stringMatching(/^socket:/);
    expect(opened).toEqual([
      [0, '/dev/null'],
      [1, socket],
      [2, socket],
      [3, socket],
    ]);
  });

  it('tells exit codes, signals, the last lines and the newest progress', async () => {
    const code = `
      require('fs').writeSync(3, 'frame=7\\nprogress=continue\\n');
      console.log('out'); console.error('err'); process.exitCode = 3;`;
    const { run, readLog } = startRun({ argv: script(code) }, host);
    expect(await run.done).toEqual({ kind: 'exit', exit: 3, signal: undefined, logTail: expect.any(String) });
    expect(run.progress).toEqual({ frame: 7 });
    expect((await readLog()).split('\n').sort()).toEqual(['', 'err', 'out']);
    const killed = startRun({ argv: script('process.kill(process.pid, "SIGKILL");') }, host);
    expect(await killed.run.done).toMatchObject({ kind: 'exit', signal: 'SIGKILL' });
  });

  it('ends with TERM what is asked to stop, with all that it started', async () => {
    const mark = newMark();
    const children = `
      const { spawn } = require('child_process');
      for (let i = 0; i < 3; i++) spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}, argv[0] + i], { stdio: 'inherit' });
      ${STAY}`;
    const { run } = startRun({ argv: script(children, mark), graceMs: 300 }, host);
    await waitFor(() => processesWith(mark).length >= 4);
    run.stop('now');
    expect(await run.done).toMatchObject({ kind: 'asked' });
    expect(processesWith(mark)).toEqual([]);
  });

  it('kills after the grace what ignores TERM', async () => {
    const { run, readLog } = startRun({ argv: script(STUBBORN), graceMs: 300 }, host);
    await waitFor(async () => (await readLog()).includes('ready'));
    run.stop('now');
    expect(await run.done).toMatchObject({ kind: 'asked', signal: 'SIGKILL' });
  });

  it('lets a program end by itself at the end of its stream, and then calls that an exit', async () => {
    const out = tempDir('out');
    const code = `require('fs').watch('.', () => process.exit(0)); console.log('ready'); ${STAY}`;
    const { run, readLog } = startRun({ argv: script(code), out }, host);
    await waitFor(async () => (await readLog()).includes('ready'));
    run.stop('afterEof');
    writeFileSync(join(out, 'eof'), '');
    expect(await run.done).toMatchObject({ kind: 'exit', exit: 0 });
  });

  it('ends a program that does not end by itself at the end of its stream', async () => {
    const code = `process.on('SIGTERM', () => process.exit(255)); console.log('ready'); ${STAY}`;
    const { run, readLog } = startRun({ argv: script(code) }, host);
    await waitFor(async () => (await readLog()).includes('ready'));
    run.stop('afterEof');
    expect(await run.done).toMatchObject({ kind: 'asked', exit: 255 });
  });

  it('tells at once why a program cannot be started', async () => {
    const out = tempDir('out');
    writeFileSync(join(out, 'plain'), 'text');
    writeFileSync(join(out, 'orphan-script'), '#!/nowhere/interpreter\n');
    chmodSync(join(out, 'orphan-script'), 0o755);
    mkdirSync(join(out, 'folder'));
    for (const [program, text] of [
      ['no-such-program', 'ENOENT'],
      ['./no-such-program', 'ENOENT'],
      ['', 'ENOENT'],
      ['./plain', 'EACCES'],
      ['./folder', 'EACCES'],
      ['./orphan-script', 'ENOENT'],
    ] as const) {
      const { run } = startRun({ argv: [program], out }, host);
      expect([program, await run.done]).toEqual([program, expect.objectContaining({ kind: 'spawn', text })]);
    }
    const nowhere = startRun({ argv: ['true'], out: join(out, 'gone') }, host);
    expect(await nowhere.run.done).toMatchObject({ kind: 'spawn', text: 'ENOENT' });
    const zero = startRun({ argv: ['true', 'a\0b'], out }, host);
    expect(await zero.run.done).toMatchObject({ kind: 'spawn', text: 'ERR_INVALID_ARG_VALUE' });
    const large = startRun({ argv: ['true', 'x'.repeat(1 << 20)], out }, host);
    expect(await large.run.done).toMatchObject({ kind: 'spawn', text: 'E2BIG' });
  });

  it('masks secrets in the log, its tail and what is shown of the command', async () => {
    const secret = 'ticket-0123456789abcdef';
    const code = `
      const s = argv[0];
      process.stdout.write('a ' + s.slice(0, 9));
      setTimeout(() => process.stdout.write(s.slice(9) + ' b\\n' + encodeURIComponent(s) + '\\n'), 50);
      console.error('url ' + argv[1]);`;
    const url = `rtmp://127.0.0.1/live/cam?jt=${secret}`;
    const { run, readLog } = startRun({ argv: script(code, secret, url), secrets: [secret, url] }, host);
    const { logTail } = await run.done;
    expect(run.shown.slice(-2)).toEqual(['***', '***']);
    for (const text of [await readLog(), logTail!]) {
      expect(text).toContain('a *** b\n');
      expect(text).not.toContain('0123456789');
    }
  });
});

describe.each(ways)('a runner that is killed, with a run by $by', ({ host }) => {
  /** Starts a runner in a process of its own, and waits until its run has printed `ready`. */
  async function startRunner(argv: readonly string[], more: object = {}): Promise<{ runner: Child; log: string }> {
    const logFolder = tempDir('runner-log');
    const order = { argv, env: {}, graceMs: 60_000, stallMs: 0, timeLimitMs: 0, limits: {}, runId: newMark() };
    const json = JSON.stringify({ order, logFolder, ...host, ...more });
    const runner = new Child([process.execPath, SMALL_RUNNER, join(repository(), 'dist'), json]);
    await runner.waitForOutput(/^run \d+$/m);
    const log = join(logFolder, '0.log');
    await waitFor(() => existsSync(log) && readFileSync(log, 'utf8').includes('ready'));
    return { runner, log };
  }

  it('leaves no program behind, whatever that does with signals', async () => {
    const mark = newMark();
    const { runner } = await startRunner(script(STUBBORN, mark));
    // The runner is one of them: it has the order in its command line.
    expect(processesWith(mark).length).toBeGreaterThanOrEqual(2);
    runner.signal('SIGKILL');
    await runner.exited;
    await waitFor(() => processesWith(mark).length === 0);
  });

  it('has what its program had started killed when it starts again', async () => {
    const mark = newMark();
    const pidFolder = tempDir('pids');
    const family = `
      const { spawn } = require('child_process');
      for (const detached of [false, true]) {
        spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}, argv[0]], { stdio: 'inherit', detached });
      }
      ${STAY}`;
    const { runner } = await startRunner(script(family, mark), { pidFolder });
    await waitFor(() => processesWith(mark).length >= 4);
    // The runner lives: whoever looks now, leaves its run alone.
    expect(await new PidFiles(pidFolder).killOrphans()).toEqual([]);
    expect(readdirSync(pidFolder)).toHaveLength(1);
    runner.signal('SIGKILL');
    await runner.exited;
    const stranger = startRun({ argv: script(STAY, 'stranger'), runId: 'another' });
    const orphans = await new PidFiles(pidFolder).killOrphans();
    expect(orphans).toMatchObject([{ jobId: 'stream/template', attempt: 1, token: 7 }]);
    await waitFor(() => processesWith(mark).length === 0);
    expect(readdirSync(pidFolder)).toEqual([]);
    expect(processesWith('stranger')).toContain(stranger.run.pid);
  });
});

describe('a run', () => {
  it('that makes no progress is ended as stalled', async () => {
    const { run } = startRun({ argv: script(STAY, 'pipe:3'), stallMs: 600 });
    expect(await run.done).toMatchObject({ kind: 'stall', signal: 'SIGTERM' });
  });

  it('stalls no more while progress is not expected', async () => {
    const { run } = startRun({ argv: script(STAY, 'pipe:3'), stallMs: 600, timeLimitMs: 2500 });
    run.expectProgress(false);
    expect(await run.done).toMatchObject({ kind: 'time_limit' });
  });

  it('does not stall with progress, a file that grows, or one that is replaced', async () => {
    const works = [
      `let n = 0; setInterval(() => require('fs').writeSync(3, 'frame=' + ++n + '\\nprogress=continue\\n'), 100);`,
      `setInterval(() => require('fs').appendFileSync('file', 'x'), 100);`,
      `setInterval(() => require('fs').writeFileSync('file', 'x'), 100);`,
    ];
    const runs = works.map((code) =>
      // A folder is looked at after one second without progress, and then once a second.
      startRun({ argv: script(code), out: tempDir('out'), stallMs: 3500, timeLimitMs: 6000 }),
    );
    const ends = await Promise.all(runs.map(({ run }) => run.done));
    expect(ends.map(({ kind }) => kind)).toEqual(['time_limit', 'time_limit', 'time_limit']);
  });

  it('is not judged for progress where none can be seen', async () => {
    const { run } = startRun({ argv: script(STAY), stallMs: 300, timeLimitMs: 1500 });
    expect(await run.done).toMatchObject({ kind: 'time_limit' });
  });

  it('that prints without end costs bounded disk and memory, and goes on', async () => {
    const out = tempDir('out');
    // Each round is half a MiB; the file says how many it got rid of.
    const code = `
      const fs = require('fs'); const part = Buffer.from(('x'.repeat(127) + '\\n').repeat(4096));
      for (let n = 1; ; n++) { fs.writeSync(1, part); fs.writeFileSync('rounds', String(n)); }`;
    const { run, readLog } = startRun({ argv: script(code), out });
    await waitFor(() => existsSync(join(out, 'rounds')));
    const rounds = (): number => Number(readFileSync(join(out, 'rounds'), 'utf8'));
    await waitFor(() => rounds() >= 16, { timeoutMs: 60_000, progress: rounds });
    run.stop('kill');
    await run.done;
    const log = await readLog();
    expect(log.length).toBeLessThan(7 << 20);
    expect(log).toContain('[sluice] the middle of the log was left out here\n');
  });

  it('of ffmpeg tells its progress, and finishes its file when it is asked to stop', async () => {
    const out = tempDir('out');
    const source = ['-f', 'lavfi', '-re', '-i', 'testsrc2=s=64x64:r=25', '-c:v', 'libx264', '-preset', 'ultrafast'];
    const argv = [
      'ffmpeg',
      '-hide_banner',
      '-nostdin',
      ...source,
      '-progress',
      'pipe:3',
      '-stats_period',
      '0.1',
      'part.mp4',
    ];
    const { run } = startRun({ argv: argv as [string, ...string[]], out, stallMs: 20_000 });
    await waitFor(() => (run.progress.outTimeMs ?? 0) > 500);
    expect(run.progress).toMatchObject({
      dupFrames: 0,
      dropFrames: 0,
      fps: expect.any(Number),
      speed: expect.any(Number),
    });
    run.stop('now');
    expect(await run.done).toMatchObject({ kind: 'asked', exit: 255, logTail: expect.stringContaining('libx264') });
    const [video] = await probeStreams(join(out, 'part.mp4'));
    expect(video).toMatchObject({ codec_name: 'h264', width: 64 });
  });

  it('leaves the rest of its group the time to end that was given to the program', async () => {
    const out = tempDir('out');
    const slow = `process.on('SIGTERM', () => setTimeout(() => {
        require('fs').writeFileSync('trailer', ''); process.exit(0); }, 1500));
      console.log('ready'); ${STAY}`;
    const code = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(slow)}], { stdio: 'inherit' }); ${STAY}`;
    const { run, readLog } = startRun({ argv: script(code), out, graceMs: 30_000 });
    await waitFor(async () => (await readLog()).includes('ready'));
    run.stop('now');
    expect(await run.done).toMatchObject({ kind: 'asked', signal: 'SIGTERM' });
    expect(existsSync(join(out, 'trailer'))).toBe(true);
  });

  it('takes along at its end what its program has left running', async () => {
    const mark = newMark();
    const code = `
      require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}, argv[0]], { stdio: 'inherit' });
      process.exit(0);`;
    const { run } = startRun({ argv: script(code, mark) });
    expect(await run.done).toMatchObject({ kind: 'exit', exit: 0 });
    expect(processesWith(mark)).toEqual([]);
  });

  it('is stopped for good although a process that left its group holds its outputs', async () => {
    const mark = newMark();
    const code = `
      require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(STAY)}, argv[0]], { detached: true, stdio: 'inherit' });
      setTimeout(() => process.exit(0), 100);`;
    const { run } = startRun({ argv: script(code, mark) });
    expect(await run.done).toMatchObject({ kind: 'exit', exit: 0 });
    for (const pid of processesWith(mark)) process.kill(pid, 'SIGKILL');
  });

  it('runs within limits', async () => {
    const out = tempDir('out');
    const argv = ['/bin/sh', '-c', 'ulimit -v > limits; nice >> limits; ionice >> limits'] as const;
    const { run } = startRun({ argv: [...argv], out, limits: { memoryBytes: 1 << 30, nice: 5, ionice: 3 } });
    expect(await run.done).toMatchObject({ kind: 'exit', exit: 0 });
    expect(readFileSync(join(out, 'limits'), 'utf8')).toMatch(
      new RegExp(`^1048576\\n${Math.min(19, getPriority() + 5)}\\nidle`),
    );
  });

  it('is not started without its limits', async () => {
    const { run, readLog } = startRun({ argv: ['true'], limits: { nice: 5 } }, { toolPath: NO_TOOLS });
    expect(await run.done).toMatchObject({ kind: 'spawn', text: 'ENOENT' });
    expect(await readLog()).toContain('nice, which the limits need');
  });
});
