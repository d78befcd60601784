import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/core/clock.js';
import { newId } from '../src/core/ids.js';
import { silentLogger } from '../src/core/log.js';
import { EventLayer } from '../src/events/event-layer.js';
import { ArrivalTimes, BarePublisher, startBroker } from './lib/bare-jetstream.js';
import { readOptions } from './lib/options.js';
import { machine, publish } from './lib/report.js';
import { format, formatSummary, pairedRatios, quantile, summarise } from './lib/stats.js';
import { atLeast, atMost } from './lib/targets.js';

const options = readOptions(
  'npm run bench:events -- [options]',
  'Events through lifecycle, journal and publisher to JetStream, against bare publishing with the package nats in the same run.',
  {
    rounds: { kind: 'number', fallback: 5, says: 'rounds of each measurement, interleaved' },
    streams: { kind: 'number', fallback: 200, says: 'streams side by side; one event of each is on its way at a time' },
    events: { kind: 'number', fallback: 20_000, says: 'events per round of the rate measurement' },
    paced: { kind: 'number', fallback: 1500, says: 'events per round of the delay measurement' },
    rate: { kind: 'number', fallback: 300, says: 'events a second in the delay measurement' },
    seconds: { kind: 'number', fallback: 10, says: 'length of the CPU measurement' },
    server: { kind: 'text', fallback: 'nats-server', says: 'the nats-server to use' },
  },
);
const streams = options.number('streams');
const peer = { address: '127.0.0.1', port: 1 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function openPipeline(url: string, dir: string): Promise<{ eventLayer: EventLayer; ids: string[] }> {
  const deps = { log: silentLogger, clock: systemClock, nodeId: 'bench', bootId: newId() };
  const eventLayer = await EventLayer.open({ dir, nats: { urls: [url] } }, deps);
  const ids = Array.from({ length: streams }, () => newId());
  await Promise.all(
    ids.map((streamId, i) => eventLayer.lifecycle.streamStarted({ ...identity(streamId, i), peer, transport: 'rtmp' })),
  );
  await drained(eventLayer);
  return { eventLayer, ids };
}

function identity(streamId: string, i: number): { streamId: string; app: string; name: string; connectionId: string } {
  return { streamId, app: 'live', name: `cam${i}`, connectionId: streamId };
}

async function drained(eventLayer: EventLayer): Promise<void> {
  while (eventLayer.stats().pending > 0 || eventLayer.stats().busState !== 'ready') await pause(1);
}

/** The event that is sent by both sides: what `streamUpdated` writes, some 900 bytes. */
const change = {
  before: { metadata: { width: 1280, height: 720 } },
  after: { metadata: { width: 1920, height: 1080 } },
};
const type = 'io.sluice.stream.updated';
let sample = Buffer.alloc(0);

interface Delay {
  readonly p50: number;
  readonly p99: number;
}

function delays(sent: ReadonlyMap<string, number>, arrivals: ArrivalTimes): Delay {
  const all: number[] = [];
  for (const [id, at] of sent) {
    const arrived = arrivals.times.get(id);
    if (arrived !== undefined) all.push(arrived - at);
  }
  all.sort((a, b) => a - b);
  if (all.length !== sent.size) throw new Error(`${sent.size - all.length} events did not arrive`);
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99) };
}

/** Calls `send` at an even rate. */
async function paced(send: (i: number) => void): Promise<void> {
  const everyMs = 1000 / options.number('rate');
  const from = performance.now();
  for (let i = 0; i < options.number('paced'); ) {
    while (i < options.number('paced') && performance.now() - from >= i * everyMs) send(i++);
    await pause(1);
  }
}

const broker = await startBroker(options.text('server') ?? 'nats-server');
const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-events-'));
const own = { p50: [] as number[], p99: [] as number[], rate: [] as number[] };
const bare = { p50: [] as number[], p99: [] as number[], rate: [] as number[] };
let cpuShare = Number.NaN;
try {
  const { eventLayer, ids } = await openPipeline(broker.url, folder);
  const plain = await BarePublisher.open(broker.url);
  const arrivals = await ArrivalTimes.open(broker.url);
  const sequences = new Map(ids.map((id) => [id, 1]));
  let bareCount = 0;
  const ownEvent = (i: number): string => {
    const streamId = ids[i % ids.length];
    const sequence = (sequences.get(streamId) ?? 0) + 1;
    sequences.set(streamId, sequence);
    eventLayer.lifecycle.streamUpdated(streamId, change);
    return `${streamId}:${sequence}`;
  };
  const bareEvent = (lane: number): [string, Promise<void>] => {
    const id = `b${bareCount++}`;
    return [id, plain.send(`bare.live.cam${lane}.${id}`, id, type, sample)];
  };

  ownEvent(0);
  await drained(eventLayer);
  // Both sides send the same bytes.
  for await (const entry of eventLayer.log.since('oldest')) sample = Buffer.from(entry.json);

  for (let round = 0; round < options.number('rounds'); round++) {
    const sentBare = new Map<string, number>();
    const acks: Promise<void>[] = [];
    await paced((i) => {
      const at = performance.now();
      const [id, ack] = bareEvent(i % streams);
      sentBare.set(id, at);
      acks.push(ack);
    });
    await Promise.all(acks);
    const sentOwn = new Map<string, number>();
    await paced((i) => {
      const at = performance.now();
      sentOwn.set(ownEvent(i), at);
    });
    await drained(eventLayer);
    const [b, o] = [delays(sentBare, arrivals), delays(sentOwn, arrivals)];
    bare.p50.push(b.p50);
    bare.p99.push(b.p99);
    own.p50.push(o.p50);
    own.p99.push(o.p99);
    arrivals.times.clear();
  }
  await arrivals.close();

  const count = options.number('events');
  for (let round = 0; round < options.number('rounds'); round++) {
    const bareFrom = performance.now();
    const perLane = Math.ceil(count / streams);
    await Promise.all(
      Array.from({ length: streams }, async (_, lane) => {
        for (let i = 0; i < perLane; i++) await bareEvent(lane)[1];
      }),
    );
    bare.rate.push((perLane * streams) / ((performance.now() - bareFrom) / 1000));
    const ownFrom = performance.now();
    for (let i = 0; i < count; i++) {
      ownEvent(i);
      // Measured over time, not as a burst: like the other side, this one goes on when what it sent before is through.
      while (i % 50 === 0 && eventLayer.stats().pending > 10 * streams)
        await new Promise((resolve) => setImmediate(resolve));
    }
    await drained(eventLayer);
    own.rate.push(count / ((performance.now() - ownFrom) / 1000));
  }

  const totals = { bytes: 1e6, audioFrames: 100, videoFrames: 100, drops: 0 };
  const cpuFrom = process.cpuUsage();
  const wallFrom = performance.now();
  let players = 0;
  for (let tick = 0; performance.now() - wallFrom < options.number('seconds') * 1000; tick++) {
    // 1,000 players that each stay a hundred seconds, 50 streams measured every 5 s.
    const playerId = `p${players++}`;
    const streamId = ids[players % 50];
    eventLayer.lifecycle.playStarted(streamId, { playerId, connectionId: playerId, peer });
    eventLayer.lifecycle.playEnded(streamId, {
      playerId,
      bytes: 1,
      drops: 0,
      reason: 'client_closed',
    });
    eventLayer.lifecycle.telemetry(ids[tick % 50], { totals, kbpsIn: 2500, fps: 30, players: 20 });
    await pause(100);
  }
  const cpu = process.cpuUsage(cpuFrom);
  cpuShare = (100 * (cpu.user + cpu.system)) / 1000 / (performance.now() - wallFrom);
  await plain.close();
  await eventLayer.close(5000);
} finally {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
}

const extra = summarise(own.p99.map((p99, i) => p99 - bare.p99[i]));
const ratio = pairedRatios(own.rate, bare.rate);
publish(
  {
    bench: 'events',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: options.all(),
    cases: [
      {
        name: 'delay to a subscriber, ms',
        sluice: { p50: summarise(own.p50), p99: summarise(own.p99) },
        bare: { p50: summarise(bare.p50), p99: summarise(bare.p99) },
        p99Above: extra,
      },
      { name: 'events a second', sluice: summarise(own.rate), bare: summarise(bare.rate), ratio },
      { name: 'CPU of one core, %, 50 streams and 1,000 players', sluice: cpuShare },
    ],
    targets: [
      atMost('delay p99 above bare JetStream publishing', extra.median, 10, 'ms'),
      atLeast('events a second, of bare JetStream publishing', ratio.median, 0.7),
      atMost('CPU of events at 1,000 players and 50 streams', cpuShare, 3, '%'),
    ],
    notes: ['fsync policy: interval. Server, publishers and subscriber share the machine.'],
  },
  [
    ['', 'Sluice', 'bare nats'],
    ['delay p50, ms', formatSummary(summarise(own.p50)), formatSummary(summarise(bare.p50))],
    ['delay p99, ms', formatSummary(summarise(own.p99)), formatSummary(summarise(bare.p99))],
    ['events/s', formatSummary(summarise(own.rate)), formatSummary(summarise(bare.rate))],
    ['CPU, % of a core', format(cpuShare), '–'],
  ],
  options.text('json'),
);
