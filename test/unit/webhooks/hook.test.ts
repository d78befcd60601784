import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import type { WebhookSettings } from '../../../src/config/webhook-settings.js';
import { newId } from '../../../src/core/ids.js';
import { traceparentOf } from '../../../src/events/envelope.js';
import { CursorFile } from '../../../src/webhooks/cursor-file.js';
import { DeadLetters } from '../../../src/webhooks/dead-letters.js';
import { Hook } from '../../../src/webhooks/hook.js';
import { ManualClock, RecordingLog } from '../../support/events-parts.js';
import { tempDir } from '../../support/temp.js';
import { waitFor } from '../../support/wait.js';
import { openJournal } from '../../support/webhooks/journal-harness.js';
import { firsts, Receiver } from '../../support/webhooks/receiver.js';

const node = { nodeId: 'n1', bootId: newId(1) };

/** A journal, a receiver, and a webhook that posts from the one to the other. */
async function setUp(more: Partial<WebhookSettings> = {}, mostOpen?: number) {
  const receiver = await Receiver.listen();
  onTestFinished(() => receiver.away());
  const [clock, log, folder] = [new ManualClock(), new RecordingLog(), tempDir('hook')];
  const { events, write } = await openJournal({ clock });
  const [settings] = resolveConfig({ webhooks: [{ name: 'a', url: receiver.url, ...more }] as never }).webhooks;
  const cursor = new CursorFile(folder, 'a');
  const make = async (): Promise<Hook> => {
    const state = (await cursor.read()) ?? { read: events.newest, open: [] };
    const files = { cursor, deadLetters: new DeadLetters(folder, 'a', 1 << 20) };
    const bound = mostOpen === undefined ? {} : { mostOpen };
    const hook = new Hook(settings!, state, files, { events, log, clock, node, ...bound });
    onTestFinished(() => hook.close(0));
    await hook.start();
    return hook;
  };
  const letters = (): { why: string; event: { id: string } | null }[] =>
    readFileSync(join(folder, 'a.dead.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as never);
  return { receiver, clock, log, folder, events, write, cursor, make, letters, hook: await make() };
}

const ids = (streamId: string, ...numbers: number[]): string[] => numbers.map((n) => `${streamId}:${n}`);
const [A, B, C] = [newId(1), newId(2), newId(3)];

describe('a webhook', () => {
  it('posts each event as the journal has it, signed, with its id, and keeps its place on disk', async () => {
    const { receiver, write, hook, cursor, events } = await setUp({ secret: 'whsec-1234567890' });
    await write(A, 1);
    await waitFor(() => hook.status.delivered === 1);
    const [post] = receiver.posts;
    expect(post).toMatchObject({
      id: `${A}:1`,
      path: '/in',
      headers: {
        'content-type': 'application/cloudevents+json',
        'webhook-id': `${A}:1`,
        traceparent: traceparentOf(A),
      },
      body: (await events.at(1))!.json.toString('utf8'),
    });
    const [, time, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(post!.headers['sluice-signature']))!;
    expect(mac).toBe(createHmac('sha256', 'whsec-1234567890').update(`${time}.${post!.body}`).digest('hex'));
    await waitFor(async () => (await cursor.read())?.read === 1);
    expect(await cursor.read()).toEqual({ read: 1, open: [] });
    expect(hook.status).toMatchObject({ state: 'ok', pending: 0, unread: 0, failed: 0, lagMs: 0, problem: '' });
  });

  it('posts events of one stream in order, those of several at once, and no more than sixteen', async () => {
    const { receiver, write, hook } = await setUp();
    receiver.answer = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 200;
    };
    const streams = Array.from({ length: 40 }, (_, i) => newId(i));
    for (const n of [1, 2, 3]) for (const streamId of streams) void write(streamId, n);
    await waitFor(() => hook.status.delivered === 120);
    for (const streamId of streams)
      expect(receiver.taken.filter((id) => id.startsWith(streamId))).toEqual(ids(streamId, 1, 2, 3));
    expect(receiver.mostOpen).toBeGreaterThan(1);
    expect(receiver.mostOpen).toBeLessThanOrEqual(16);
    expect(receiver.taken).toHaveLength(120);
  });

  it('tries an event again until it is taken, and only its stream waits', async () => {
    const { receiver, write, hook, clock, log } = await setUp();
    receiver.answer = ({ id }) => (id === `${A}:1` ? 500 : 200);
    await write(A, 1, 2);
    await write(B, 1, 2);
    // An event is pending until its answer has come, which is later than the receiver took it.
    await waitFor(() => hook.status.delivered === 2 && hook.status.failed === 1);
    expect(hook.status).toMatchObject({ state: 'failing', pending: 2, problem: 'status 500' });
    clock.pass(1300);
    await waitFor(() => hook.status.failed === 2);
    receiver.answer = () => 200;
    clock.pass(2500);
    await waitFor(() => hook.status.delivered === 4);
    expect(receiver.taken).toEqual([...ids(B, 1, 2), ...ids(A, 1, 2)]);
    expect(log.lines.map(({ level }) => level)).toEqual(['warn', 'info']);
    expect(hook.status.state).toBe('ok');
  });

  it('does not follow redirects, and counts them as failures', async () => {
    const { receiver, write, hook } = await setUp();
    receiver.answer = () => ({ status: 302, location: `${receiver.url}/elsewhere` });
    await write(A, 1);
    await waitFor(() => hook.status.failed === 1);
    expect(receiver.posts.map(({ path }) => path)).toEqual(['/in']);
    expect(hook.status.problem).toBe('status 302; redirects are not followed');
  });

  it('gives an answer up that does not come in time', async () => {
    const { receiver, write, hook } = await setUp({ timeoutMs: 100 });
    receiver.answer = ({ id }) => (id.startsWith(A) ? 'hang' : 200);
    await write(A, 1);
    await write(B, 1);
    await waitFor(() => hook.status.failed === 1 && hook.status.delivered === 1);
    expect(hook.status.problem).toBe('no complete answer in time');
  });

  it('is switched off by 410, keeps its place, and goes on after a start', async () => {
    const { receiver, write, hook, log, make } = await setUp();
    receiver.answer = () => 410;
    await write(A, 1, 2);
    await waitFor(() => hook.status.state === 'off');
    await write(B, 1);
    expect(receiver.posts).toHaveLength(1);
    expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('is off until') as string }]);
    await hook.close(1000);
    receiver.answer = () => 200;
    const again = await make();
    await waitFor(() => again.status.delivered === 3);
    expect(receiver.taken).toEqual(expect.arrayContaining([...ids(A, 1, 2), ...ids(B, 1)]));
  });

  it('buries an event that was tried for long enough, and its stream goes on', async () => {
    const { receiver, write, hook, clock, letters } = await setUp({ retryFor: 60_000 });
    receiver.answer = ({ id }) => (id === `${A}:1` ? 500 : 200);
    await write(A, 1, 2);
    await waitFor(() => hook.status.failed === 1);
    clock.pass(60_000);
    await waitFor(() => hook.status.delivered === 1);
    expect(hook.status).toMatchObject({ deadLetters: 1, pending: 0, state: 'ok', failed: 2 });
    expect(letters()).toMatchObject([{ why: 'status 500', event: { id: `${A}:1` } }]);
    expect(receiver.taken).toEqual(ids(A, 2));
  });

  it('tries everything that waits as soon as the receiver is back from an outage', async () => {
    const { receiver, write, hook, clock } = await setUp();
    await receiver.away();
    for (const streamId of [A, B, C]) await write(streamId, 1);
    await waitFor(() => hook.status.failed === 3);
    for (let failed = 3; failed < 30; failed += 3) {
      clock.pass(300_000);
      await waitFor(() => hook.status.failed >= failed + 3);
    }
    await receiver.back();
    // The three wait for minutes; an event of another stream is taken at once.
    await write(newId(9), 1);
    await waitFor(() => hook.status.delivered === 4);
    expect(new Set(receiver.taken.slice(1))).toEqual(new Set([A, B, C].map((streamId) => `${streamId}:1`)));
  });

  it('goes on after a kill where its cursor was, and repeats no more than the cursor did not have', async () => {
    const { receiver, write, hook, make, cursor } = await setUp();
    receiver.answer = ({ id }) => (id === `${B}:1` ? 503 : 200);
    await write(A, 1, 2, 3);
    await write(B, 1, 2);
    await waitFor(async () => (await cursor.read())?.open.length === 2 && hook.status.delivered === 3);
    expect(await cursor.read()).toEqual({ read: 5, open: [4, 5] });
    // A kill: nothing more is written.
    const killed = await cursor.read();
    await hook.close(0);
    await cursor.write(killed!);
    receiver.answer = () => 200;
    const again = await make();
    await waitFor(() => again.status.delivered === 2);
    expect(receiver.taken).toEqual([...ids(A, 1, 2, 3), ...ids(B, 1, 2)]);
  });

  it('delivers a replay behind what waits, in order, once each', async () => {
    const { receiver, write, hook } = await setUp();
    await write(A, 1, 2, 3);
    await waitFor(() => hook.status.delivered === 3);
    expect(hook.replay(1)).toBe(2);
    await write(A, 4);
    await waitFor(() => hook.status.delivered === 6);
    expect(receiver.taken).toEqual(ids(A, 1, 2, 3, 2, 3, 4));
  });

  it('reads no more than it may hold, loses nothing for that, and can be replayed meanwhile', async () => {
    const { receiver, write, hook, clock, events } = await setUp({}, 50);
    await receiver.away();
    const streams = Array.from({ length: 40 }, (_, i) => newId(i));
    for (const n of [1, 2, 3, 4, 5]) for (const streamId of streams) void write(streamId, n);
    await waitFor(() => events.newest === 200 && hook.status.pending === 50 && hook.status.failed >= 40);
    expect(hook.status.unread).toBe(150);
    expect(hook.replay(0)).toBe(50);
    await receiver.back();
    clock.pass(1300);
    await waitFor(() => receiver.taken.length >= 200 && hook.status.pending + hook.status.unread === 0);
    for (const streamId of streams)
      expect(firsts(receiver.taken).filter((id) => id.startsWith(streamId))).toEqual(ids(streamId, 1, 2, 3, 4, 5));
    // Nothing is left of the reading that the replay has ended.
    await waitFor(() => events.followerBytes === 0);
  });

  it('leaves out what it is not about, without holding it', async () => {
    const { receiver, write, hook, cursor } = await setUp({ types: ['stream.ended'] });
    await write(A, 1, 2, 3);
    await waitFor(async () => (await cursor.read())?.read === 3);
    expect([hook.status.pending, receiver.posts.length]).toEqual([0, 0]);
  });

  it('says what a test comes to, and posts nothing else for it', async () => {
    const { receiver, hook } = await setUp({ secret: 's3cret' });
    expect(await hook.test()).toMatchObject({ kind: 'taken', status: 204 });
    receiver.answer = () => 403;
    expect(await hook.test()).toMatchObject({ kind: 'failed', status: 403, why: 'status 403' });
    expect(receiver.posts).toHaveLength(2);
    expect(JSON.parse(receiver.posts[0]!.body)).toMatchObject({ type: 'io.sluice.webhook.test', subject: 'a' });
    expect(hook.status).toMatchObject({ delivered: 0, failed: 0 });
  });

  it('loses nothing when a folder takes no dead letters: it says so once, and goes on', async () => {
    const { receiver, write, hook, clock, folder, log } = await setUp({ retryFor: 0 });
    mkdirSync(join(folder, 'a.dead.jsonl'));
    receiver.answer = () => 500;
    await write(A, 1, 2, 3);
    await waitFor(() => hook.status.deadLetters === 3);
    clock.pass(1);
    expect(log.lines.filter(({ message }) => message.includes('dead letters'))).toHaveLength(1);
  });

  it('shows no part of its URL that may be a secret', async () => {
    const { hook, receiver } = await setUp();
    expect(hook.status.url).toBe(`http://127.0.0.1:${receiver.port}`);
  });

  it('posts what is on its way at the end, and writes its place', async () => {
    const { receiver, write, hook, cursor } = await setUp();
    receiver.answer = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return 200;
    };
    await write(A, 1, 2, 3);
    await hook.close(5000);
    expect(receiver.taken).toEqual(ids(A, 1, 2, 3));
    expect(await cursor.read()).toEqual({ read: 3, open: [] });
  });

  it('gives nothing up because the wall clock jumps, and tries for as long as it says all the same', async () => {
    const { receiver, write, hook, clock } = await setUp({ retryFor: 60_000 });
    receiver.answer = () => 500;
    await write(A, 1);
    await waitFor(() => hook.status.failed === 1);
    clock.wall += 30 * 86_400_000;
    clock.mono += 1300;
    await waitFor(() => hook.status.failed === 2 && hook.status.state === 'failing');
    expect(hook.status.deadLetters).toBe(0);
    clock.wall -= 60 * 86_400_000;
    clock.mono += 60_000;
    await waitFor(() => hook.status.deadLetters === 1);
  });

  it('leaves no timer behind when it is closed with a post on its way, and replays nothing any more', async () => {
    const { receiver, write, hook, events } = await setUp({ timeoutMs: 60_000 });
    receiver.answer = () => 'hang';
    await write(A, 1);
    await waitFor(() => receiver.posts.length === 1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const closed = hook.close(20);
      await vi.advanceTimersByTimeAsync(25);
      await closed;
      await vi.advanceTimersByTimeAsync(100);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(() => hook.replay(0)).toThrow(/ERR_CTL_CONFLICT|is off/);
    await waitFor(() => events.followerBytes === 0);
  });
});
