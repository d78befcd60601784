import { beforeEach, describe, expect, it } from 'vitest';
import { NameRegistry } from '../../../src/cluster/name-registry.js';
import type { OwnerValue } from '../../../src/cluster/owner-value.js';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';
import { FakeJetStream, natsErrors } from '../../support/fake-jetstream.js';

const OF = { app: 'live', name: 'a.b c' };
/** Its key: names are escaped as those of streams are. */
const KEY = 'live.a=2Eb=20c';
const MADE = '2025-01-01T00:00:00Z';
const VALUE: OwnerValue = {
  ...{ state: 'live', nodeId: 'a', bootId: 'b', streamId: 's' },
  ...{ principalHash: '', claimedAt: MADE, nonce: 'n' },
};

let server: FakeJetStream;
let isWritable: boolean;
let isConnected: boolean;
let registry: NameRegistry;

beforeEach(() => {
  server = new FakeJetStream();
  isWritable = true;
  isConnected = true;
  const { connection } = server;
  registry = new NameRegistry({
    replicas: 1,
    answerTimeout: new AnswerTimeout(2000, 5000),
    connection: () => (isConnected ? connection : undefined),
    writable: () => (isConnected && isWritable ? connection : undefined),
  });
});

describe('the registry of names', () => {
  it('tells which names it holds, and leaves out keys that no name has', async () => {
    expect(await registry.write(OF, VALUE, 0)).toMatchObject({ kind: 'ok' });
    for (const key of ['one', 'a.b.c', 'a.=zz', 'a.']) server.write('SLUICE_OWNERS', key, {});
    expect(await registry.names()).toEqual([OF]);
    isConnected = false;
    expect(await registry.names()).toBeUndefined();
  });

  it('is made when it is missing, and says which one it is', async () => {
    expect(await registry.look()).toBe(MADE);
    expect(registry.created).toBe(MADE);
    expect(server.streams.has('KV_SLUICE_OWNERS')).toBe(true);
  });

  it('takes one request for a write once it is known', async () => {
    await registry.look();
    const { length } = server.asked;
    expect(await registry.write(OF, VALUE, 0)).toEqual({ kind: 'ok', epoch: { registry: MADE, revision: 1 } });
    expect(server.asked.slice(length)).toEqual([`$KV.SLUICE_OWNERS.${KEY}`]);
    expect(await registry.read(OF)).toEqual({ kind: 'held', value: VALUE, epoch: { registry: MADE, revision: 1 } });
  });

  it('lets one of two writes through that expect the same', async () => {
    expect(await registry.write(OF, VALUE, 0)).toMatchObject({ kind: 'ok' });
    expect(await registry.write(OF, VALUE, 0)).toEqual({ kind: 'conflict' });
    expect(await registry.write(OF, VALUE, 1)).toMatchObject({ kind: 'ok', epoch: { revision: 2 } });
  });

  it('tells the revision of a name that was deleted, and of one that holds something else', async () => {
    await registry.write(OF, VALUE, 0);
    server.write('SLUICE_OWNERS', KEY, undefined);
    expect(await registry.read(OF)).toMatchObject({ kind: 'held', value: undefined, epoch: { revision: 2 } });
    expect(await registry.write(OF, VALUE, 0)).toEqual({ kind: 'conflict' });
    server.write('SLUICE_OWNERS', KEY, { some: 'thing' });
    expect(await registry.read(OF)).toMatchObject({ kind: 'held', value: undefined, epoch: { revision: 3 } });
    expect(await registry.write(OF, VALUE, 3)).toMatchObject({ kind: 'ok' });
  });

  it('reads and does not write while this node may be taken for lost', async () => {
    await registry.look();
    isWritable = false;
    const { length } = server.asked;
    expect(await registry.write(OF, VALUE, 0)).toMatchObject({ kind: 'down', isUnsure: false });
    expect(await registry.purge(OF, 1)).toBe(false);
    expect(server.asked).toHaveLength(length);
    expect(registry.trouble).toContain('heartbeats');
    expect(await registry.read(OF)).toMatchObject({ kind: 'held' });
    expect(registry.trouble).toBe('');
  });

  it('is down without a connection', async () => {
    isConnected = false;
    const down = { kind: 'down', isUnsure: false };
    expect([await registry.look(), await registry.read(OF), await registry.write(OF, VALUE, 0)]).toMatchObject([
      ...[down, down, down],
    ]);
    expect(registry.trouble).not.toBe('');
  });

  it.each([
    ['an election of a leader', { err_code: 10008, description: 'temporarily unavailable' }, true],
    ['a bucket that is gone', natsErrors.noResponders(), false],
    ['a disk that is full', { err_code: 10077, description: 'no space left on device' }, false],
    ['a missing permission', natsErrors.denied(), false],
  ])('says after %s whether a write may have been done', async (_name, trouble, isUnsure) => {
    await registry.look();
    server.trouble = (subject) => (subject.startsWith('$KV.') ? trouble : undefined);
    expect(await registry.write(OF, VALUE, 0)).toMatchObject({ kind: 'down', isUnsure });
    server.trouble = () => undefined;
    expect(await registry.write(OF, VALUE, 0)).toMatchObject({ kind: 'ok' });
    expect(registry.trouble).toBe('');
  });

  it('purges a name up to a revision', async () => {
    await registry.write(OF, VALUE, 0);
    expect(await registry.purge(OF, 1)).toBe(true);
    expect(server.asked).toContain('$JS.API.STREAM.PURGE.KV_SLUICE_OWNERS');
  });
});
