import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

/** What the project recommends for low latency: no merged reads, writes as soon as there is something. */
const LOW_LATENCY = ['tcp_nodelay on;', 'min_latency on;', 'play { mw_latency 0; }', 'publish { mr off; }'];

/** SRS with its defaults: it merges 350 ms of media into one write and sends late joiners the GOP. */
export const srs: Peer = srsWith('srs', []);
/** SRS with the settings it recommends for low latency. */
export const srsLowLatency: Peer = srsWith('srs-low-latency', LOW_LATENCY);

function srsWith(name: string, settings: readonly string[]): Peer {
  return {
    name,
    feedsItself: false,
    async start(options: PeerStart): Promise<RunningPeer> {
      const binary = findBinary();
      const port = await freePort();
      const directory = join(options.directory, 'srs');
      mkdirSync(directory, { recursive: true });
      const config = readFileSync(sourcePath('bench/peers/srs.conf'), 'utf8')
        .replaceAll('@port@', String(port))
        .replaceAll('@directory@', directory)
        .replaceAll('@settings@', settings.map((line) => `    ${line}`).join('\n'));
      const file = join(directory, 'srs.conf');
      writeFileSync(file, config);
      return runningPeer(port, new BenchProcess({ command: binary, args: ['-c', file], core: options.core }));
    },
  };
}

/** The binary that `SRS_BIN` names, or the first on the PATH. @throws Error that says how to name one */
function findBinary(): string {
  const named = process.env['SRS_BIN'];
  const places = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'srs'));
  const binary = named ?? places.find(existsSync);
  if (binary === undefined || !existsSync(binary)) {
    throw new Error('no srs binary: build SRS for release (its default build is not optimised) and name it in SRS_BIN');
  }
  return binary;
}
