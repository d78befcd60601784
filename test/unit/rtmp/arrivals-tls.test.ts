import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpConnections } from '../../../src/transport/http-connections.js';
import { Certificates } from '../../../src/transport/tls/certificates.js';
import { ListenerHarness, OPTIONS } from '../../support/rtmp/listener-harness.js';
import { makeCertificate, readPair } from '../../support/transport/certificates.js';

let harness: ListenerHarness;
const sockets: Socket[] = [];
const pairs = [readPair(makeCertificate(['one.example'])), readPair(makeCertificate(['two.example']))];
let certificates = new Certificates(pairs, 'TLSv1.2');

async function open(directReads: boolean, more: { sniff?: boolean; http?: HttpConnections } = {}): Promise<void> {
  const { sniff = true, http } = more;
  certificates = new Certificates(pairs, 'TLSv1.2');
  harness = await ListenerHarness.open(
    { sniff, directReads, secure: { host: '127.0.0.1', port: 0 } },
    { certificates: () => certificates, http },
  );
}

/** A TLS client whose handshake may fail. */
function tls(port: number, options: ConnectionOptions = {}): TLSSocket {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  sockets.push(socket);
  return socket;
}

async function shaken(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = tls(port, options);
  await once(socket, 'secureConnect');
  return socket;
}

async function plain(port: number): Promise<Socket> {
  const socket = connectPlain(port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

/** Waits for the end of a socket, which may be an error. */
function gone(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** Where rtmps:// is taken: the port of its own, and that of all protocols. */
const PORTS = [
  { where: 'on a port of its own', port: () => harness.securePort },
  { where: 'on the port of all', port: () => harness.port },
];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await harness.close();
  await harness.until(() => harness.listener.sockets === 0, 'every place to be free');
});

describe.each([true, false])('connections over TLS (direct reads: %s)', (directReads) => {
  it.each(PORTS)('speak RTMP inside, $where', async ({ port }) => {
    await open(directReads);
    const socket = await shaken(port());
    expect([harness.listener.open, harness.listener.connections.size]).toEqual([1, 0]);
    // The first byte in a record of its own.
    socket.write(Buffer.from([3]));
    socket.write(Buffer.alloc(1536));
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer[0]).toBe(3);
    const [connection] = harness.listener.connections;
    expect([connection.facts.transport, connection.bytesIn]).toEqual(['rtmps', 1537]);
  });

  it.each(PORTS)('of TLS 1.3 and 1.2 are taken, and of 1.1 refused, $where', async ({ port }) => {
    await open(directReads);
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const socket = await shaken(port(), { minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
    }
    const old = tls(port(), { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
    await gone(old);
    await harness.until(() => harness.closes.length === 1, 'the refusal');
    expect(harness.closes).toEqual(['ERR_TLS_HANDSHAKE']);
  });

  it('get the certificate of the name that they ask for, and new ones once there are some', async () => {
    await open(directReads);
    const nameFor = async (servername: string): Promise<unknown> => {
      const socket = await shaken(harness.port, { servername });
      return socket.getPeerCertificate().subject.CN;
    };
    expect(await nameFor('two.example')).toBe('two.example');
    expect(await nameFor('else.example')).toBe('one.example');
    const early = await shaken(harness.port, { servername: 'two.example' });
    certificates = new Certificates([pairs[1]], 'TLSv1.2');
    expect(await nameFor('else.example')).toBe('two.example');
    early.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    await once(early, 'data');
  });

  it('hand HTTP over, with every byte', async () => {
    const server = createServer((request, response) => response.end(`${request.url} ${request.socket.remotePort}`));
    const secure: boolean[] = [];
    await open(directReads, {
      http: ({ socket, isSecure }) => {
        secure.push(isSecure);
        server.emit('connection', socket);
        socket.resume();
      },
    });
    const socket = await shaken(harness.port);
    socket.write('GET /a HTTP/1.1\r\n');
    await harness.until(() => secure.length === 1, 'the hand-over');
    socket.write('Host: a\r\n\r\n');
    let answer = '';
    socket.on('data', (piece) => {
      answer += String(piece);
    });
    await harness.until(() => answer.endsWith(`/a ${socket.localPort}`), 'the answer');
    expect([secure, harness.listener.open, harness.listener.sockets]).toEqual([[true], 0, 1]);
  });

  it('are refused by the RTMP handshake without a certificate, and when the first byte tells nothing', async () => {
    await open(directReads, { sniff: false });
    await gone(tls(harness.port));
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TLS']);
  });

  it('are the only ones on a port of their own', async () => {
    await open(directReads);
    (await plain(harness.securePort)).write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    (await plain(harness.securePort)).write('GET / HTTP/1.1\r\n\r\n');
    await harness.until(() => harness.closes.length === 2, 'both ends');
    expect(harness.closes).toEqual(['ERR_TLS_EXPECTED', 'ERR_TLS_EXPECTED']);
  });

  it('that send garbage in place of a hello are refused', async () => {
    await open(directReads);
    (await plain(harness.port)).write(Buffer.concat([Buffer.from([0x16, 3, 1, 0, 60]), Buffer.alloc(60, 0xee)]));
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_TLS_HANDSHAKE']);
  });

  it('whose handshake stalls are closed when the time of all handshakes is over, and no sooner', async () => {
    await open(directReads);
    const socket = await plain(harness.securePort);
    socket.write(Buffer.from([0x16, 3, 1, 1, 0, 1]));
    await harness.until(() => harness.listener.secure === 1, 'TLS to begin');
    harness.pass(OPTIONS.handshakeTimeoutMs);
    expect(harness.closes).toEqual([]);
    harness.pass(1);
    await gone(socket);
    expect([harness.closes, harness.listener.open]).toEqual([['ERR_HANDSHAKE_TIMEOUT'], 0]);
    await harness.until(() => harness.listener.secure === 0, 'the end of TLS');
  });

  it('that say nothing inside are closed after the same time', async () => {
    await open(directReads);
    const socket = await shaken(harness.securePort);
    harness.pass(OPTIONS.handshakeTimeoutMs + 1);
    await gone(socket);
    expect(harness.closes).toEqual(['ERR_HANDSHAKE_TIMEOUT']);
  });

  it('that end or are cut in the middle of the handshake are told of', async () => {
    await open(directReads);
    const ended = await plain(harness.securePort);
    ended.end(Buffer.from([0x16, 3, 1, 1, 0, 1]));
    await harness.until(() => harness.closes.length === 1, 'the end');
    const cut = await plain(harness.securePort);
    cut.write(Buffer.from([0x16, 3, 1, 1, 0, 1]));
    await harness.until(() => harness.listener.secure === 1, 'TLS to begin');
    cut.resetAndDestroy();
    await harness.until(() => harness.closes.length === 2, 'the reset');
    expect(harness.closes).toEqual(['ERR_PEER_CLOSED', 'ERR_PEER_RESET']);
  });

  it('that renegotiate are closed', async () => {
    await open(directReads);
    const socket = await shaken(harness.port, { maxVersion: 'TLSv1.2' });
    socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    await once(socket, 'data');
    socket.renegotiate({}, () => {});
    await gone(socket);
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_PEER_RESET']);
  });

  it('that send a broken record after the handshake are closed', async () => {
    await open(directReads);
    const below = await plain(harness.port);
    const socket = await shaken(harness.port, { socket: below });
    socket.write(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    await once(socket, 'data');
    below.write(Buffer.concat([Buffer.from([0x17, 3, 3, 0, 40]), Buffer.alloc(40, 0xee)]));
    await gone(socket);
    await harness.until(() => harness.closes.length === 1, 'the end');
    expect(harness.closes).toEqual(['ERR_PEER_RESET']);
  });
});
