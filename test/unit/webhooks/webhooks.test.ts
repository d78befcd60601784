import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import type { WebhookSettings } from '../../../src/config/webhook-settings.js';
import { newId } from '../../../src/core/ids.js';
import { Webhooks } from '../../../src/webhooks/webhooks.js';
import { ManualClock, RecordingLog } from '../../support/events-parts.js';
import { tempDir } from '../../support/temp.js';
import { waitFor } from '../../support/wait.js';
import { openJournal } from '../../support/webhooks/journal-harness.js';
import { Receiver } from '../../support/webhooks/receiver.js';

const node = { nodeId: 'n1', bootId: newId(1) };
const A = newId(1);

const settings = (...webhooks: Partial<WebhookSettings>[]): readonly WebhookSettings[] =>
  resolveConfig({ webhooks: webhooks as never }).webhooks;

async function receiver(): Promise<Receiver> {
  const made = await Receiver.listen();
  onTestFinished(() => made.away());
  return made;
}

async function open(
  list: readonly WebhookSettings[],
  data = tempDir('webhooks'),
  journal?: Awaited<ReturnType<typeof openJournal>>,
) {
  const webhooks = new Webhooks(data);
  const clock = new ManualClock();
  const log = new RecordingLog();
  const opened =
    journal ??
    (await openJournal({
      clock,
      leaving: (upTo) => webhooks.leaving(upTo),
      options: { segmentBytes: 4096, historyBytes: 8192 },
    }));
  onTestFinished(() => webhooks.close(0));
  await webhooks.open(list, { events: opened.events, log, clock, node });
  return { webhooks, data, clock, log, journal: opened, write: opened.write };
}

describe('the webhooks of a node', () => {
  it('begin with the next event, each on its own: one that hangs stops no other', async () => {
    const [good, bad] = [await receiver(), await receiver()];
    bad.answer = () => 'hang';
    const { events, write } = await openJournal();
    await write(A, 1, 2);
    const webhooks = new Webhooks(tempDir('webhooks'));
    onTestFinished(() => webhooks.close(0));
    const deps = { events, log: new RecordingLog(), clock: new ManualClock(), node };
    await webhooks.open(settings({ name: 'good', url: good.url }, { name: 'bad', url: bad.url }), deps);
    await write(A, 3, 4);
    const pending = (): unknown[] => webhooks.list().map((hook) => [hook.name, hook.pending]);
    // An event is pending until its answer has come, which is later than the receiver took it.
    await waitFor(
      () =>
        bad.posts.length === 1 &&
        isDeepStrictEqual(pending(), [
          ['bad', 2],
          ['good', 0],
        ]),
    );
    expect(good.taken).toEqual([`${A}:3`, `${A}:4`]);
    expect(webhooks.heldBytes).toBeGreaterThan(0);
  });

  it('make no folder and hold nothing where there is none', async () => {
    const { webhooks, data, write } = await open([]);
    await write(A, 1);
    expect([existsSync(join(data, 'webhooks')), webhooks.list(), webhooks.heldBytes]).toEqual([false, [], 0]);
  });

  it('go on, begin and end with the settings', async () => {
    const [first, second] = [await receiver(), await receiver()];
    const { webhooks, write } = await open(settings({ name: 'a', url: first.url }));
    await write(A, 1);
    await waitFor(() => first.taken.length === 1);
    await webhooks.change(settings({ name: 'a', url: second.url }, { name: 'b', url: first.url }));
    await write(A, 2);
    await waitFor(() => first.taken.length === 2 && second.taken.length === 1);
    expect([first.taken, second.taken]).toEqual([[`${A}:1`, `${A}:2`], [`${A}:2`]]);
    await webhooks.change([]);
    await write(A, 3);
    expect(webhooks.list()).toEqual([]);
    await webhooks.change(settings({ name: 'a', url: second.url }));
    await waitFor(() => second.taken.length === 2);
    expect(second.taken[1]).toBe(`${A}:3`);
  });

  it('cost only themselves when their place cannot be read: the others change and go on', async () => {
    const [first, second] = [await receiver(), await receiver()];
    const { webhooks, data, log, write } = await open(settings({ name: 'a', url: first.url }));
    writeFileSync(join(data, 'webhooks', 'b.cursor.json'), 'no JSON');
    await webhooks.change(settings({ name: 'b', url: first.url }, { name: 'a', url: second.url }));
    expect(log.lines).toMatchObject([{ level: 'error', fields: { webhook: 'b' } }]);
    await write(A, 1);
    await waitFor(() => second.taken.length === 1);
  });

  it('make events dead letters that the journal deletes before they are delivered, and pin no segment', async () => {
    const gone = await receiver();
    gone.answer = () => 500;
    const { webhooks, data, journal, write } = await open(settings({ name: 'a', url: gone.url }));
    for (let n = 1; n <= 200; n++) await write(A, n);
    const buried = (): number[] =>
      readFileSync(join(data, 'webhooks', 'a.dead.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { position: number }).position);
    // Letters are written first. Then the events go.
    await waitFor(() => journal.events.oldest > 100 && Math.max(...buried()) < journal.events.oldest);
    expect(new Set(buried()).size).toBe(buried().length);
    expect(buried().length).toBeGreaterThan(90);
    await waitFor(() => webhooks.list()[0]!.deadLetters === buried().length);
    const { pending } = webhooks.list()[0]!;
    // The first one failed when it was on its way, and may wait for its next attempt no more.
    expect(pending).toBeLessThanOrEqual(200 - journal.events.oldest + 2);
  });

  it('take back a place that the journal no longer knows, after a power loss', async () => {
    const taker = await receiver();
    const list = settings({ name: 'a', url: taker.url });
    const first = await open(list);
    await first.write(A, 1, 2, 3);
    await waitFor(() => taker.taken.length === 3);
    await first.webhooks.close(1000);
    const fresh = await openJournal();
    const { webhooks } = await open(list, first.data, fresh);
    await fresh.write(A, 4, 5);
    await waitFor(() => webhooks.list()[0]!.delivered === 2);
    expect(taker.taken.slice(3)).toEqual([`${A}:4`, `${A}:5`]);
  });

  it('replay since a time, what the journal has', async () => {
    const taker = await receiver();
    const clock = new ManualClock();
    const journal = await openJournal({ clock });
    const { webhooks } = await open(settings({ name: 'a', url: taker.url }), undefined, journal);
    await journal.write(A, 1);
    clock.pass(60_000);
    const sinceMs = clock.wallMs();
    await journal.write(A, 2, 3);
    await waitFor(() => taker.taken.length === 3);
    expect(await webhooks.replay('a', sinceMs)).toBe(2);
    await waitFor(() => taker.taken.length === 5);
    expect(taker.taken.slice(3)).toEqual([`${A}:2`, `${A}:3`]);
    expect(await webhooks.replay('a', sinceMs + 1e6)).toBe(0);
    await expect(webhooks.replay('x', 0)).rejects.toMatchObject({ code: 'ERR_CTL_WEBHOOK_UNKNOWN' });
    expect(() => webhooks.test('x')).toThrow(/ERR_CTL_WEBHOOK_UNKNOWN|no such webhook/);
  });

  it('are refused with a type that no event has', () => {
    expect(() => Webhooks.check(settings({ name: 'a', url: 'http://h/', types: ['stream.begun'] }))).toThrow(
      /stream\.begun/,
    );
  });
});
