import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { sourcePath } from '../lib/paths.js';
import { BenchProcess, freePort } from '../lib/process.js';
import { type Peer, type PeerStart, type RunningPeer, runningPeer } from './peer.js';

const VERSION = '4.4';
const HOME = 'node_modules/.cache/sluice-bench';

/** The package's directory; installs it there on first use, apart from what Sluice itself depends on. */
export function nodeMediaServerHome(): string {
  const home = sourcePath(HOME);
  const directory = join(home, 'node_modules/node-media-server');
  if (!existsSync(join(directory, 'package.json'))) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
    process.stdout.write(`Installing node-media-server ${VERSION} into ${HOME} …\n`);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', `node-media-server@${VERSION}`], {
      cwd: home,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return directory;
}

/** Version that is installed, for the report. */
export function nodeMediaServerVersion(): string {
  const manifest = JSON.parse(readFileSync(join(nodeMediaServerHome(), 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}

/** Loads one of its CommonJS modules, for the parser bench. */
export function requireFromNodeMediaServer(path: string): unknown {
  return createRequire(join(nodeMediaServerHome(), 'package.json'))(join(nodeMediaServerHome(), path));
}

/** Node-Media-Server as its own command starts it, without recording, TLS ports and admin pages. */
export const nodeMediaServer: Peer = {
  name: 'node-media-server',
  feedsItself: false,
  async start(options: PeerStart): Promise<RunningPeer> {
    const directory = nodeMediaServerHome();
    const port = await freePort();
    const http = await freePort();
    const home = join(options.directory, 'node-media-server');
    mkdirSync(home, { recursive: true });
    const config = join(home, 'config.json');
    const settings = JSON.parse(readFileSync(join(directory, 'bin/config.json'), 'utf8')) as Record<string, unknown>;
    delete settings['rtmps'];
    delete settings['https'];
    writeFileSync(config, JSON.stringify({ ...settings, bind: '127.0.0.1', rtmp: { port }, http: { port: http } }));
    const child = new BenchProcess({
      command: process.execPath,
      args: [
        join(directory, 'bin/app.js'),
        '-c',
        config,
        '--no-admin',
        '--data-path',
        join(home, 'data'),
        '--record-path',
        join(home, 'record'),
      ],
      core: options.core,
      cwd: home,
    });
    return { ...(await runningPeer(port, child)), httpPort: http };
  },
};
