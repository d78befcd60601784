import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxProgram } from '../../../bench/peers/nginx-rtmp.js';
import { Child } from '../child.js';
import { freePort } from '../ports.js';
import { tempDir } from '../temp.js';
import { listens } from './listens.js';

/** An nginx with the RTMP module. */
export interface NginxRtmp {
  /** Where encoders publish: `rtmp://…/live`. */
  readonly url: string;
  readonly child: Child;
}

/**
 * Starts nginx with one application `live` that pushes each stream under its own name.
 *
 * @param target `rtmp://host:port/app` to push to
 */
export function nginxPushingTo(target: string): Promise<NginxRtmp> {
  return start(`push ${target};`);
}

/** Starts nginx with one application `live`, which takes streams and serves them. */
export function nginxRtmp(): Promise<NginxRtmp> {
  return start('');
}

/** @param more directives of the application */
async function start(more: string): Promise<NginxRtmp> {
  const { binary, module } = nginxProgram();
  const port = await freePort();
  const prefix = tempDir('nginx');
  mkdirSync(join(prefix, 'logs'));
  writeFileSync(
    join(prefix, 'nginx.conf'),
    `load_module ${module};
daemon off;
master_process off;
pid nginx.pid;
error_log logs/error.log;
events { worker_connections 64; }
rtmp {
  server {
    listen 127.0.0.1:${port};
    access_log off;
    application live {
      live on;
      ${more}
    }
  }
}
`,
  );
  const child = new Child([binary, '-p', prefix, '-e', 'logs/error.log', '-c', 'nginx.conf']);
  await listens(port, child);
  return { url: `rtmp://127.0.0.1:${port}/live`, child };
}
