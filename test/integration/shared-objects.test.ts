import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SharedObject } from '../../src/client/shared-object.js';
import { amf } from '../support/amf.js';
import { Child } from '../support/child.js';
import { type NatsServer, startNats } from '../support/nats.js';
import { repository } from '../support/repository.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { objectEvents, sendObject, setSlot } from '../support/shared-objects/raw-objects.js';
import { removeTempDir, tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

const SETTINGS = {
  ...{ 'sharedObjects.apps': 'live', 'sharedObjects.persistentApps': 'live' },
  ...{ 'sharedObjects.maxSlotBytes': 20_000, 'sharedObjects.maxObjectBytes': 32_768 },
};

let nats: NatsServer;
let server: TestServer;
const data = tempDir('shared-objects');

const start = (): Promise<TestServer> => spawnServer({ nats: nats.url, settings: SETTINGS, data });
const app = (): string => `rtmp://127.0.0.1:${server.rtmpPort}/live`;

beforeAll(async () => {
  nats = await startNats();
  server = await start();
}, 60_000);
afterAll(async () => {
  await server.stop();
  await nats.stop();
  removeTempDir(data);
});

describe('a shared object', () => {
  it('is the same for two clients and one that comes later, and is told on NATS', async () => {
    const program = await connect({ servers: nats.url });
    const told: string[] = [];
    program.subscribe('sluice.v1.so.live.chat.*', { callback: (_error, { subject }) => told.push(subject) });
    await program.flush();
    const [ann, bob] = [await SharedObject.use(app(), 'chat'), await SharedObject.use(app(), 'chat')];
    const heard: unknown[] = [];
    bob.on('message', (handler, args) => heard.push([handler, ...args]));
    ann.set('topic', 'shared objects');
    ann.set('at', { x: 1.5, list: [1, true, null] });
    ann.send('say', 'hello', 3);
    await waitFor(() => heard.length > 0, { what: 'the message' });
    expect(heard).toEqual([['say', 'hello', 3]]);
    const late = await SharedObject.use(app(), 'chat');
    await waitFor(() => late.entries().length === 2, { what: 'the slots' });
    for (const { copy } of [{ copy: bob }, { copy: late }])
      expect(copy.entries()).toEqual([
        ['topic', 'shared objects'],
        ['at', { x: 1.5, list: [1, true, null] }],
      ]);
    let cleared = 0;
    ann.on('clear', () => cleared++);
    bob.clear();
    await waitFor(() => cleared === 1 && late.entries().length === 0, { what: 'the clear' });
    expect(await server.metric('sluice_shared_objects')).toBe(1);
    await waitFor(() => told.includes('sluice.v1.so.live.chat.changed'), { what: 'the signal' });
    for (const object of [ann, bob, late]) await object.close();
    await waitFor(() => told.includes('sluice.v1.so.live.chat.released'), { what: 'the end on NATS' });
    expect(told[0]).toBe('sluice.v1.so.live.chat.created');
    await program.close();
  });

  it('that is persistent is there again after a restart, and begins anew when its file is torn', async () => {
    const scores = await SharedObject.use(app(), 'scores', { isPersistent: true });
    scores.set('ann', 7);
    scores.set('list', [1, 2, { deep: true }]);
    await scores.close();
    await server.stop();
    server = await start();
    const again = await SharedObject.use(app(), 'scores', { isPersistent: true });
    await waitFor(() => again.entries().length === 2, { what: 'the slots' });
    expect(again.get('list')).toEqual([1, 2, { deep: true }]);
    await expect(SharedObject.use(app(), 'scores')).rejects.toMatchObject({
      code: 'ERR_CLIENT_REJECTED',
      details: { rtmpCode: 'SharedObject.BadPersistence' },
    });
    await again.close();
    await server.stop();
    const folder = join(data, 'shared-objects');
    const file = readdirSync(folder).find((name) => name.endsWith('.so'))!;
    truncateSync(join(folder, file), 40);
    server = await start();
    const anew = await SharedObject.use(app(), 'scores', { isPersistent: true });
    anew.set('bob', 1);
    expect(anew.entries()).toEqual([['bob', 1]]);
    expect(server.logLines('is damaged')).toHaveLength(1);
    await anew.close();
  });

  it('stays what it is while one client floods it, another fills it and a third does not read', async () => {
    const ann = await SharedObject.use(app(), 'game');
    const slow = await RawRtmp.connected({ port: server.rtmpPort });
    sendObject(slow, 'game', [{ kind: 'use' }]);
    await waitFor(() => objectEvents(slow, 'game').length > 1, { what: 'the use' });
    slow.socket.pause();
    const filler = await RawRtmp.connected({ port: server.rtmpPort });
    filler.setChunkSize(65_536);
    sendObject(filler, 'game', [{ kind: 'use' }]);
    for (const [slot, bytes] of [
      ['a', 19_000],
      ['b', 19_000],
      ['c', 20_001],
    ] as const)
      setSlot(filler, 'game', slot, amf('x'.repeat(bytes)));
    const refused = () => objectEvents(filler, 'game').filter(({ kind }) => kind === 'status').length;
    await waitFor(() => refused() === 2, { what: 'the refusals' });
    const flood = await RawRtmp.connected({ port: server.rtmpPort });
    sendObject(flood, 'game', [{ kind: 'use' }]);
    for (let i = 0; i < 200; i++) setSlot(flood, 'game', 'x', amf(i));
    await waitFor(() => flood.closed, { what: 'the flood to be closed' });
    expect(await server.rejections('ERR_LIMIT_OBJECT_RATE')).toBe(1);
    const thousand = await RawRtmp.connected({ port: server.rtmpPort });
    for (let i = 0; i < 100; i++) sendObject(thousand, `o${i}`, [{ kind: 'use' }]);
    await waitFor(() => objectEvents(thousand, 'o99').length > 0, { what: 'the last refusal' });
    expect(await server.metric('sluice_shared_objects')).toBe(17);
    expect(await server.metric('sluice_memory_bytes', 'shared_objects')).toBeLessThan(65_536);
    expect(await server.metric('sluice_shared_object_refusals_total')).toBeGreaterThan(84);
    let changes = 0;
    ann.on('change', () => changes++);
    const bob = await SharedObject.use(app(), 'game');
    bob.set('s0', 1);
    await waitFor(() => ann.get('s0') === 1 && changes > 0, { what: 'the change' });
    slow.socket.resume();
    await waitFor(
      () => slow.closed || objectEvents(slow, 'game').some((e) => e.kind === 'change' && e.slots[0]!.name === 's0'),
      { what: 'the slow one to catch up' },
    );
    for (const client of [slow, filler, thousand]) client.destroy();
    await ann.close();
    await bob.close();
    await waitFor(async () => (await server.metric('sluice_shared_objects')) === 0, { what: 'all to be freed' });
  });
});

describe('the examples of shared objects', () => {
  it('let two people talk, and players see where the others are', async () => {
    const folder = tempDir('examples');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(repository(), join(folder, 'node_modules/sluice'));
    const running: Child[] = [];
    const run = (name: string, argument: string): Child => {
      const text = readFileSync(join(repository(), 'examples', name), 'utf8');
      expect(text).toContain('127.0.0.1:1935');
      writeFileSync(join(folder, name), text.replace('127.0.0.1:1935', `127.0.0.1:${server.rtmpPort}`));
      const child = new Child([process.execPath, join(folder, name), argument], { keepsInput: true });
      running.push(child);
      return child;
    };
    try {
      const ann = run('chat.mjs', 'ann');
      await waitFor(async () => (await server.metric('sluice_shared_objects')) === 1, { what: 'the room' });
      const bob = run('chat.mjs', 'bob');
      await ann.waitForOutput(/^bob is here$/m);
      await bob.waitForOutput(/^ann is here$/m);
      bob.write('hello\n');
      for (const program of [ann, bob]) await program.waitForOutput(/^bob: hello$/m);
      const walker = run('coordinates.mjs', 'walker');
      const watcher = run('coordinates.mjs', 'watcher');
      await watcher.waitForOutput(/^walker \{"x":-?[\d.e-]+,"y":-?[\d.e-]+\}$/m);
      expect((await walker.stop('SIGINT')).code).toBe(0);
      await watcher.waitForOutput(/^walker has left$/m);
    } finally {
      for (const child of running) await child.stop('SIGKILL');
      removeTempDir(folder);
    }
  });
});
