import { readlinkSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname } from 'node:os';

/** The holder of a lock, by its own answer. `answers` is false when it holds the lock and does not answer in time. */
interface Holder {
  readonly answers: boolean;
  readonly pid?: number;
  readonly host?: string;
  /** The PID namespace that `pid` belongs to; empty where the system has none. */
  readonly namespace?: string;
}

const ANSWER_WAIT_MS = 500;
const MOST_ANSWER_BYTES = 1024;
const MOST_ASKING = 16;

/** Listens on a Unix socket and tells every client which process this is. It does not keep the process alive. */
export function listenAs(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.setTimeout(ANSWER_WAIT_MS, () => socket.destroy());
    socket.unref();
    socket.end(JSON.stringify({ pid: process.pid, host: hostname(), namespace: namespaceOf() }));
  });
  server.maxConnections = MOST_ASKING;
  server.unref();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // In a worker of node:cluster the primary would listen instead, and hold the lock after the worker's end.
    server.listen({ path, exclusive: true }, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}

/**
 * Asks the process that listens on a Unix socket who it is.
 *
 * @returns `undefined` when no process listens. Everything else that prevents an answer counts as held.
 */
export function askHolder(path: string): Promise<Holder | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path);
    const done = (holder: Holder | undefined): void => {
      resolve(holder);
      socket.destroy();
    };
    socket.setTimeout(ANSWER_WAIT_MS, () => done({ answers: false }));
    socket.setEncoding('utf8');
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      done(code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK' ? undefined : { answers: false });
    });
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MOST_ANSWER_BYTES) done({ answers: false });
    });
    socket.on('end', () => done(parse(text)));
  });
}

/** The holder in words. */
export function describeHolder(holder: Holder): string {
  if (!holder.answers) return 'a process that is frozen, or too busy to say which it is,';
  if (holder.host !== hostname())
    return `process ${holder.pid} of ${holder.host}, a container or another host name of this machine,`;
  if (holder.namespace !== namespaceOf()) return `process ${holder.pid} of another PID namespace of this host`;
  return holder.pid === process.pid ? `another server in this very process (${holder.pid})` : `process ${holder.pid}`;
}

function parse(text: string): Holder {
  try {
    const { pid, host, namespace } = JSON.parse(text) as Record<string, unknown>;
    if (typeof pid === 'number' && typeof host === 'string' && typeof namespace === 'string') {
      return { answers: true, pid, host, namespace };
    }
  } catch {
    // A program that is no Sluice of this kind listens there.
  }
  return { answers: false };
}

function namespaceOf(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
