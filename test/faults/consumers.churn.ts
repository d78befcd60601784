import { describe, expect, it } from 'vitest';
import { connect, type SluiceEvents, type SubscriptionNotice } from '../../src/client/events/index.js';
import { Chaos } from '../support/faults/chaos.js';
import { Handled } from '../support/faults/handled.js';
import type { NatsVersion } from '../support/faults/nats-binaries.js';
import { NodeUnderTest } from '../support/faults/node-under-test.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker } from '../support/faults/setting.js';
import { WatchModel } from '../support/faults/watch-model.js';
import { seeded } from '../support/random.js';
import { tempDir } from '../support/temp.js';
import { waitFor } from '../support/wait.js';

/** How long faults are injected into the broker (`SLUICE_CHURN_MINUTES`). */
const MINUTES = Number(process.env['SLUICE_CHURN_MINUTES'] ?? scaled(0.75, 10));
/** Faults between two checks of whether all watchers agree. */
const ROUND = 6;
const ACK_WAIT_MS = 1000;
/** The nats-server into which faults are injected (`SLUICE_CHURN_NATS`). */
const VERSION = (process.env['SLUICE_CHURN_NATS'] ?? '2.9.10') as NatsVersion;

async function client(url: string): Promise<SluiceEvents> {
  const events = await connect({ url, pingIntervalMs: 1000 });
  afterwards(() => events.close());
  return events;
}

describe('consumers of a broker that is killed, frozen and robbed of its consumers and its stream', () => {
  it(
    `handle every event once and know the live streams, for ${MINUTES} minutes`,
    async () => {
      const server = await broker(VERSION);
      const random = seeded(SEED);
      // Each has a random sequence of its own, because they ask in an order that no seed decides.
      const moods = (place: number) => ({
        random: seeded(SEED + place),
        ...{ fails: 0.02, slow: 0.004, slowMs: 2.5 * ACK_WAIT_MS },
      });
      const events = {
        dir: tempDir('events'),
        nats: { urls: [server.url], pingIntervalMs: 1000 },
        publishTimeoutMs: 1000,
      };
      const node = await NodeUnderTest.start(events, { seed: SEED, streams: 1e9, stepMs: 1500, concurrency: 12 });
      afterwards(() => node.kill());
      await node.until((stats) => stats['busState'] === 'ready');

      const notices = new Map<string, number>();
      const onNotice = ({ kind }: SubscriptionNotice) => void notices.set(kind, (notices.get(kind) ?? 0) + 1);
      const options = { ackWaitMs: ACK_WAIT_MS, onNotice, onError: () => undefined };
      const durable = new Handled('durable', moods(1), true);
      const several = new Handled('several at a time', moods(2), false);
      const plain = new Handled('without a name', moods(3), true);
      const consumers = [durable, several, plain];
      const one = await client(server.url);
      await one.onStream('*', durable.handlers, { ...options, durable: 'one' });
      await one.onStream('*', several.handlers, { ...options, durable: 'several', inFlight: 50 });
      await one.onStream('live/*', plain.handlers, { ...options, from: 'all' });
      const watchers = [new WatchModel('watcher 1', await client(server.url))];

      await waitFor(() => watchers[0].synced, { timeoutMs: 60_000 });

      const chaos = new Chaos(server, node, random, scaled(4000, 8000), (ids) =>
        consumers.every(({ times }) => ids.every((id) => times.has(id))),
      );
      afterwards(() => chaos.close());
      const until = performance.now() + MINUTES * 60_000;
      const problems = (): string[] => [...consumers, ...watchers].flatMap((one) => one.problems);
      for (let round = 1; performance.now() < until; round++) {
        for (let i = 0; i < ROUND && performance.now() < until; i++) {
          const fault = await chaos.strike();
          console.log(
            `${new Date().toISOString()} ${fault}; deleted ${chaos.deleted.size}, handled ${durable.times.size}`,
          );
          await new Promise((resolve) => setTimeout(resolve, random() * 4000));
        }
        // A consumer that begins is told when there is no stream; one that has begun waits for it.
        await chaos.streamIsThere();
        watchers.push(new WatchModel(`watcher ${round + 1}`, await client(server.url)));
        await agree(node, watchers);
        expect(problems(), `seed ${SEED}, round ${round}`).toEqual([]);
        for (const watcher of watchers.splice(1, Math.max(0, watchers.length - 3))) watcher.stop();
      }

      node.command('rest');
      await node.settle(120_000);
      const told = (kind: string) => node.ledger.filter(({ t }) => t === kind).map(({ id }) => id!);
      const wanted = [...told('started').map((id) => `${id}:1`), ...told('ended').map((id) => `${id}:end`)];
      for (const { name, times } of consumers) {
        const missing = () => wanted.filter((id) => !times.has(id) && !chaos.deleted.has(id));
        await waitFor(() => missing().length === 0, {
          timeoutMs: 60_000,
          everyMs: 100,
          progress: () => missing().length,
          what: () =>
            `${name} to handle ${missing().length} more of ${wanted.length}, such as ${missing().slice(0, 5)}`,
        }).catch(async (error: Error) => {
          throw new Error(`${error.message}; ${await chaos.whereabouts(missing())}`);
        });
      }
      await waitFor(() => watchers.every(({ live, synced }) => synced && live.size === 0), {
        timeoutMs: 60_000,
        progress: () => seenBy(watchers),
        what: () => `the watchers to see every end; ${watchers.map(({ live }) => [...live.keys()].slice(0, 5))}`,
      });
      const figures = {
        minutes: MINUTES,
        broker: VERSION,
        seed: SEED,
        faults: {
          ...Object.fromEntries(chaos.done),
          'of them when it was read': chaos.deletedWhenRead,
          holes: chaos.holes,
        },
        sessions: told('started').length,
        lostWithTheStream: wanted.filter((id) => chaos.deleted.has(id) && !durable.times.has(id)).length,
        handled: consumers.map(({ name, times, failures, slow }) => ({ name, events: times.size, failures, slow })),
        watchers: watchers.map(({ events: count, resets }) => ({ events: count, resets })),
        notices: Object.fromEntries(notices),
      };
      console.log(JSON.stringify(figures, undefined, 1));
      expect(problems(), `seed ${SEED}`).toEqual([]);
    },
    (MINUTES + 10) * 60_000,
  );
});

/** Nothing changes for a moment: then every watcher must know exactly the streams that are live. */
async function agree(node: NodeUnderTest, watchers: readonly WatchModel[]): Promise<void> {
  node.command('hold');
  const live = async (): Promise<ReadonlySet<string> | undefined> => {
    const before = node.ledger.length;
    node.command('live');
    const line = await waitFor(() => node.ledger.slice(before).find(({ t }) => t === 'live'), { timeoutMs: 60_000 });
    return line['pending'] === 0 ? new Set(line['ids'] as string[]) : undefined;
  };
  let truth: ReadonlySet<string> | undefined;
  await waitFor(
    async () => {
      expect(
        watchers.flatMap((watcher) => watcher.problems),
        `seed ${SEED}`,
      ).toEqual([]);
      truth = await live();
      return truth !== undefined && watchers.every(({ synced, live: known }) => synced && equal(known, truth!));
    },
    {
      timeoutMs: 60_000,
      everyMs: 200,
      progress: () => `${seenBy(watchers)} ${node.stats()?.['published']}`,
      what: () =>
        `all to agree on ${truth?.size} live streams; watchers see ${watchers.map(({ live: known }) => known.size)}, ` +
        `${watchers.map(({ live: known }) => [...known.keys()].filter((id) => !truth?.has(id)).slice(0, 3))}; ` +
        JSON.stringify(node.stats()),
    },
  );
  node.command('go');
}

/** How many events the watchers have been told. */
function seenBy(watchers: readonly WatchModel[]): number {
  return watchers.reduce((sum, { events }) => sum + events, 0);
}

function equal(known: ReadonlyMap<string, number>, truth: ReadonlySet<string>): boolean {
  return known.size === truth.size && [...truth].every((id) => known.has(id));
}
