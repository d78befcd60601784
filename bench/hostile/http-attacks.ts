import { type ClientRequest, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type Attack, pause, type Target } from './attack.js';

/** One GET that is aborted after `ms`. */
function giveUp(target: Target, path: string, ms: number, headers: Record<string, string> = {}): Promise<void> {
  return new Promise((resolve) => {
    const request: ClientRequest = get({
      host: '127.0.0.1',
      port: target.httpPort,
      localAddress: target.address,
      path,
      headers,
      agent: false,
    });
    const timer = setTimeout(() => request.destroy(), ms);
    request.on('response', (response) => response.resume());
    request.on('error', () => undefined);
    request.on('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Requests that are aborted, `parallel` at a time. */
async function givingUp(target: Target, parallel: number, one: (index: number) => Promise<void>): Promise<number> {
  let requests = 0;
  const lane = async (): Promise<void> => {
    while (!target.over.aborted) {
      await one(requests++);
      await pause(target, 5);
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  return requests;
}

const unknownIds: Attack = {
  name: 'unknown-event-ids',
  says: 'followers of events with a Last-Event-ID that nobody knows, given up after 0.3 s, 16 at a time',
  async run(target) {
    const requests = await givingUp(target, 16, (i) =>
      giveUp(target, '/v1/events', 300, { 'last-event-id': `01M89QTRAP0000000000000000:${i}` }),
    );
    return { requests };
  },
};

const wholeHistory: Attack = {
  name: 'whole-history',
  says: 'followers that ask for all events and go after 50 ms, 16 at a time',
  async run(target) {
    return { requests: await givingUp(target, 16, () => giveUp(target, '/v1/events?since=all', 50)) };
  },
};

const scrapes: Attack = {
  name: 'scrapes',
  says: '/metrics, /v1/streams and /readyz asked 16 at a time',
  async run(target) {
    const paths = ['/metrics', '/v1/streams', '/readyz'];
    return { requests: await givingUp(target, 16, (i) => giveUp(target, paths[i % paths.length], 5000)) };
  },
};

const silentHttp: Attack = {
  name: 'silent-http',
  says: '1,100 HTTP connections: half say nothing, half stop in their headers',
  async run(target) {
    const sockets: Socket[] = [];
    let refused = 0;
    for (let i = 0; i < 1100 && !target.over.aborted; i++) {
      const socket = connect({ host: '127.0.0.1', port: target.httpPort, localAddress: target.address });
      socket.on('error', () => undefined);
      socket.once('close', () => refused++);
      if (i % 2 === 1) socket.write('GET /readyz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
      sockets.push(socket);
      if (i % 50 === 49) await pause(target, 5);
    }
    while (!target.over.aborted) await pause(target, 200);
    const open = sockets.length - refused;
    for (const socket of sockets) socket.destroy();
    return { connections: sockets.length, open };
  },
};

/** Attacks over HTTP. */
export const HTTP_ATTACKS: readonly Attack[] = [unknownIds, wholeHistory, scrapes, silentHttp];
