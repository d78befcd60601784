import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpConnection } from '../../../src/transport/http-connections.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';

let harness: ListenerHarness;
const sockets: Socket[] = [];

async function client(): Promise<Socket> {
  const socket = connect(harness.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await harness.close();
});

describe.each([true, false])('connections whose first byte tells what they speak (direct reads: %s)', (directReads) => {
  it('are RTMP connections from their first byte on, and lose none of their bytes', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    const socket = await client();
    await harness.until(() => harness.listener.open === 1, 'the accept');
    expect([harness.listener.connections.size, harness.listener.accepted]).toEqual([0, 0]);
    socket.write(Buffer.from([3]));
    await harness.until(() => [...harness.listener.connections][0]?.bytesIn === 1, 'the first byte');
    expect([harness.listener.open, harness.listener.accepted]).toEqual([1, 1]);
    socket.write(Buffer.alloc(1536));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer[0]).toBe(3);
    expect([...harness.listener.connections][0].facts.transport).toBe('rtmp');
  });

  it('publish as others do, with everything in one segment', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    const publisher = await harness.client();
    await publisher.publish('cam');
    await harness.until(() => harness.publications.size === 1, 'the publication');
  });

  it('are refused by the handshake when their first byte is that of no protocol', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    (await client()).write(Buffer.from([0xff]));
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_VERSION']);
  });

  it('are handed over when they speak HTTP, with every byte, and keep their place until they are closed', async () => {
    const server: Server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => {
        body += String(piece);
      });
      request.on('end', () => response.end(`${request.url} ${body}`));
    });
    const taken: HttpConnection[] = [];
    const http = (connection: HttpConnection): void => {
      taken.push(connection);
      server.emit('connection', connection.socket);
      connection.socket.resume();
    };
    harness = await ListenerHarness.open({ sniff: true, directReads }, { http });
    harness.nowMs += 5;
    const socket = await client();
    const head = 'POST /open/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n';
    socket.write(`${head}ab`);
    await harness.until(() => taken.length === 1, 'the hand-over');
    expect([taken[0].isSecure, taken[0].acceptedMs]).toEqual([false, harness.nowMs]);
    expect([harness.listener.open, harness.listener.sockets]).toEqual([0, 1]);
    socket.write('c');
    let answer = '';
    socket.on('data', (piece) => {
      answer += String(piece);
    });
    await harness.until(() => answer.endsWith('abc'), 'the answer');
    socket.write(`${head}xyz`);
    await harness.until(() => answer.endsWith('/open/1 xyz'), 'the second answer');
    socket.destroy();
    await harness.until(() => harness.listener.sockets === 0, 'the end');
    expect(harness.closes).toEqual([]);
  });

  it('are refused by the RTMP handshake when they speak HTTP and nobody takes that', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    (await client()).write('GET / HTTP/1.1\r\n\r\n');
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_HTTP']);
  });

  it('are closed when they say nothing, just past their time', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    const socket = await client();
    await harness.until(() => harness.listener.open === 1, 'the accept');
    harness.pass(OPTIONS.firstBytesTimeoutMs);
    expect(harness.listener.open).toBe(1);
    harness.pass(1);
    await once(socket, 'close');
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
    expect(harness.listener.sockets).toBe(0);
  });

  it('have their deadlines from their accept, whenever their first byte comes', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    const socket = await client();
    await harness.until(() => harness.listener.open === 1, 'the accept');
    harness.pass(OPTIONS.firstBytesTimeoutMs);
    socket.write(Buffer.from([3]));
    await harness.until(() => harness.listener.connections.size === 1, 'the first byte');
    harness.pass(1);
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('are told of when they are closed by the client before they said anything', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    const ended = await client();
    await harness.until(() => harness.listener.open === 1, 'the accept');
    ended.end();
    await harness.until(() => harness.closes.length === 1, 'the end');
    const reset = await client();
    await harness.until(() => harness.listener.open === 1, 'the second accept');
    reset.resetAndDestroy();
    await harness.until(() => harness.closes.length === 2, 'the reset');
    expect(harness.closes).toEqual(['ERR_PEER_CLOSED', 'ERR_PEER_RESET']);
    expect(harness.listener.sockets).toBe(0);
  });

  it('count against the limits from their accept on', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads, maxConnections: 1 });
    await client();
    await harness.until(() => harness.listener.open === 1, 'the accept');
    const second = await client();
    await once(second, 'close');
    expect(harness.refusals).toEqual(['ERR_LIMIT_CONNECTIONS']);
  });

  it('are closed when the listener stops', async () => {
    harness = await ListenerHarness.open({ sniff: true, directReads });
    const socket = await client();
    await harness.until(() => harness.listener.open === 1, 'the accept');
    harness.listener.stop();
    await once(socket, 'close');
    expect(harness.closes).toEqual(['ERR_SESSION_SHUTDOWN']);
  });
});
