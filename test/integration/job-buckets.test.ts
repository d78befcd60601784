import { afterEach, expect, it } from 'vitest';
import { silentLogger } from '../../src/core/log.js';
import { BucketMirror } from '../../src/jobs/nats/bucket-mirror.js';
import { AnswerTimeout } from '../../src/nats/answer-timeout.js';
import { connectNats } from '../../src/nats/connection.js';
import { startNats } from '../support/nats.js';
import { waitFor } from '../support/wait.js';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Value {
  readonly text: string;
}

/** A copy of one bucket in one of several processes. */
async function mirror(url: string): Promise<BucketMirror<Value>> {
  const connection = await connectNats({ urls: [url] });
  closing.push(() => connection.close());
  const isValue = (value: unknown): value is Value => typeof (value as Partial<Value> | null)?.text === 'string';
  const options = { bucket: 'TEST', description: 'test', replicas: 1, isValue };
  const made = new BucketMirror<Value>(connection, options, new AnswerTimeout(5000, 5000), silentLogger);
  const stopping = new AbortController();
  closing.push(() => stopping.abort());
  void made.follow(stopping.signal);
  await waitFor(() => made.isComplete);
  return made;
}

const never = (): boolean => false;

it('forgets a value that another process has removed without a trace, when it looks for it', async () => {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const [one, two] = [await mirror(nats.url), await mirror(nats.url)];
  for (const key of ['a', 'b']) expect(await one.write(key, { text: key }, 0, never)).toMatchObject({ kind: 'ok' });
  await waitFor(() => two.entries().size === 2);
  const seen = new Map(two.entries());
  const gone: string[] = [];
  two.onChange((key, entry) => {
    if (entry === undefined) gone.push(key);
  });
  for (const [key, { revision }] of seen) await one.purge(key, revision);
  expect(await two.read('a')).toBeUndefined();
  expect(await two.write('b', { text: 'c' }, seen.get('b')?.revision ?? 0, never)).toEqual({ kind: 'conflict' });
  expect([two.entries().size, gone]).toEqual([0, ['a', 'b']]);
  expect(await two.write('b', { text: 'd' }, 0, never)).toMatchObject({ kind: 'ok' });
});

it('leaves a value alone that a later version has written', async () => {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const one = await mirror(nats.url);
  const connection = await connectNats({ urls: [nats.url] });
  closing.push(() => connection.close());
  await connection.request('$KV.TEST.a', JSON.stringify({ v: 2, words: [] }));
  expect(await one.write('a', { text: 'a' }, 0, never)).toMatchObject({ kind: 'refused' });
  await connection.request('$KV.TEST.b', '{"v":1}');
  expect(await one.write('b', { text: 'b' }, 0, never)).toMatchObject({ kind: 'ok' });
});

it('writes nothing while the server is away, not even later', async () => {
  const nats = await startNats();
  closing.push(() => nats.stop());
  const one = await mirror(nats.url);
  expect(await one.write('a', { text: 'before' }, 0, never)).toMatchObject({ kind: 'ok' });
  await nats.kill();
  // The client notices it in a moment.
  await waitFor(async () => (await one.write('b', { text: 'lost' }, 0, never)).kind === 'no_answer');
  for (let i = 0; i < 50; i++) {
    expect(await one.write('c', { text: 'lost' }, 0, never)).toEqual({
      kind: 'no_answer',
      text: 'there is no connection',
    });
  }
  await expect(one.read('a')).rejects.toMatchObject({ code: 'ERR_JOB_STORE' });
  await nats.start();
  const after = await waitFor(async () => {
    const written = await one.write('d', { text: 'after' }, 0, never);
    return written.kind === 'ok' ? written : undefined;
  });
  expect(await one.read('c')).toBeUndefined();
  expect(after.revision).toBeLessThanOrEqual(3);
});
