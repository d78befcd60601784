import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

const MODULE_FOLDERS = ['/usr/lib/nginx/modules', '/usr/lib64/nginx/modules'];
const BINARIES = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'];

/** Path of a module of nginx; undefined when it is not installed. */
export function nginxModule(file: string): string | undefined {
  return MODULE_FOLDERS.map((folder) => join(folder, file)).find(existsSync);
}

/** Where nginx and its RTMP module are. @throws Error with what to install when they are not. */
export function nginxProgram(): { binary: string; module: string } {
  const binary = BINARIES.find(existsSync);
  const module = nginxModule('ngx_rtmp_module.so');
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
    return runningPeer(port, startNginx(binary, 'nginx-rtmp.conf', { module, port: String(port) }, options));
  },
};

/**
 * Starts nginx with a configuration of this folder.
 *
 * @param values what stands in it as `@name@`
 */
export function startNginx(
  binary: string,
  file: string,
  values: Readonly<Record<string, string>>,
  { directory, core }: PeerStart,
): BenchProcess {
  const prefix = join(directory, 'nginx');
  mkdirSync(join(prefix, 'logs'), { recursive: true });
  const template = readFileSync(sourcePath(`bench/peers/${file}`), 'utf8');
  const config = template.replace(/@(\w+)@/g, (whole, name: string) => values[name] ?? whole);
  writeFileSync(join(prefix, 'nginx.conf'), config);
  return new BenchProcess({ command: binary, args: ['-p', prefix, '-e', 'logs/error.log', '-c', 'nginx.conf'], core });
}
