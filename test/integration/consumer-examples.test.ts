import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Child, run } from '../support/child.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { repository } from '../support/repository.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { goWithNats, type Program, pythonWithNats } from '../support/toolchains.js';
import { ffmpegPublish, sluice } from '../support/tools.js';

const examples = join(repository(), 'examples');
let folder = '';
let nats: NatsServer;
let server: TestServer;
const closing: (() => unknown)[] = [];

/** An example in a folder from which it finds its packages, at the NATS server of this test. */
function placed(name: string): string {
  const path = join(folder, basename(name));
  const text = readFileSync(join(examples, name), 'utf8');
  expect(text).toContain('127.0.0.1:4222');
  writeFileSync(path, text.replaceAll('127.0.0.1:4222', `127.0.0.1:${nats.port}`));
  return path;
}

/** An example in TypeScript, as JavaScript. */
async function translated(name: string): Promise<string> {
  const output = join(folder, `${basename(name, '.ts')}.mjs`);
  const esbuild = join(repository(), 'node_modules/.bin/esbuild');
  await run([esbuild, placed(name), '--format=esm', '--log-level=error', `--outfile=${output}`]);
  return output;
}

function started(program: Program): Child {
  const child = new Child(program.command, { cwd: folder, env: program.env });
  closing.push(() => child.stop('SIGKILL'));
  return child;
}

/** One short stream. */
async function published(name: string): Promise<void> {
  const publisher = sluice('publish', '--fast', join(folder, 'video.flv'), server.url(name));
  expect((await publisher.finish(20_000)).code).toBe(0);
}

beforeAll(async () => {
  folder = tempDir('consumers');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(repository(), join(folder, 'node_modules/sluice'));
  symlinkSync(join(repository(), 'node_modules/nats'), join(folder, 'node_modules/nats'));
  cpSync(await media('h264-aac.flv'), join(folder, 'video.flv'));
  nats = await startNats();
  server = await spawnServer({ nats: nats.url, settings: { 'publish.stallAfterMs': 300 } });
  await published('before');
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  await server.stop();
  await nats.stop();
  removeTempDir(folder);
});

describe('the consumers of docs/events-from-nothing.md', () => {
  it.each([
    ['Node', 'consumer.mjs', async (script: string): Promise<Program> => ({ command: ['node', script], env: {} })],
    ['Python', 'consumer.py', pythonWithNats],
    ['Go', 'consumer.go', goWithNats],
  ] as const)(
    'in %s tell in order what was before them, where the language is there',
    async (language, name, prepare) => {
      const program = await prepare(placed(`consumers/${name}`), folder);
      if (program === undefined) {
        process.stderr.write(`${language} or its package for NATS is not there\n`);
        return;
      }
      const child = started(program);
      await child.waitForOutput(/stream\.ended live\/before client_unpublish/, 20_000);
      const types = [...child.stdout.matchAll(/io\.sluice\.(stream\.\w+) live\/before/g)].map(([, type]) => type);
      expect(types).toEqual(['stream.started', 'stream.ready', 'stream.ended']);
    },
  );
});

describe('the programs of the recipes', () => {
  it('bill each stream once, also when they are started again', async () => {
    const program = { command: ['node', await translated('recipes/bill.ts')], env: {} };
    const first = started(program);
    await first.waitForOutput(/live\/before \d+ min/, 20_000);
    await first.stop('SIGINT');
    await published('after');
    await started(program).waitForOutput(/live\/after \d+ min/, 20_000);
    const lines = readFileSync(join(folder, 'ledger.jsonl'), 'utf8').trim().split('\n');
    const entries = lines.map((line) => JSON.parse(line) as { customer: string; isExact: boolean });
    expect(entries.map(({ customer, isExact }) => [customer, isExact])).toEqual([
      ['live/before', true],
      ['live/after', true],
    ]);
  });

  it('tell that a camera is silent, and that it has a picture again', async () => {
    const alert = started({ command: ['node', await translated('recipes/alert.ts')], env: { CAMERAS: 'live/eye' } });
    await alert.waitForOutput(/^watching$/m, 20_000);
    const camera = ffmpegPublish(await media('long.flv'), server.url('eye'));
    closing.push(() => camera.stop('SIGKILL'));
    const events = sluice('events', '--http', `127.0.0.1:${server.httpPort}`);
    closing.push(() => events.stop('SIGKILL'));
    await events.waitForOutput(/live\/eye {2}avc1/, 20_000);
    camera.signal('SIGSTOP');
    await alert.waitForOutput(/live\/eye is silent: no video/, 20_000);
    camera.signal('SIGCONT');
    await alert.waitForOutput(/live\/eye has video again/, 20_000);
    expect(alert.output).not.toContain('is not there');
  });
});
