import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Options } from '../lib/options.js';
import { EXTERNAL_BINARIES, externalPeer } from './external-binary.js';
import { nginxRtmp } from './nginx-rtmp.js';
import { nodeMediaServer } from './node-media-server.js';
import type { Peer, PeerStart, RunningPeer } from './peer.js';
import { rawC, rawNode } from './raw-loops.js';
import { sluice, sluiceIn } from './sluice.js';

const PEERS: readonly Peer[] = [
  sluice,
  nginxRtmp,
  nodeMediaServer,
  ...EXTERNAL_BINARIES.map(externalPeer),
  rawC,
  rawNode,
];

/** What `--peer` takes, beside `rtmp://host/app` for a running server and `sluice:FOLDER` for another checkout. */
export const PEER_NAMES = PEERS.map((p) => p.name);

/** Peer by name or URL. @throws Error with the known names. */
function findPeer(name: string): Peer {
  const known = PEERS.find((p) => p.name === name);
  if (known !== undefined) return known;
  if (name.startsWith('sluice:')) return sluiceIn(name.slice('sluice:'.length));
  if (name.startsWith('rtmp://')) return { name, feedsItself: false, start: async () => external(name) };
  throw new Error(`there is no peer "${name}": one of ${PEER_NAMES.join(', ')}, sluice:FOLDER or rtmp://host/app`);
}

/** The servers that a bench compares. */
export interface Contestants {
  /** Sluice, then the others in the order asked for; each can be started. */
  readonly peers: readonly Peer[];
  /** A sentence for each that was asked for and takes no part. */
  readonly leftOut: readonly string[];
}

/**
 * Sluice and the servers that `--peer` asks for. A server without a program is left out. A program of the user is
 * started once before anything is measured, so that a file that is not such a server is found.
 * @throws Error with a sentence on an unknown name of a peer, and on a program that cannot be run or does not start.
 */
export async function findContestants(names: readonly string[]): Promise<Contestants> {
  const peers: Peer[] = [];
  const leftOut: string[] = [];
  for (const peer of [...new Set(['sluice', ...names])].map(findPeer)) {
    const why = peer.leftOut?.();
    if (why === undefined) peers.push(peer);
    else leftOut.push(why);
  }
  for (const peer of peers) if (peer.leftOut !== undefined) await (await startPeer(peer)).stop();
  return { peers, leftOut };
}

/** The contestants of `--peer`. Standard error names who is left out; after an error the process exits with 2. */
export async function readContestants(options: Options): Promise<Contestants> {
  try {
    const contestants = await findContestants(options.list('peer'));
    for (const sentence of contestants.leftOut) process.stderr.write(`${sentence}\n`);
    return contestants;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
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
