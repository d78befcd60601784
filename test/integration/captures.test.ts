import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { WASM_ERRORS } from '../../src/wasm/errors.js';
import { readWith } from '../reference/drive.js';
import { Child } from '../support/child.js';
import { hex } from '../support/conformance/hex.js';
import { builtCli, repository } from '../support/repository.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer } from '../support/server.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const SECRET = 'hunter2SECRET';
/** A fmt 3 header on a chunk stream that nothing has begun. */
const STRAY = Buffer.from([0xc7]);
const { vectorOf } = (await import(pathToFileURL(join(repository(), 'scripts/vector.mjs')).href)) as {
  vectorOf(file: Buffer, name: string): Promise<string>;
};
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a client that breaks the protocol', () => {
  it.each([
    ['at once', 0, 0],
    ['behind a megabyte of media', 1000, 900_000],
  ])('%s leaves a capture whose reading names the byte, and no key', async (_, frames, least) => {
    const dir = tempDir('captures');
    const server = await spawnServer({ settings: { 'capture.dir': dir } });
    closing.push(() => server.child.stop('SIGKILL'));
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    closing.push(() => client.destroy());
    const streamId = await client.createStream();
    client.command(streamId, 'publish', 0, null, `cam1?key=${SECRET}`, 'live');
    await client.status('NetStream.Publish.Start');
    for (let i = 0; i < frames; i++) {
      client.message(9, Buffer.alloc(1000, 0x27), { timestamp: i, messageStreamId: streamId });
      if (i % 25 === 0) client.command(streamId, 'secret', 0, null, SECRET);
    }
    const sent = client.socket.bytesWritten;
    client.send(STRAY, Buffer.from(`publish ${SECRET}`));
    await client.gone();
    const line = await waitFor(() => server.logLines('a capture was written')[0], { what: 'the line of the log' });
    const [name] = readdirSync(dir);
    const path = join(dir, name!);
    expect(JSON.parse(line)).toMatchObject({ code: 'ERR_CHUNK_FRESH_HEADER', path });
    const file = readFileSync(path, 'latin1');
    expect(file).not.toContain(SECRET.slice(-6));
    expect(file.length).toBeLessThan(75_000);
    const inspect = new Child([process.execPath, builtCli(), 'inspect', path]);
    await inspect.finish(20_000);
    expect(inspect.exit?.code).toBe(1);
    expect(inspect.stdout).toContain(`FAULT ERR_CHUNK_FRESH_HEADER at byte ${sent}:`);
    expect(inspect.stdout).toContain('# closed with ERR_CHUNK_FRESH_HEADER');
    const from = Number(/^# bytes (\d+) to/m.exec(inspect.stdout)?.[1]);
    expect(from).toBeGreaterThanOrEqual(least);
    expect(inspect.output).not.toContain(SECRET.slice(-6));
    const bytes = readFileSync(path);
    if (from > 0) await expect(vectorOf(bytes, 'a client')).rejects.toThrow('the beginning of the connection');
    else {
      // The vector expects no fault, and the module finds the one for which the client was closed.
      const text = await vectorOf(bytes, 'a client');
      expect(text).toContain(`// byte ${sent}: ERR_CHUNK_FRESH_HEADER`);
      expect(text).not.toContain(SECRET.slice(-6));
      const read = hex(/hex\(`([^`]*)`\)/.exec(text)?.[1] ?? '');
      expect(WASM_ERRORS.get(readWith('release', [read]).error)).toBe('ERR_CHUNK_FRESH_HEADER');
    }
    await server.stop();
  });
});
