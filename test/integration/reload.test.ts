import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { createServer } from '../../src/server/server.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const folders: string[] = [];
const servers: TestServer[] = [];
const clients: RawRtmp[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) await server.stop();
  for (const made of folders.splice(0)) removeTempDir(made);
});

function rule(key: string): string {
  const sha256 = createHash('sha256').update(key).digest('hex');
  return `auth: {rules: [{name: r, match: {action: publish}, key: {sha256: "${sha256}"}, decision: allow}]}`;
}

/** A server with a configuration file that can be written again. */
async function configured(content: string) {
  const made = tempDir('reload');
  folders.push(made);
  const path = join(made, 'sluice.yaml');
  writeFileSync(path, content);
  const server = await spawnServer({ config: path, logLevel: null });
  servers.push(server);
  const read = async (times: number): Promise<void> => {
    await waitFor(() => server.logLines('the settings were read again').length >= times, {
      timeoutMs: 15_000,
      what: () => `${times} reloads\n${server.child.output.slice(-2000)}`,
    });
  };
  return { server, path, read, write: (text: string) => writeFileSync(path, text) };
}

/** Publishes; resolves with whether that was accepted. */
async function publishes(server: TestServer, name: string, key: string): Promise<boolean> {
  const client = await RawRtmp.connected({ port: server.rtmpPort });
  clients.push(client);
  const id = await client.createStream();
  client.command(id, 'publish', 0, null, `${name}?key=${key}`, 'live');
  const isAnswer = (code: unknown): boolean => /^NetStream\.Publish\.(?:Start|Rejected)$/.test(String(code));
  const answer = await client.expect(
    ({ values }) => values[0] === 'onStatus' && isAnswer((values.at(-1) as { code?: string }).code),
    'the answer to publish',
  );
  return JSON.stringify(answer.values).includes('Publish.Start');
}

describe('settings that are read again', () => {
  it('swap a key at SIGHUP, and leave the stream that runs alone', async () => {
    const { server, write, read } = await configured(`${rule('old-key-1')}\nnode: {watchConfig: false}`);
    expect(await publishes(server, 'one', 'old-key-1')).toBe(true);
    expect(await publishes(server, 'two', 'new-key-2')).toBe(false);
    write(`${rule('new-key-2')}\nnode: {watchConfig: false}`);
    server.child.signal('SIGHUP');
    await read(1);
    expect(await publishes(server, 'two', 'new-key-2')).toBe(true);
    expect(await publishes(server, 'three', 'old-key-1')).toBe(false);
    expect((await server.streams()).map(({ name }) => name).sort()).toEqual(['one', 'two']);
    expect(server.child.output).not.toMatch(/(?:old|new)-key/);
  });

  it('change when another file takes the place of theirs, without a signal', async () => {
    const { server, path, read } = await configured('log: {level: info}');
    writeFileSync(`${path}.new`, 'log: {level: debug}');
    renameSync(`${path}.new`, path);
    await read(1);
    await RawRtmp.connected({ port: server.rtmpPort }).then((client) => clients.push(client));
    await waitFor(() => server.logLines('"level":"debug"').length > 0, { what: 'a line of level debug' });
  });

  it('stay as they are when the file is broken, for one line in the log', async () => {
    const { server, write, read } = await configured('log: {level: info}');
    write('log: {level: [');
    await waitFor(() => server.logLines('ERR_CONFIG_FILE_SYNTAX').length > 0, { timeoutMs: 15_000, what: 'the line' });
    write('play: {lingerMs: 1}');
    await read(1);
    expect(server.logLines('ERR_CONFIG_FILE_SYNTAX')).toHaveLength(1);
    const config = (await (await fetch(server.http('/v1/config'))).json()) as { config: Record<string, object> };
    expect(config.config['play.lingerMs']).toMatchObject({ value: 1, reload: 'live' });
  });

  it('are read a few times only when the file is written a thousand times', async () => {
    const { server, write } = await configured('play: {lingerMs: 1}');
    for (let i = 0; i < 1000; i++) {
      write(`play: {lingerMs: ${i}}`);
      if (i % 10 === 0) server.child.signal('SIGHUP');
    }
    write('play: {lingerMs: 12345}');
    const shown = async (): Promise<unknown> => (await fetch(server.http('/v1/config'))).text();
    await waitFor(async () => String(await shown()).includes('12345'), { timeoutMs: 15_000, what: 'the last value' });
    // A signal that comes while one waits is the same one, so there are at most as many as signals.
    expect(server.logLines('the settings were read again').length).toBeLessThan(110);
    expect(server.child.exit).toBeUndefined();
  });

  it('are set by a patch, whole or not at all, and only over the revision that was seen', async () => {
    const { server } = await configured('log: {level: info}');
    const patch = async (body: object, revision?: string) => {
      const headers = {
        'content-type': 'application/json',
        ...(revision === undefined ? {} : { 'if-match': revision }),
      };
      const answer = await fetch(server.http('/v1/config'), { method: 'PATCH', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const first = await patch({ log: { level: 'debug' } });
    expect(first).toMatchObject({ status: 200, body: { ok: true, changed: ['log.level'] } });
    expect(await patch({ log: { level: 'warn' } }, 'another')).toMatchObject({
      ...{ status: 409, body: { code: 'ERR_CTL_CONFLICT', revision: first.body['revision'] } },
    });
    expect(await patch({ log: { level: 'warn' }, data: './elsewhere' })).toMatchObject({
      ...{ status: 409, body: { code: 'ERR_CTL_NEEDS_RESTART', keys: ['data'] } },
    });
    const shown = (await (await fetch(server.http('/v1/config'))).json()) as { config: Record<string, object> };
    expect(shown.config['log.level']).toMatchObject({ value: 'debug', source: 'config.set' });
    await patch({ log: { level: 'info' } }, String(first.body['revision']));
  });
});

describe('settings that hold at once', () => {
  it('hide names that are keys from traces and captures, and give a shutdown more time', async () => {
    const data = tempDir('live-settings');
    folders.push(data);
    const dir = join(data, 'captures');
    const given = { data, capture: { dir }, rtmp: { listen: '127.0.0.1:0' }, http: { listen: '127.0.0.1:0' } };
    const server = await createServer(given, { log: silentLogger });
    try {
      expect([server.hidesNames, server.closeMs]).toEqual([false, 4000]);
      const patch = { auth: { nameIsKey: ['live'] }, shutdown: { deadlineMs: 60_000 } };
      const response = await fetch(`http://127.0.0.1:${server.httpAddress!.port}/v1/config`, {
        ...{ method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify(patch) },
      });
      expect(response.status).toBe(200);
      expect([server.hidesNames, server.closeMs]).toEqual([true, 60_000]);
      const client = await RawRtmp.connected({ port: server.rtmpAddress.port });
      clients.push(client);
      client.command(0, 'FCPublish', 0, null, 'hunter2SECRET');
      // A header of a chunk stream that nothing has begun.
      client.send(Buffer.from([0xc7]), Buffer.alloc(16));
      await client.gone();
      const name = await waitFor(() => readdirSync(dir)[0], { what: 'a capture' });
      const isWritten = (): boolean => readFileSync(join(dir, name), 'latin1').includes('FCPublish');
      await waitFor(isWritten, { what: 'the whole capture' });
      expect(readFileSync(join(dir, name), 'latin1')).not.toContain('hunter2');
    } finally {
      await server.close();
    }
  });
});
