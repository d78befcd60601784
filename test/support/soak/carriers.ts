import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { RtmpePeer } from '../protocol/rtmpe-peer.js';
import { RawRtmp } from '../rtmp-client.js';
import { TunnelConnection } from '../transport/tunnel-client.js';
import { waitFor, within } from '../wait.js';

/** What RTMP is carried by; all on one port. */
export const CARRIERS = ['rtmp', 'rtmps', 'rtmpt', 'rtmpe'] as const;
export type Carrier = (typeof CARRIERS)[number];

/** How long a tunnel with nothing to send waits for its next poll: after an answer with bytes, and at most. */
const [FIRST_POLL_MS, LONGEST_POLL_MS] = [20, 1000];
const CONNECT_TIMEOUT_MS = 20_000;

/** A TCP connection to a port of loopback. @param from the address to bind */
export function tcp(port: number, from: string): Promise<Socket> {
  return connected(connectTcp({ port, host: '127.0.0.1', localAddress: from, noDelay: true }), 'connect');
}

/** A TLS connection to a port of loopback, whoever vouches for its certificate. */
export async function tls(port: number, from: string): Promise<Socket> {
  const socket = await tcp(port, from);
  return connected(connectTls({ socket, rejectUnauthorized: false }), 'secureConnect');
}

async function connected<S extends Socket>(socket: S, event: string): Promise<S> {
  const ready = new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error(`closed before ${event}`)));
  });
  try {
    await within(ready, CONNECT_TIMEOUT_MS, event);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.on('error', () => undefined);
  return socket;
}

/** Bytes of a session of RTMPT, in requests that go one after another over one connection. */
class TunnelStream extends Duplex {
  readonly #http: TunnelConnection;
  #waiting: Buffer[] = [];
  #wake: (() => void) | undefined;

  constructor(http: TunnelConnection, session: string) {
    super();
    this.#http = http;
    this.on('error', () => undefined);
    void this.#run(session).catch((error) => this.destroy(error as Error));
  }

  override _read(): void {
    // What comes is pushed at once; a test reads all of it.
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    this.#waiting.push(bytes);
    this.#wake?.();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wake?.();
    this.#http.destroy();
    done(error);
  }

  async #run(session: string): Promise<void> {
    let pollMs = FIRST_POLL_MS;
    for (let sequence = 0; !this.destroyed; sequence++) {
      if (this.#waiting.length === 0) {
        await this.#somethingToSend(pollMs);
        pollMs = Math.min(LONGEST_POLL_MS, pollMs * 1.5);
      }
      const body = Buffer.concat(this.#waiting);
      this.#waiting = [];
      const path = body.length > 0 ? 'send' : 'idle';
      const answer = await this.#http.ask(`/${path}/${session}/${sequence}`, body.length > 0 ? body : Buffer.from([0]));
      if (this.destroyed) return;
      if (answer.status !== 200) throw new Error(`the tunnel answered ${answer.status}`);
      if (answer.body.length <= 1) continue;
      this.push(answer.body.subarray(1));
      pollMs = FIRST_POLL_MS;
    }
  }

  #somethingToSend(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), longestMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

/** A connection past the handshake of RTMPE, which encrypts what is written and decrypts what comes. */
async function encrypted(port: number, from: string): Promise<Duplex> {
  const socket = await tcp(port, from);
  const peer = new RtmpePeer();
  let reply = Buffer.alloc(0);
  const gather = (bytes: Buffer): void => {
    reply = Buffer.concat([reply, bytes]);
  };
  socket.on('data', gather);
  socket.write(peer.first);
  await waitFor(() => reply.length >= 3073 || socket.destroyed, { timeoutMs: CONNECT_TIMEOUT_MS, what: 'S0S1S2' });
  if (reply.length < 3073) throw new Error('closed within the handshake');
  const secured = peer.answer(reply.subarray(0, 3073));
  socket.off('data', gather);
  socket.write(secured.c2);
  const plain = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      if (socket.destroyed) done();
      else socket.write(secured.out.apply(bytes), () => done());
    },
    destroy: (_error, done) => {
      socket.destroy();
      done(null);
    },
  });
  plain.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => plain.push(secured.in.apply(bytes)));
  socket.once('close', () => plain.destroy());
  if (reply.length > 3073) plain.push(secured.in.apply(reply.subarray(3073)));
  return plain;
}

/** Opens a session of RTMPT. */
async function tunnelled(port: number, from: string): Promise<Duplex> {
  const http = new TunnelConnection(port, from);
  try {
    return new TunnelStream(http, await within(http.open(), CONNECT_TIMEOUT_MS, 'a session of RTMPT'));
  } catch (error) {
    http.destroy();
    throw error;
  }
}

/** An RTMP client past `connect`, by any carrier. Rejects when the server does not let it come so far. */
export async function rtmpBy(carrier: Carrier, port: number, from: string): Promise<RawRtmp> {
  const below =
    carrier === 'rtmp'
      ? await tcp(port, from)
      : carrier === 'rtmps'
        ? await tls(port, from)
        : carrier === 'rtmpt'
          ? await tunnelled(port, from)
          : await encrypted(port, from);
  const client = RawRtmp.over(below);
  try {
    if (carrier === 'rtmpe') client.startChunks(0);
    else await client.handshake();
    await client.connect('live');
    return client;
  } catch (error) {
    client.destroy();
    throw error;
  }
}
