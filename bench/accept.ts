import { IdleConnections } from './lib/idle-connections.js';
import { LoadGenerator } from './lib/load.js';
import { GENERATOR_CORE, SERVER_CORE } from './lib/load-point.js';
import { readOptions } from './lib/options.js';
import { canPin, cpuSeconds, pause, residentBytes } from './lib/process.js';
import { machine, publish } from './lib/report.js';
import { format } from './lib/stats.js';
import { atLeast, atMost } from './lib/targets.js';
import { PEER_NAMES, readContestants, startPeer } from './peers/index.js';
import type { Peer, RunningPeer } from './peers/peer.js';

const BURST_CPU_S = 1;
const IDLE_KB = 60;
const PLAYER_KB = 64;
const PUBLISHER_KB = 400;
const AT_ONCE = 500;
const SETTLE_MS = 3_000;
const TIMEOUT_MS = 60_000;
/**
 * Idle connections are closed after 15 s by default. Here they are held longer, so that all are there when memory is
 * read.
 */
const HOLD = { SLUICE_LIMITS_CONNECT_TIMEOUT_MS: '600000' };

interface AcceptCase {
  readonly server: string;
  readonly burstCpuSeconds: number;
  readonly burstSeconds: number;
  readonly burstConnected: number;
  readonly idleConnected: number;
  readonly idleKB: number;
  readonly playerKB: number;
  readonly publisherKB: number;
}

const options = readOptions(
  'npm run bench:accept -- [options]',
  'A burst of connections through handshake and connect (CPU of the server), many idle ones (memory of each), and what a player and ' +
    'a publisher add to resident memory.',
  {
    burst: { kind: 'number', fallback: 1000, says: 'connections of the burst' },
    idle: { kind: 'number', fallback: 10_000, says: 'idle connections' },
    players: { kind: 'number', fallback: 1000, says: 'players that memory is divided by' },
    publishers: { kind: 'number', fallback: 100, says: 'publishers that memory is divided by' },
    peer: { kind: 'list', fallback: [], says: `servers beside Sluice: ${PEER_NAMES.join(', ')}` },
  },
);

const { peers: all, leftOut } = await readContestants(options);
const peers = all.filter((p) => !p.feedsItself);
const cases: AcceptCase[] = [];
for (const peer of peers) cases.push(await measure(peer));
const own = cases[0];
publish(
  {
    bench: 'accept',
    date: new Date().toISOString(),
    machine: machine(),
    parameters: { ...options.all(), pinned: canPin() },
    cases,
    targets: [
      atLeast(
        `burst: connections through of ${options.number('burst')}`,
        own.burstConnected,
        options.number('burst'),
        '',
      ),
      atMost(`burst of ${options.number('burst')}: CPU of the server`, own.burstCpuSeconds, BURST_CPU_S, 's'),
      atLeast('idle connections held by one process', own.idleConnected, options.number('idle'), ''),
      atMost('idle connection: RSS', own.idleKB, IDLE_KB, 'KB'),
      atMost('player: RSS beyond shared data', own.playerKB, PLAYER_KB, 'KB'),
      atMost('publisher: RSS', own.publisherKB, PUBLISHER_KB, 'KB'),
    ],
    notes: leftOut,
  },
  [
    ['server', 'burst CPU s', 'burst s', 'through', 'idle held', 'KB per idle', 'KB per player', 'KB per publisher'],
    ...cases.map((c) => [
      c.server,
      format(c.burstCpuSeconds),
      format(c.burstSeconds),
      String(c.burstConnected),
      String(c.idleConnected),
      format(c.idleKB),
      format(c.playerKB),
      format(c.publisherKB),
    ]),
  ],
  options.text('json'),
);

async function measure(peer: Peer): Promise<AcceptCase> {
  const burst = await withServer(peer, async (server, pid) => {
    const cpu = cpuSeconds(pid);
    const start = performance.now();
    const connections = new IdleConnections(
      server.url,
      options.number('burst'),
      options.number('burst'),
      GENERATOR_CORE,
    );
    const through = await connections.settled(TIMEOUT_MS);
    const result = { cpu: cpuSeconds(pid) - cpu, seconds: (performance.now() - start) / 1000, through };
    await connections.stop();
    return result;
  });
  const idle = await withServer(peer, async (server, pid) => {
    const before = residentBytes(pid);
    const connections = new IdleConnections(server.url, options.number('idle'), AT_ONCE, GENERATOR_CORE);
    await connections.settled(TIMEOUT_MS);
    await pause(SETTLE_MS);
    const held = connections.state.connected;
    const kb = (residentBytes(pid) - before) / 1024 / Math.max(1, held);
    await connections.stop();
    return { held, kb };
  });
  const playerKB = await memoryOf(peer, 'play', options.number('players'));
  const publisherKB = await memoryOf(peer, 'publish', options.number('publishers'));
  return {
    server: peer.name,
    burstCpuSeconds: burst.cpu,
    burstSeconds: burst.seconds,
    burstConnected: burst.through,
    idleConnected: idle.held,
    idleKB: idle.kb,
    playerKB,
    publisherKB,
  };
}

/** Resident KB that each of `count` clients adds to a server that already serves one stream to one player. */
function memoryOf(peer: Peer, mode: 'play' | 'publish', count: number): Promise<number> {
  return withServer(peer, async (server, pid) => {
    const generators: LoadGenerator[] = [];
    const start = async (kind: 'play' | 'publish', name: string, n: number): Promise<void> => {
      const generator = new LoadGenerator({ mode: kind, url: `${server.url}/${name}`, count: n, core: GENERATOR_CORE });
      generators.push(generator);
      await generator.steady();
    };
    try {
      await start('publish', 'bench', 1);
      await start('play', 'bench', 1);
      await pause(SETTLE_MS);
      const before = residentBytes(pid);
      await start(mode, mode === 'play' ? 'bench' : 'other', count);
      await pause(SETTLE_MS);
      return (residentBytes(pid) - before) / 1024 / count;
    } finally {
      for (const generator of generators) await generator.stop();
    }
  });
}

async function withServer<T>(peer: Peer, run: (server: RunningPeer, pid: number) => Promise<T>): Promise<T> {
  const server = await startPeer(peer, { core: SERVER_CORE, env: HOLD });
  try {
    if (server.pid === undefined)
      throw new Error(`${peer.name} is not a process of this bench: its CPU and memory cannot be read`);
    return await run(server, server.pid);
  } finally {
    await server.stop();
  }
}
