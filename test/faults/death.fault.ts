import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EventsOptions } from '../../src/events/options.js';
import { readStored, type Stored, violations } from '../support/faults/checker.js';
import { isEventPublish, isPubAck } from '../support/faults/nats-frames.js';
import { type DeathPlace, type LedgerLine, NodeUnderTest, type Workload } from '../support/faults/node-under-test.js';
import { SEED, scaled } from '../support/faults/scale.js';
import { afterwards, broker, eventsFor } from '../support/faults/setting.js';
import { TcpProxy } from '../support/faults/tcp-proxy.js';
import { seeded } from '../support/random.js';
import { waitFor } from '../support/wait.js';

function launch(events: EventsOptions, workload: Partial<Workload>): NodeUnderTest {
  const node = NodeUnderTest.launch(events, { seed: SEED, streams: 1000, stepMs: 20, concurrency: 60, ...workload });
  afterwards(() => node.kill());
  return node;
}

/**
 * The next start of the same installation: it delivers everything and adds nothing of its own. @returns what is stored
 * then
 */
async function recovered(events: EventsOptions, url: string, nodeId = 'node-1'): Promise<Stored[]> {
  const node = launch(events, { streams: 0, nodeId });
  await node.until((stats) => stats['pending'] === 0 && stats['busState'] === 'ready');
  expect(node.stats()).toMatchObject({ quarantined: 0, dropped: 0 });
  await node.kill();
  return readStored(url);
}

describe('a host that is killed at a place', () => {
  const own: DeathPlace[] = ['asked', 'written', 'synced', 'started', 'ended'];
  it.each(own)('keeps the contract when the place is: %s', async (place) => {
    const server = await broker();
    const events = eventsFor(server.url);
    const random = seeded(SEED);
    const ledgers: (readonly LedgerLine[])[] = [];
    for (let kills = 0; kills < scaled(2, 50); kills++) {
      const count = 2 + Math.floor(random() * (place === 'ended' ? 10 : 150));
      const node = launch(events, { seed: SEED + kills, dieAt: { place, count } });
      expect(await node.exited, 'it dies by its own hand').toEqual({ code: null, signal: 'SIGKILL' });
      ledgers.push(node.ledger);
    }
    expect(violations(await recovered(events, server.url), ledgers), `seed ${SEED}`).toEqual([]);
  });

  it.each([
    'an event has been sent and is not stored',
    'an event is stored and not acknowledged',
    'an acknowledgement has been sent',
  ])('keeps the contract when the place is: %s', async (place) => {
    const server = await broker();
    const proxy = await TcpProxy.start(server.port);
    afterwards(() => proxy.stop());
    const events = eventsFor(proxy.url);
    const random = seeded(SEED);
    const ledgers: (readonly LedgerLine[])[] = [];
    for (let kills = 0; kills < scaled(2, 50); kills++) {
      let left = 1 + Math.floor(random() * 100);
      const node = launch(events, { seed: SEED + kills });
      const die = (): void => {
        if (--left === 0) node.signal('SIGKILL');
      };
      proxy.fromClient = (message) => {
        if (!place.endsWith('not stored') || !isEventPublish(message)) return 1;
        die();
        // Nothing of what follows reaches the server.
        return left > 0 ? 1 : 0;
      };
      proxy.fromServer = (message) => {
        if (place.endsWith('not stored') || !isPubAck(message)) return 1;
        die();
        return left > 0 || place.endsWith('has been sent') ? 1 : 0;
      };
      expect(await node.exited).toEqual({ code: null, signal: 'SIGKILL' });
      ledgers.push(node.ledger);
    }
    proxy.fromClient = undefined;
    proxy.fromServer = undefined;
    expect(violations(await recovered(events, server.url), ledgers), `seed ${SEED}`).toEqual([]);
  });
});

/** The events that one process had shown when the power failed. */
interface Remains {
  readonly shown: readonly string[];
  /** How many of these a completed fsync had covered. */
  readonly safe: number;
  /** Bytes that no fsync had covered. */
  readonly lost: number;
}

/** How many events an fsync must have covered before the power fails, so that there is something to keep. */
const COVERED = 50;

const JOURNAL = /\.journal$/;

function sizes(dir: string): Map<string, number> {
  const journal = join(dir, 'journal');
  if (!existsSync(journal)) return new Map();
  return new Map(readdirSync(journal).map((name) => [name, statSync(join(journal, name)).size]));
}

/**
 * Does to the folder of a killed node what a power loss does: a segment ends where the last completed fsync found it,
 * or holds zeros from there on, or ends somewhere behind it. Files that are never synced are empty.
 *
 * @param before sizes of the files when the node started, all of them safe
 * @param random decides what happens to each segment
 */
function losePower(
  dir: string,
  ledger: readonly LedgerLine[],
  before: ReadonlyMap<string, number>,
  random: () => number,
): Remains {
  const safeBytes = new Map(before);
  const shown: string[] = [];
  let safe = 0;
  for (const line of ledger) {
    if (line.t === 'shown') shown.push(String(line['event']));
    if (line.t !== 'synced' && line.t !== 'cut') continue;
    const name = basename(String(line['file']));
    const bytes = line['bytes'] as number;
    safeBytes.set(name, line.t === 'synced' ? bytes : Math.min(bytes, safeBytes.get(name) ?? 0));
    if (line.t === 'synced') safe = Math.max(safe, line['shown'] as number);
  }
  let lost = 0;
  for (const [name, size] of sizes(dir)) {
    const path = join(dir, 'journal', name);
    const keep = JOURNAL.test(name) ? Math.min(size, safeBytes.get(name) ?? 0) : 0;
    if (JOURNAL.test(name)) lost += size - keep;
    const dice = random();
    if (dice < 0.4) truncateSync(path, keep);
    else if (dice < 0.7) writeFileSync(path, readFileSync(path).fill(0, keep));
    else truncateSync(path, keep + Math.floor(random() * (size - keep)));
  }
  for (const name of readdirSync(dir)) if (name.startsWith('life.')) truncateSync(join(dir, name), 0);
  return { shown, safe, lost };
}

describe('a host that loses power', () => {
  // `always` promises every event that was shown; the others those that were shown before the last fsync began, for
  // which every start waits.
  const policies = ['always', 'interval', 'never'] as const;
  it.each(policies)('keeps what events.fsync promises, and the contract, when it is: %s', async (fsync) => {
    const server = await broker();
    const random = seeded(SEED);
    const ledgers: (readonly LedgerLine[])[] = [];
    const promised: string[] = [];
    /** Runs a node until it dies, then simulates a power loss on its files. */
    const run = async (events: EventsOptions, workload: Partial<Workload>, published?: number): Promise<Remains> => {
      const dir = String(events.dir);
      const before = sizes(dir);
      const node = launch(events, { tellDisk: true, ...workload });
      if (published !== undefined) {
        await node.until((stats) => (stats['published'] as number) > published);
        // `never` has no fsync to wait for but those of the starts.
        const covered = (line: LedgerLine): boolean => line.t === 'synced' && (line['shown'] as number) > COVERED;
        if (fsync !== 'never') await waitFor(() => node.ledger.some(covered), { timeoutMs: 60_000, what: 'an fsync' });
        node.signal('SIGKILL');
      }
      expect(await node.exited).toEqual({ code: null, signal: 'SIGKILL' });
      const remains = losePower(dir, node.ledger, before, random);
      ledgers.push(node.ledger);
      promised.push(...(fsync === 'always' ? remains.shown : remains.shown.slice(0, remains.safe)));
      return remains;
    };
    for (let losses = 0; losses < scaled(2, 40); losses++) {
      const events = eventsFor(server.url, { fsync });
      const common = { seed: SEED + losses, nodeId: `node-${losses}` };
      if (losses % 2 === 0) {
        // NATS has events by then that the journal is about to forget.
        await run(events, { ...common, linger: true, streams: 60 }, 150);
      } else {
        await server.kill();
        const count = 5 + Math.floor(random() * 60);
        const { lost } = await run(events, { ...common, dieAt: { place: 'written', count } });
        expect(lost, 'there is something to lose').toBeGreaterThan(0);
      }
      // The power fails once more while the next start repairs what the first loss has left.
      await run(events, { ...common, streams: 0, dieAt: { place: 'synced', count: 1 } });
      if (losses % 2 === 1) await server.start();
      await recovered(events, server.url, common.nodeId);
    }
    const stored = await readStored(server.url);
    expect(violations(stored, ledgers), `seed ${SEED}`).toEqual([]);
    const ids = new Set(stored.map((message) => message.event.id));
    expect(
      promised.filter((id) => !ids.has(id)),
      `seed ${SEED}`,
    ).toEqual([]);
    expect(promised.length).toBeGreaterThan(fsync === 'never' ? 0 : COVERED);
  });
});
