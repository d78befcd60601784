import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

/** Sluice with its defaults, no NATS: events go to the embedded log on disk. `env` adds settings. */
export const sluice: Peer = {
  name: 'sluice',
  feedsItself: false,
  async start(options: PeerStart): Promise<RunningPeer> {
    const port = await freePort();
    const http = await freePort();
    const data = join(options.directory, 'sluice');
    mkdirSync(data, { recursive: true });
    const child = new BenchProcess({
      command: process.execPath,
      args: [
        sourcePath('dist/src/cli.js'),
        'serve',
        '--rtmp',
        `127.0.0.1:${port}`,
        '--http',
        `127.0.0.1:${http}`,
        '--data',
        data,
      ],
      core: options.core,
      env: options.env,
    });
    return runningPeer(port, child);
  },
};
