import { closeSync, constants, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { run } from '../support/child.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

let server: TestServer | undefined;
const opened = new Set<number>();

afterEach(async () => {
  await server?.child.stop('SIGKILL');
  server = undefined;
  for (const fd of opened) closeSync(fd);
  opened.clear();
});

/** A named pipe with a reader that has read nothing yet. */
async function pipe(): Promise<{ path: string; reader: number }> {
  const path = join(tempDir('log'), 'stderr');
  await run(['mkfifo', path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  opened.add(reader);
  return { path, reader };
}

function read(fd: number): string {
  const buffer = Buffer.alloc(1 << 20);
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer));
  } catch {
    return '';
  }
}

/** Makes the server log until it has lost lines: each connection is a line at `debug`. */
async function logUntilLinesAreLost(to: TestServer): Promise<void> {
  await waitFor(
    async () => {
      for (let i = 0; i < 50; i++) {
        await new Promise((resolve) => connect(to.rtmpPort, '127.0.0.1').once('close', resolve).end());
      }
      return (await to.metric('sluice_log_lines_lost_total')) > 0;
    },
    { timeoutMs: 30_000, what: 'lost lines' },
  );
}

async function start(stderr: string): Promise<TestServer> {
  server = await spawnServer({ stderr, logLevel: 'debug', settings: { 'log.bufferBytes': 16_384 } });
  return server;
}

/** A client can publish, and SIGTERM ends the process in order. */
async function expectToServe(to: TestServer): Promise<void> {
  const client = await RawRtmp.connected({ port: to.rtmpPort });
  await client.publish('cam1');
  expect(await to.stream('cam1')).toBeDefined();
  await to.stop();
}

describe('the log', () => {
  it('costs lines and nothing else while its reader is stalled, and tells so when the reader is back', async () => {
    const { path, reader } = await pipe();
    const running = await start(path);
    await logUntilLinesAreLost(running);
    expect(await running.metric('sluice_memory_bytes', 'kind="log_lines"')).toBeLessThanOrEqual(16_384);
    let text = '';
    await waitFor(
      () => {
        text += read(reader);
        return text.includes('log lines were lost');
      },
      { what: () => text.slice(-1000) },
    );
    const lines = text.trim().split('\n').slice(0, -1);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('msg');
    await expectToServe(running);
  });

  it('does not keep the process when its reader is stalled at the end', async () => {
    const { path } = await pipe();
    const running = await start(path);
    await logUntilLinesAreLost(running);
    await expectToServe(running);
  });

  it('goes on when its reader has closed the pipe', async () => {
    const { path, reader } = await pipe();
    const running = await start(path);
    closeSync(reader);
    opened.delete(reader);
    await logUntilLinesAreLost(running);
    await expectToServe(running);
  });

  it('goes on when the disk is full', async () => {
    const running = await start('/dev/full');
    await logUntilLinesAreLost(running);
    await expectToServe(running);
  });

  it('has its last lines when it goes to a file', async () => {
    const path = join(tempDir('log'), 'stderr');
    writeFileSync(path, '');
    const running = await start(path);
    await expectToServe(running);
    expect(readFileSync(path, 'utf8')).toContain('server_drain');
  });
});
