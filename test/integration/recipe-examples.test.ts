import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { media } from '../support/media.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { repository } from '../support/repository.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { ffmpegPublish, sluice } from '../support/tools.js';

let folder = '';
let nats: NatsServer;
let server: TestServer;
const closing: (() => unknown)[] = [];

/** An example as JavaScript, in a folder from which it finds its packages, at the NATS server of this test. */
async function translated(name: string): Promise<string> {
  const text = readFileSync(join(repository(), 'examples/recipes', name), 'utf8');
  expect(text).toContain('127.0.0.1:4222');
  const { code } = await transform(text.replaceAll('127.0.0.1:4222', `127.0.0.1:${nats.port}`), { loader: 'ts' });
  const output = join(folder, `${basename(name, '.ts')}.mjs`);
  writeFileSync(output, code);
  return output;
}

function started(script: string, env: Record<string, string> = {}): Child {
  const child = new Child([process.execPath, script], { cwd: folder, env });
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

describe('the programs of the recipes', () => {
  it('bill each stream once, also when they are started again', async () => {
    const program = await translated('bill.ts');
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
    const alert = started(await translated('alert.ts'), { CAMERAS: 'live/eye' });
    await alert.waitForOutput(/^watching$/m, 20_000);
    const camera = ffmpegPublish(await media('long.flv'), server.url('eye'));
    closing.push(() => camera.stop('SIGKILL'));
    await server.ready('eye');
    camera.signal('SIGSTOP');
    await alert.waitForOutput(/live\/eye is silent: no video/, 20_000);
    camera.signal('SIGCONT');
    await alert.waitForOutput(/live\/eye has video again/, 20_000);
    expect(alert.output).not.toContain('is not there');
  });
});
