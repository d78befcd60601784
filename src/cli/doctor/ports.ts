import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { isPublicBind, parseListen } from '../../config/listen.js';
import { valueAt } from '../../config/load.js';
import { type Config, ROWS } from '../../config/table.js';
import type { Finding } from './finding.js';

/** A process that listens, as far as the system tells. */
interface Holder {
  readonly pid: number;
  readonly name: string;
  readonly isSluice: boolean;
}

/** Processes whose open files are looked at, at most: the rest of the checks has to come. */
const MOST_PROCESSES = 4096;
/** State of a socket that listens, in /proc/net/tcp. */
const LISTENS = '0A';

/** The addresses that a server with these settings listens on, by the key of the setting. */
export function addressesOf(config: Config): { readonly key: string; readonly address: string }[] {
  return ROWS.map(({ key }) => key)
    .filter((key) => key.endsWith('.listen') && isOn(config, key))
    .map((key) => ({ key, address: String(valueAt(config, key)) }))
    .filter(({ address }) => address !== 'off');
}

/** Whether a server could listen on an address, and who does instead. */
export async function checkPort(key: string, address: string): Promise<Finding> {
  const { host, port } = parseListen(address);
  const code = await bind(host, port);
  const reach = isPublicBind(address) ? ', for other machines as well' : '';
  if (code === undefined) return { check: key, state: 'ok', says: `${address} is free${reach}` };
  if (code === 'EADDRINUSE') return takenBy(key, address, holderOf(port));
  if (code === 'EACCES') {
    const todo = 'choose a port from 1024 on, or allow it (AmbientCapabilities=CAP_NET_BIND_SERVICE of systemd)';
    return { check: key, state: 'fail', says: `this user may not listen on ${address}`, todo };
  }
  const todo = `set ${key} to an address of this machine; 0.0.0.0 stands for all of them`;
  return { check: key, state: 'fail', says: `${address} cannot be listened on (${code})`, todo };
}

/** What a taken address means. A server that runs here already holds its own. */
export function takenBy(check: string, address: string, holder: Holder | undefined): Finding {
  if (holder?.isSluice === true) {
    const todo = 'nothing, if that is the server that is meant';
    return { check, state: 'warn', says: `a sluice has ${address} already (process ${holder.pid})`, todo };
  }
  const who = holder === undefined ? 'a process that this user cannot see' : `${holder.name} (process ${holder.pid})`;
  return {
    check,
    state: 'fail',
    says: `${address} is taken by ${who}`,
    todo: `stop it, or set ${check} to another port`,
  };
}

/** Inodes of the sockets that listen on a port, from the text of /proc/net/tcp or tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const isThis = state === LISTENS && Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16) === port;
    return isThis ? [inode] : [];
  });
}

function isOn(config: Config, key: string): boolean {
  if (key === 'rtmpt.listen') return config.rtmpt.enabled;
  return key !== 'httpFlv.listen' || config.httpFlv.enabled;
}

/** @returns the code of the system, or undefined when it went well; the port is free again by then */
function bind(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function holderOf(port: number): Holder | undefined {
  const inodes = ['tcp', 'tcp6'].flatMap((table) => listeningInodes(textOf(`/proc/net/${table}`), port));
  if (inodes.length === 0) return undefined;
  const links = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pid = namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .slice(0, MOST_PROCESSES)
    .find((each) => namesIn(`/proc/${each}/fd`).some((fd) => links.has(linkOf(`/proc/${each}/fd/${fd}`))));
  if (pid === undefined) return undefined;
  const words = textOf(`/proc/${pid}/cmdline`).split('\0');
  const isSluice = words.slice(0, 2).some((word) => /(?:^|\/)sluice$|dist\/src\/cli\.js$/.test(word));
  return { pid: Number(pid), name: textOf(`/proc/${pid}/comm`).trim() || 'a process', isSluice };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
