import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxProgram } from '../../../bench/peers/nginx-rtmp.js';
import { Child } from '../child.js';
import { freePort } from '../ports.js';
import { tempDir } from '../temp.js';
import { listens } from './listens.js';

/** An nginx with the RTMP module that hands on whatever is published to it. */
export interface NginxRelay {
  /** Where encoders publish: `rtmp://…/live`. */
  readonly url: string;
  readonly child: Child;
}

/**
 * Starts nginx with one application `live` that pushes each stream under its own name.
 *
 * @param target `rtmp://host:port/app` to push to
 */
export async function nginxPushingTo(target: string): Promise<NginxRelay> {
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
      push ${target};
    }
  }
}
`,
  );
  const child = new Child([binary, '-p', prefix, '-e', 'logs/error.log', '-c', 'nginx.conf']);
  await listens(port, child);
  return { url: `rtmp://127.0.0.1:${port}/live`, child };
}
