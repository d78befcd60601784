import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readJournalFolder } from '../../src/events/journal/journal-folder.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { seeded } from '../support/random.js';
import { RawRtmp } from '../support/rtmp-client.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { SteadyStream } from '../support/steady-stream.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';
import { firsts, Receiver } from '../support/webhooks/receiver.js';

/** How long the receiver is away, in ms; ten minutes with `SLUICE_WEBHOOKS_OUTAGE_MS=600000`. */
const OUTAGE_MS = Number(process.env['SLUICE_WEBHOOKS_OUTAGE_MS'] ?? scaled(15_000, 60_000));
const STREAMS = 200;
const HOUR = 3_600_000;

/** Publishers that come and go. */
class Crowd {
  readonly #clients = new Map<number, RawRtmp>();

  /** Has every publisher publish at a server. */
  async join(server: TestServer): Promise<void> {
    for (let first = 0; first < STREAMS; first += 20)
      await Promise.all(Array.from({ length: 20 }, (_, i) => this.begin(server, first + i)));
  }

  /** Ends a stream, if it runs, and begins it anew. */
  async begin(server: TestServer, index: number): Promise<void> {
    this.#clients.get(index)?.destroy();
    const client = await RawRtmp.connected({ port: server.rtmpPort });
    this.#clients.set(index, client);
    // The former stream of that name may not have ended yet.
    await client.publish(`cam${index}`).catch(() => undefined);
  }

  leave(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }
}

/** Ids of the events of streams in a journal, in order, by stream; and the attempts that were refused. */
async function written(data: string): Promise<{ byStream: Map<string, string[]>; refused: Set<string> }> {
  const byStream = new Map<string, string[]>();
  const refused = new Set<string>();
  for await (const item of readJournalFolder(join(data, 'events', 'journal'))) {
    if (item.kind !== 'event') continue;
    const { id, type, streamid } = JSON.parse(item.json.toString('utf8')) as {
      id: string;
      type: string;
      streamid: string;
    };
    if (!type.startsWith('io.sluice.stream.')) continue;
    byStream.set(streamid, [...(byStream.get(streamid) ?? []), id]);
    if (type.endsWith('.rejected')) refused.add(streamid);
  }
  return { byStream, refused };
}

async function receiver(): Promise<Receiver> {
  const made = await Receiver.listen();
  afterwards(() => made.away());
  return made;
}

describe('webhooks of a node', () => {
  it(
    `get every event of ${STREAMS} streams, in order, over an outage of the receiver and two kills of the node`,
    async () => {
      const [taker, hanging] = [await receiver(), await receiver()];
      hanging.answer = () => 'hang';
      const random = seeded(SEED);
      taker.answer = () => {
        const luck = random();
        return luck < 0.02 ? 500 : luck < 0.03 ? { status: 302, location: hanging.url } : luck < 0.032 ? 'hang' : 204;
      };
      const data = tempDir('data');
      const webhooks = JSON.stringify([
        { name: 'taker', url: taker.url, types: ['stream.*'], timeoutMs: 1000 },
        { name: 'hanging', url: hanging.url, types: ['stream.*'] },
      ]);
      const settings = { webhooks, 'publish.firstFrameTimeoutMs': HOUR, 'publish.idleTimeoutMs': HOUR };
      const serve = async (): Promise<TestServer> => {
        const server = await spawnServer({ data, settings });
        afterwards(() => server.child.stop('SIGKILL'));
        return server;
      };
      const crowd = new Crowd();
      afterwards(() => crowd.leave());
      const first = await serve();
      await crowd.join(first);
      const steady = await SteadyStream.start(first.rtmpPort);
      await waitFor(() => firsts(taker.taken).length >= STREAMS, { timeoutMs: 60_000 });

      // Away: streams begin and end all the time, and media goes on frame by frame.
      await taker.away();
      const untilMs = performance.now() + OUTAGE_MS;
      const pauseMs = Math.max(20, OUTAGE_MS / 12_000);
      while (performance.now() < untilMs) {
        await crowd.begin(first, Math.floor(random() * STREAMS));
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      await steady.goesOn(50, 30_000);
      const rss = await first.residentBytes();
      const pending = await first.metric('sluice_webhook_pending', 'webhook="taker"');
      expect(pending).toBeGreaterThan(STREAMS);
      expect(await first.metric('sluice_events_dropped_total')).toBe(0);
      steady.stop();

      await first.child.stop('SIGKILL');
      const second = await serve();
      await crowd.join(second);
      const before = firsts(taker.taken).length;
      await taker.back();
      const backMs = performance.now();
      await waitFor(() => firsts(taker.taken).length > before + pending / 4, { timeoutMs: 360_000, everyMs: 20 });
      const noticedMs = performance.now() - backMs;
      await second.child.stop('SIGKILL');
      const third = await serve();
      const last = await SteadyStream.start(third.rtmpPort);
      crowd.leave();
      await last.goesOn();
      last.stop();

      // Every stream has its end then, and all of it has been taken.
      const whole = async (): Promise<boolean> => {
        const taken = new Set(taker.taken);
        const { byStream, refused } = await written(data);
        return [...byStream].every(([streamId, ids]) => {
          const isOver = refused.has(streamId) || ids.at(-1)!.endsWith(':end');
          return isOver && ids.every((id) => taken.has(id));
        });
      };
      await waitFor(whole, { timeoutMs: 360_000, everyMs: 500, progress: () => taker.taken.length });
      const byStream = new Map<string, string[]>();
      for (const id of firsts(taker.taken)) {
        const streamId = id.slice(0, id.indexOf(':'));
        byStream.set(streamId, [...(byStream.get(streamId) ?? []), id]);
      }
      const { byStream: journal } = await written(data);
      for (const [streamId, ids] of journal) expect(byStream.get(streamId)).toEqual(ids);
      const events = [...journal.values()].flat().length;
      const doubles = taker.taken.length - firsts(taker.taken).length;
      // Doubles come of the kills only: what was on its way, and what the cursor on disk did not have yet.
      expect(doubles).toBeLessThan(events / 4);
      expect(await third.metric('sluice_webhook_dead_letters_total')).toBe(0);
      process.stdout.write(
        `webhooks: away ${OUTAGE_MS} ms, ${journal.size} streams, ${events} events, ${pending} pending, ${doubles} doubles, ` +
          `${taker.posts.length} posts, a quarter taken ${Math.round(noticedMs)} ms after the return, ${rss >> 20} MiB resident\n`,
      );
    },
    OUTAGE_MS + 900_000,
  );

  it('are told of the end of a lost node and of its streams by the node that notices it', async () => {
    const [nats, taker] = [await broker(), await receiver()];
    const webhooks = JSON.stringify([{ name: 'taker', url: taker.url }]);
    const lost = await spawnServer({ nats: nats.url });
    afterwards(() => lost.child.stop('SIGKILL'));
    const watching = await spawnServer({ nats: nats.url, settings: { webhooks } });
    afterwards(() => watching.child.stop('SIGKILL'));
    const publisher = await RawRtmp.connected({ port: lost.rtmpPort });
    await publisher.publish('cam');
    const [stream] = await lost.streams();
    // The start is on NATS when the journal of its node has nothing left to send.
    await waitFor(async () => (await lost.metric('sluice_events_pending')) === 0, { timeoutMs: 30_000 });
    await lost.child.stop('SIGKILL');
    publisher.destroy();
    const told = (type: string) =>
      taker.posts.map(({ body }) => JSON.parse(body) as Told).find((event) => event.type === `io.sluice.${type}`);
    await waitFor(() => told('node.lost'), { timeoutMs: 120_000, everyMs: 100 });
    expect(told('stream.ended')).toMatchObject({
      id: `${stream!.streamId}:end`,
      subject: 'live/cam',
      data: { reason: 'node_lost' },
    });
    expect(await watching.metric('sluice_events_pending')).toBe(0);
    const log = await fetch(watching.http('/v1/events?since=all'), { signal: AbortSignal.timeout(60_000) });
    const reader = log.body!.getReader();
    let text = '';
    while (!text.includes('node.lost')) text += Buffer.from((await reader.read()).value!).toString('utf8');
    await reader.cancel();
    expect(text).toContain(`${stream!.streamId}:end`);
  }, 240_000);
});

interface Told {
  readonly id: string;
  readonly type: string;
}
