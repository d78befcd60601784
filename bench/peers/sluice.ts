import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

/** A running Sluice and what only it has. */
export interface RunningSluice extends RunningPeer {
  readonly rtmpPort: number;
  readonly httpPort: number;
}

/**
 * Starts Sluice with its defaults, no NATS: events go to the embedded log on disk. `env` adds settings.
 *
 * @param cli the built command line; another checkout's, to compare with
 */
export async function startSluice(options: PeerStart, cli = sourcePath('dist/src/cli.js')): Promise<RunningSluice> {
  const rtmpPort = await freePort();
  const httpPort = await freePort();
  const data = join(options.directory, 'sluice');
  mkdirSync(data, { recursive: true });
  const child = new BenchProcess({
    command: process.execPath,
    args: [cli, 'serve', '--rtmp', `127.0.0.1:${rtmpPort}`, '--http', `127.0.0.1:${httpPort}`, '--data', data],
    core: options.core,
    priority: options.priority,
    env: options.env,
  });
  return { ...(await runningPeer(rtmpPort, child)), rtmpPort, httpPort };
}

/** @see startSluice */
export const sluice: Peer = { name: 'sluice', feedsItself: false, start: (options) => startSluice(options) };

/** Another checkout of Sluice, built: the state before a change, say. @param directory its top folder */
export function sluiceIn(directory: string): Peer {
  const cli = join(directory, 'dist/src/cli.js');
  if (!existsSync(cli)) throw new Error(`${cli} is missing: run "npm run build" there first`);
  return { name: `sluice:${directory}`, feedsItself: false, start: (options) => startSluice(options, cli) };
}
