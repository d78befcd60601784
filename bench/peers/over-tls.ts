import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { nginxModule, nginxProgram, startNginx } from './nginx-rtmp.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';
import { rawArguments } from './raw-loops.js';
import { startSluice } from './sluice.js';

const STREAM_MODULE = 'ngx_stream_module.so';

/** Sluice with a certificate; the port for RTMP takes TLS as well. */
export const sluiceOverTls: Peer = {
  name: 'sluice',
  feedsItself: false,
  async start(options: PeerStart): Promise<RunningPeer> {
    const { cert, key } = makeCertificate(options.directory);
    const env = { ...options.env, SLUICE_RTMPS_CERT: cert, SLUICE_RTMPS_KEY: key };
    const running = await startSluice({ ...options, env });
    return { ...running, url: secure(running.url) };
  },
};

/** nginx-rtmp with the stream module before it, which ends TLS: one process does both. */
export const nginxOverTls: Peer = {
  name: 'nginx',
  feedsItself: false,
  leftOut(): string | undefined {
    try {
      nginxProgram();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    if (nginxModule(STREAM_MODULE) !== undefined) return undefined;
    return 'the stream module of nginx is not installed (Debian: apt-get install libnginx-mod-stream)';
  },
  async start(options: PeerStart): Promise<RunningPeer> {
    const { binary, module } = nginxProgram();
    const [port, tlsPort] = [await freePort(), await freePort()];
    const stream = nginxModule(STREAM_MODULE) ?? '';
    const values = { ...makeCertificate(options.directory), module, stream, port: `${port}`, tlsPort: `${tlsPort}` };
    const running = await runningPeer(tlsPort, startNginx(binary, 'nginx-rtmps.conf', values, options));
    return { ...running, url: secure(running.url) };
  },
};

/** The bare Node loop over TLS: `write` of one shared Buffer to each `TLSSocket`. */
export const rawNodeOverTls: Peer = {
  name: 'bare Node TLS',
  feedsItself: true,
  async start(options: PeerStart): Promise<RunningPeer> {
    const { cert, key } = makeCertificate(options.directory);
    const port = await freePort();
    const child = new BenchProcess({
      command: process.execPath,
      args: [sourcePath('dist/bench/peers/raw-node-main.js'), ...rawArguments(port, options), cert, key],
      core: options.core,
    });
    const running = await runningPeer(port, child);
    return { ...running, url: secure(running.url) };
  },
};

/** A certificate that has signed itself, made with openssl; all peers have the same kind. */
function makeCertificate(directory: string): { readonly cert: string; readonly key: string } {
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync('openssl', ['req', ...kind, '-subj', '/CN=localhost', ...files], { stdio: 'pipe' });
  return { cert, key };
}

function secure(url: string): string {
  return url.replace(/^rtmp:/, 'rtmps:');
}
