import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { srs, srsLowLatency } from './external-binary.js';
import { nginxRtmp } from './nginx-rtmp.js';
import { nodeMediaServer } from './node-media-server.js';
import type { Peer, PeerStart, RunningPeer } from './peer.js';
import { rawC, rawNode } from './raw-loops.js';
import { sluice, sluiceIn } from './sluice.js';

const PEERS: readonly Peer[] = [sluice, nginxRtmp, nodeMediaServer, srs, srsLowLatency, rawC, rawNode];

/** Names that `--peer` takes, beside `rtmp://host/app` for a server that already runs and `sluice:FOLDER` for another checkout. */
export const PEER_NAMES = PEERS.map((p) => p.name);

/** Peer by name or URL. @throws Error with the known names. */
export function findPeer(name: string): Peer {
  const known = PEERS.find((p) => p.name === name);
  if (known !== undefined) return known;
  if (name.startsWith('sluice:')) return sluiceIn(name.slice('sluice:'.length));
  if (name.startsWith('rtmp://')) return { name, feedsItself: false, start: async () => external(name) };
  throw new Error(`there is no peer "${name}": one of ${PEER_NAMES.join(', ')}, sluice:FOLDER or rtmp://host/app`);
}

/** Starts a peer in a fresh temporary directory that is removed when it stops. */
export async function startPeer(peer: Peer, options: Omit<PeerStart, 'directory'> = {}): Promise<RunningPeer> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  try {
    const running = await peer.start({ ...options, directory });
    return {
      ...running,
      stop: async () => {
        await running.stop();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function external(url: string): RunningPeer {
  return { url: url.replace(/\/$/, ''), pid: undefined, startedMs: 0, output: () => '', stop: async () => {} };
}
