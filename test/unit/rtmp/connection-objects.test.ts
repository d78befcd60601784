import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { amf } from '../../support/amf.js';
import { ListenerHarness } from '../../support/rtmp/listener-harness.js';
import { RawRtmp } from '../../support/rtmp-client.js';
import { objectEvents, sendObject, setSlot } from '../../support/shared-objects/raw-objects.js';

let harness: ListenerHarness;
beforeEach(async () => {
  harness = await ListenerHarness.open();
});
afterEach(() => harness.close());

const kinds = (client: RawRtmp, name = 'chat'): string[] => objectEvents(client, name).map(({ kind }) => kind);

async function user(name = 'chat'): Promise<RawRtmp> {
  const client = await harness.client();
  sendObject(client, name, [{ kind: 'use' }]);
  await harness.until(() => kinds(client, name).includes('clear'), 'the use');
  return client;
}

/** Waits until a client has been closed for a code. */
async function closedFor(client: RawRtmp, code: string): Promise<void> {
  await harness.until(() => client.closed, 'the close');
  await harness.until(() => harness.closes.length > 0, 'the report');
  expect(harness.closes).toEqual([code]);
}

describe('the shared objects of a connection', () => {
  it('are used, changed, and let go of', async () => {
    const [ann, bob] = [await user(), await user()];
    setSlot(ann, 'chat', 'x', amf(1));
    await harness.until(() => kinds(bob).includes('change'), 'the change');
    expect(objectEvents(bob, 'chat').at(-1)).toEqual({ kind: 'change', slots: [{ name: 'x', value: amf(1) }] });
    expect(kinds(ann)).toEqual(['useSuccess', 'clear', 'success']);
    sendObject(ann, 'chat', [{ kind: 'release' }]);
    setSlot(ann, 'chat', 'x', amf(2));
    await harness.until(() => harness.drops.includes('object_unused:1!'), 'the drop');
    expect(harness.objects.find('live', 'chat')?.users).toBe(1);
    bob.destroy();
    await harness.until(() => harness.objects.size === 0, 'the object to be freed');
  });

  it('begin, change and end in one message, in that order', async () => {
    const client = await harness.client();
    const slots = [{ name: 'x', value: amf(1) }];
    sendObject(client, 'chat', [{ kind: 'use' }, { kind: 'requestChange', slots }, { kind: 'release' }]);
    await harness.until(() => kinds(client).length === 3, 'the answers');
    expect([kinds(client), harness.objects.size]).toEqual([['useSuccess', 'clear', 'success'], 0]);
  });

  it('are answered in messages of type 16 to a client that sends those', async () => {
    const client = await harness.client();
    sendObject(client, 'chat', [{ kind: 'use' }], { isAmf3: true });
    await harness.until(() => kinds(client).includes('clear'), 'the use');
    expect(client.received.filter(({ type }) => type === 19)).toEqual([]);
    expect(client.received.find(({ type }) => type === 16)?.payload[0]).toBe(0);
  });

  it('are refused with a status', async () => {
    const client = await harness.client();
    sendObject(client, 'bad name', [{ kind: 'use' }]);
    await harness.until(() => kinds(client, 'bad name').length > 0, 'the answer');
    const status = { kind: 'status', code: 'SharedObject.NoReadAccess', level: 'error' };
    expect(objectEvents(client, 'bad name')).toEqual([status]);
    expect(client.closed).toBe(false);
  });

  it('are as many as maxObjectsPerConnection, and places are free again', async () => {
    const client = await harness.client();
    for (let i = 0; i <= 16; i++) sendObject(client, `n${i}`, [{ kind: 'use' }]);
    await harness.until(() => kinds(client, 'n16').length > 0, 'the last answer');
    expect([kinds(client, 'n15'), kinds(client, 'n16')]).toEqual([['useSuccess', 'clear'], ['status']]);
    sendObject(client, 'n3', [{ kind: 'release' }]);
    sendObject(client, 'n16', [{ kind: 'use' }]);
    await harness.until(() => kinds(client, 'n16').length > 1, 'the answer');
    expect([kinds(client, 'n16'), harness.objects.size]).toEqual([['status', 'useSuccess', 'clear'], 16]);
  });

  it('keep a connection in use, until the last is let go of', async () => {
    const client = await user();
    expect(harness.listener.idle).toBe(0);
    sendObject(client, 'chat', [{ kind: 'release' }]);
    await harness.until(() => harness.listener.idle === 1, 'the connection to be idle');
  });

  it('let a connection send more than one that does nothing may, at the rate of a player', async () => {
    const client = await user();
    client.setChunkSize(65_536);
    const value = amf('x'.repeat(20_000));
    for (let i = 0; i < 32; i++) setSlot(client, 'chat', 'x', value);
    await harness.until(() => kinds(client).length === 34, 'the answers');
    setSlot(client, 'chat', 'x', value);
    await closedFor(client, 'ERR_LIMIT_INBOUND_RATE');
  });

  it('end a connection that sends more than messagesPerSecond allows, and not one that sends just that', async () => {
    const client = await user();
    for (let i = 0; i < 119; i++) setSlot(client, 'chat', 'x', amf(i));
    await harness.until(() => kinds(client).length === 121, 'the answers');
    setSlot(client, 'chat', 'x', amf(0));
    await closedFor(client, 'ERR_LIMIT_OBJECT_RATE');
    expect(harness.objects.size).toBe(0);
  });

  it('cannot be read: such a message is dropped, and the connection goes on', async () => {
    const client = await user();
    client.message(19, Buffer.from('0004636861740000', 'hex'));
    client.message(16, Buffer.alloc(0));
    await harness.until(() => harness.drops.length > 0, 'the drop');
    setSlot(client, 'chat', 'x', amf(1));
    await harness.until(() => kinds(client).includes('success'), 'the answer');
    expect(harness.drops[0]).toBe('object_unreadable:1!');
  });

  it('before connect end the connection', async () => {
    const client = harness.keep(await RawRtmp.shaken({ port: harness.port }));
    sendObject(client, 'chat', [{ kind: 'use' }]);
    await closedFor(client, 'ERR_SESSION_NOT_CONNECTED');
  });
});
