import { setMaxListeners } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { freePort } from '../support/ports.js';
import { spawnServer, type TestServer } from '../support/server.js';
import { playerLife, publisherLife } from '../support/soak/good-clients.js';
import { hostileLife } from '../support/soak/hostile-clients.js';
import { type Phase, Stage } from '../support/soak/stage.js';
import { StreamLedger } from '../support/soak/stream-ledger.js';
import { makeCertificate } from '../support/transport/certificates.js';
import { waitFor } from '../support/wait.js';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 4);
const publishers = Number(process.env['SOAK_PUBLISHERS'] ?? 60);
const players = Number(process.env['SOAK_PLAYERS'] ?? 140);
const seed = Number(process.env['SOAK_SEED'] ?? 11);
/** Of a hundred clients so many are hostile. */
const HOSTILE_PERCENT = 5;
const WARM_UP_MS = 20_000;
const SETTLE_MS = 3000;
/** Turns of each phase. */
const PAIRS = 6;
/** Garbage and code of the runtime, which no account has, beyond what there is at the start. */
const RUNTIME_MIB = 300;
const MiB = 1024 * 1024;
const round = (value: number): number => Math.round(value * 10) / 10;
const round2 = (value: number): number => Math.round(value * 100) / 100;
const inMiB = (bytes: number): number => round(bytes / MiB);

/** What the server holds at one moment. */
interface Sample {
  readonly atSeconds: number;
  readonly phase: Phase;
  readonly residentMiB: number;
  readonly accountMiB: number;
  readonly connections: number;
  readonly descriptors: number;
  readonly cpuSeconds: number;
  readonly longestTurnMs: number;
}

async function sample(server: TestServer, stage: Stage, atSeconds: number): Promise<Sample> {
  const residentMiB = inMiB(await server.residentBytes());
  return {
    ...{ atSeconds: Math.round(atSeconds), phase: stage.phase, residentMiB },
    accountMiB: inMiB(await server.metric('sluice_memory_bytes')),
    connections: await server.metric('sluice_connections'),
    descriptors: await server.metric('process_open_fds'),
    longestTurnMs: round((await server.metric('sluice_event_loop_turn_max_seconds')) * 1000),
    cpuSeconds: round(await server.metric('process_cpu_seconds_total')),
  };
}

/** Takes turns between a phase without hostile clients and one with them, so that the machine is the same for both. */
async function takeTurns(stage: Stage, hostiles: number): Promise<void> {
  const turnMs = Math.max(10_000, (minutes * 60_000 - WARM_UP_MS) / (2 * PAIRS) - SETTLE_MS);
  await stage.sleep(WARM_UP_MS);
  const until = performance.now() + minutes * 60_000 - WARM_UP_MS;
  while (performance.now() < until && !stage.isOver) {
    await turn(stage, 'quiet', turnMs);
    const stop = new AbortController();
    setMaxListeners(0, stop.signal);
    const lives = Array.from({ length: hostiles }, () => hostileLife(stage, stop.signal));
    await turn(stage, 'hostile', turnMs);
    stop.abort();
    stage.phase = 'settling';
    await Promise.all(lives);
  }
}

async function turn(stage: Stage, phase: Phase, ms: number): Promise<void> {
  stage.phase = 'settling';
  await stage.sleep(SETTLE_MS);
  stage.begin(phase);
  await stage.sleep(ms);
}

/** How many connections the server ended, by code. */
async function endedByCode(server: TestServer): Promise<Record<string, number>> {
  const text = await (await fetch(server.http('/metrics'))).text();
  const ended = [...text.matchAll(/^sluice_connections_closed_total\{.*?code="(\w+)".*?\} (\d+)$/gm)];
  return Object.fromEntries(
    ended.map(([, code, count]) => [code, Number(count)] as const).filter(([, count]) => count > 0),
  );
}

/** Waits until nobody is connected and nothing is published, and returns the descriptors that are open then. */
async function nobodyLeft(server: TestServer, descriptorsAtStart: number): Promise<Record<string, number>> {
  const names = ['connections', 'players', 'streams', 'http_flv_players', 'rtmpt_sessions', 'rtmpt_http_connections'];
  const left: Record<string, number> = {};
  await waitFor(
    async () => {
      for (const name of names) left[name] = await server.metric(`sluice_${name}`);
      left['descriptors'] = (await server.metric('process_open_fds')) - descriptorsAtStart;
      // The follower of events and the connection that asks have one each.
      return Object.values(left).every((value) => value <= 2) && names.every((name) => left[name] === 0);
    },
    { timeoutMs: 60_000, everyMs: 500, what: () => `everybody to be gone: ${JSON.stringify(left)}` },
  ).catch(() => undefined);
  return left;
}

const delaysOf = (stage: Stage, phase: 'quiet' | 'hostile') => ({
  frames: stage.delays[phase].count,
  p50Ms: round(stage.delays[phase].quantile(0.5) / 1000),
  p99Ms: round(stage.delays[phase].quantile(0.99) / 1000),
  mostMs: round(stage.delays[phase].max / 1000),
  p99MsOfTurns: stage.turns
    .filter((turn) => turn.phase === phase && turn.delays.count > 0)
    .map((turn) => round(turn.delays.quantile(0.99) / 1000)),
});

/** A server with every transport on, with the limits per address in force on loopback too. */
function start(httpPort: number): Promise<TestServer> {
  const { cert, key } = makeCertificate(['localhost']);
  return spawnServer({
    logLevel: 'warn',
    settings: {
      ...{ 'rtmps.cert': cert, 'rtmps.key': key, 'httpFlv.listen': `127.0.0.1:${httpPort}` },
      ...{ 'httpFlv.waitMs': 5000, 'rtmpt.sessionTimeoutMs': 5000, 'limits.limitLoopback': true },
      ...{ 'publish.conflict': 'reject', 'play.lingerMs': 500 },
    },
  });
}

/** Lets all clients live for the time of the run. @returns what the server held meanwhile, every five seconds */
async function live(server: TestServer, stage: Stage, ledger: StreamLedger, hostiles: number): Promise<Sample[]> {
  const startedAt = performance.now();
  const lives = [
    ...Array.from({ length: publishers }, (_, slot) => publisherLife(stage, slot)),
    ...Array.from({ length: players }, (_, slot) => playerLife(stage, slot)),
  ];
  const samples: Sample[] = [];
  const watch = async (): Promise<void> => {
    for (let turns = 1; !stage.isOver; turns++) {
      await stage.sleep(5000);
      if (server.child.exit !== undefined) return stage.end();
      samples.push(await sample(server, stage, (performance.now() - startedAt) / 1000));
      ledger.read();
      if (turns % 12 === 0) await ledger.reconnect();
    }
  };
  const watching = watch().catch((error) => {
    stage.faults.push(`the server does not answer: ${(error as Error).message}`);
    stage.end();
  });
  await takeTurns(stage, hostiles);
  stage.end();
  await Promise.all([...lives, watching]);
  return samples;
}

/** How much of a core the server used in a phase, in percent: between samples of which both are of it. */
function cpuPercentIn(phase: Phase, samples: readonly Sample[]): number {
  let [used, seconds] = [0, 0];
  for (const [i, { phase: now, cpuSeconds, atSeconds }] of samples.entries()) {
    const before = samples[i - 1];
    if (now !== phase || before?.phase !== phase) continue;
    used += cpuSeconds - before.cpuSeconds;
    seconds += atSeconds - before.atSeconds;
  }
  return round((used / seconds) * 100);
}

/** Resident memory and the account of what peers make the server hold, in MiB. */
function memoryOf(samples: readonly Sample[]) {
  const beyondAccount = samples.map(({ residentMiB, accountMiB }) => residentMiB - accountMiB);
  const third = Math.ceil(samples.length / 3);
  return {
    mostResident: Math.max(...samples.map(({ residentMiB }) => residentMiB)),
    mostInAccount: Math.max(...samples.map(({ accountMiB }) => accountMiB)),
    mostBeyondAccount: round(Math.max(...beyondAccount)),
    beyondAccountInMiddle: median(beyondAccount.slice(third, 2 * third)),
    beyondAccountAtEnd: median(beyondAccount.slice(2 * third)),
  };
}

it(`serves ${publishers} publishers and ${players} players by all transports beside hostile ones, ${minutes} minutes`, async () => {
  const httpPort = await freePort();
  const server = await start(httpPort);
  const descriptorsAtStart = await server.metric('process_open_fds');
  const residentAtStart = inMiB(await server.residentBytes());
  const ledger = await StreamLedger.open(server.http('/v1/events'));
  const stage = new Stage(server.rtmpPort, httpPort, seed);
  const hostiles = Math.ceil(((publishers + players) * HOSTILE_PERCENT) / 100);
  const ownDelay = monitorEventLoopDelay();
  ownDelay.enable();
  const samples = await live(server, stage, ledger, hostiles);
  expect(server.child.exit, server.child.output.slice(-4000)).toBeUndefined();

  const left = await nobodyLeft(server, descriptorsAtStart);
  // A follower that was cut off for its slowness goes on from where it was.
  await ledger.reconnect();
  await waitFor(() => ledger.faultsNow(stage.begun).length === 0, { everyMs: 100 }).catch(() => undefined);
  const lost = ledger.faultsNow(stage.begun);
  const [quiet, hostile] = [delaysOf(stage, 'quiet'), delaysOf(stage, 'hostile')];
  // Of the medians, because other work of the machine falls into one turn or another.
  const p99Ratio = round2(median(hostile.p99MsOfTurns) / median(quiet.p99MsOfTurns));
  const memory = memoryOf(samples);
  const accountAtEnd = inMiB(await server.metric('sluice_memory_bytes'));
  const limitMiB = inMiB(await server.metric('sluice_memory_limit_bytes'));
  const endedBy = await endedByCode(server);
  const figures = {
    ...{ minutes, publishers, players, hostiles, seed, quiet, hostile },
    p99Ratio,
    p99MsBy: Object.fromEntries([...stage.delaysBy].map(([what, of]) => [what, round(of.quantile(0.99) / 1000)])),
    cpuPercent: { quiet: cpuPercentIn('quiet', samples), hostile: cpuPercentIn('hostile', samples) },
    longestTurnMs: Math.max(...samples.map(({ longestTurnMs }) => longestTurnMs)),
    driverLoopP99Ms: round(ownDelay.percentile(99) / 1e6),
    memoryMiB: { atStart: residentAtStart, ...memory, accountAtEnd, limit: limitMiB },
    ...{ streams: ledger.streams, begun: stage.begun.size, events: ledger.events, left, counts: stage.counts, endedBy },
    samples: samples.filter((_, i) => i % Math.ceil(samples.length / 20) === 0).map((s) => JSON.stringify(s)),
  };
  console.log(JSON.stringify(figures, undefined, 1));
  ledger.close();
  expect(await server.stop()).toEqual({ code: 0, signal: null });
  expect(stage.faults.slice(0, 20)).toEqual([]);
  expect(lost.slice(0, 20)).toEqual([]);
  expect(endedBy).not.toHaveProperty('ERR_INTERNAL');
  expect(endedBy).not.toHaveProperty('ERR_WASM_TRAP');
  expect(server.child.output).not.toMatch(/ERR_INTERNAL|ERR_WASM_TRAP|uncaught|unhandled/i);
  expect(left).toMatchObject({ connections: 0, players: 0, streams: 0, rtmpt_sessions: 0, rtmpt_http_connections: 0 });
  expect(left['descriptors']).toBeLessThanOrEqual(2);
  expect(Math.min(quiet.frames, hostile.frames)).toBeGreaterThan(minutes * 60 * players);
  expect(memory.mostInAccount).toBeLessThan(limitMiB);
  expect(memory.mostBeyondAccount).toBeLessThan(residentAtStart + RUNTIME_MIB);
  // Shorter runs end before the heap has settled.
  if (minutes >= 30) expect(memory.beyondAccountAtEnd / memory.beyondAccountInMiddle).toBeLessThan(1.1);
  expect(p99Ratio).toBeLessThanOrEqual(1.5);
});

function median(values: readonly number[]): number {
  return round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}
