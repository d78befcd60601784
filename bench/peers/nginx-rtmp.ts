import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

const MODULES = ['/usr/lib/nginx/modules/ngx_rtmp_module.so', '/usr/lib64/nginx/modules/ngx_rtmp_module.so'];
const BINARIES = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'];

/** Where nginx and its RTMP module are. @throws Error with what to install when they are not. */
export function nginxProgram(): { binary: string; module: string } {
  const binary = BINARIES.find(existsSync);
  const module = MODULES.find(existsSync);
  if (binary === undefined || module === undefined) {
    throw new Error('nginx with the RTMP module is not installed (Debian: apt-get install libnginx-mod-rtmp)');
  }
  return { binary, module };
}

/**
 * nginx with the RTMP module as Debian packages it (`libnginx-mod-rtmp`): one worker, the module's defaults, `live on`.
 */
export const nginxRtmp: Peer = {
  name: 'nginx-rtmp',
  feedsItself: false,
  async start(options: PeerStart): Promise<RunningPeer> {
    const { binary, module } = nginxProgram();
    const port = await freePort();
    const prefix = join(options.directory, 'nginx');
    mkdirSync(join(prefix, 'logs'), { recursive: true });
    const config = readFileSync(sourcePath('bench/peers/nginx-rtmp.conf'), 'utf8')
      .replaceAll('@module@', module)
      .replaceAll('@port@', String(port));
    writeFileSync(join(prefix, 'nginx.conf'), config);
    const child = new BenchProcess({
      command: binary,
      args: ['-p', prefix, '-e', 'logs/error.log', '-c', 'nginx.conf'],
      core: options.core,
    });
    return runningPeer(port, child);
  },
};
