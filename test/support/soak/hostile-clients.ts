import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RtmpePeer } from '../protocol/rtmpe-peer.js';
import { TunnelConnection } from '../transport/tunnel-client.js';
import { CARRIERS, rtmpBy, tcp, tls } from './carriers.js';
import type { Chance, Stage } from './stage.js';

/** One hostile client: where it connects from, and what ends it. */
interface Hostile {
  readonly stage: Stage;
  readonly chance: Chance;
  readonly from: string;
  readonly stop: AbortSignal;
}

/** A ClientHello of 512 bytes of which so much has come. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');
/** The stream that is published for the whole run. */
const LARGE = 'large-0';
const HEAD = `GET /live/${LARGE}.flv HTTP/1.1\r\nHost: a\r\n`;
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';

function noise(chance: Chance, bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => Math.floor(chance.next() * 256)));
}

/** Keeps a connection until the server or the phase ends it, then lets go of it without a word. */
async function hold({ stage, stop }: Hostile, socket: Duplex, longestMs: number): Promise<void> {
  const closed = new AbortController();
  socket.once('close', () => closed.abort());
  await stage.sleep(longestMs, AbortSignal.any([stop, closed.signal]));
  if (socket.destroyed) stage.count('hostile connections closed by the server');
  socket.destroy();
}

/** Sends pieces, and reads what comes, until the connection is closed. */
async function send(hostile: Hostile, socket: Socket, pieces: Iterable<Buffer | string>): Promise<void> {
  socket.resume();
  for (const piece of pieces) {
    if (socket.destroyed || hostile.stop.aborted) break;
    socket.write(piece);
    await hostile.stage.sleep(20, hostile.stop);
  }
  await hold(hostile, socket, 12_000);
}

function* noisePieces(chance: Chance): Generator<Buffer> {
  for (let i = 0; i < 40; i++) yield noise(chance, Math.ceil(chance.between(1, 2000)));
}

function* headerLines(): Generator<string> {
  for (let i = 0; i < 400; i++) yield `X-Line-${i}: ${'a'.repeat(1000)}\r\n`;
}

/** Plays the largest stream and never reads it. */
async function readNothing(hostile: Hostile, socket: Duplex): Promise<void> {
  socket.pause();
  await hold(hostile, socket, 25_000);
}

async function slowRtmp(hostile: Hostile, carrier: 'rtmp' | 'rtmps'): Promise<void> {
  const client = await rtmpBy(carrier, hostile.stage.rtmpPort, hostile.from);
  try {
    await client.play(LARGE);
    client.onMessage = () => undefined;
    await readNothing(hostile, client.socket);
  } finally {
    client.destroy();
  }
}

/** Publishes, and goes in the middle of a message. */
async function cutPublisher(hostile: Hostile): Promise<void> {
  const { stage, chance } = hostile;
  const client = await rtmpBy(chance.pick(CARRIERS), stage.rtmpPort, hostile.from);
  try {
    const name = `cut-${Math.floor(chance.next() * 1e9)}`;
    const messageStreamId = await client.publish(name);
    stage.begun.add(name);
    client.message(9, Buffer.alloc(500, 0x27), { messageStreamId });
    client.send(Buffer.from([6, 0, 0, 0, 0, 0xff, 0xff, 9, messageStreamId, 0, 0, 0, 1, 2, 3]));
    await stage.sleep(chance.between(0, 500), hostile.stop);
  } finally {
    client.destroy();
  }
}

/** Asks to publish under a name that is taken. */
async function hijack(hostile: Hostile): Promise<void> {
  const { stage, chance } = hostile;
  const client = await rtmpBy(chance.pick(CARRIERS), stage.rtmpPort, hostile.from);
  try {
    client.command(await client.createStream(), 'publish', 0, null, LARGE, 'live');
    await hold(hostile, client.socket, 3000);
  } finally {
    client.destroy();
  }
}

/** A connection past `connect`, then bytes that are no chunks. */
async function noiseInChunks(hostile: Hostile): Promise<void> {
  const { stage, chance } = hostile;
  const client = await rtmpBy(chance.pick(CARRIERS), stage.rtmpPort, hostile.from);
  for (const piece of noisePieces(chance)) client.send(piece);
  await hold(hostile, client.socket, 5000);
}

/** Opens sessions of RTMPT and leaves them, and asks for those of others. */
async function leaveSessions({ stage, chance, from, stop }: Hostile): Promise<void> {
  const http = new TunnelConnection(stage.rtmpPort, from);
  try {
    for (let i = 0; i < 10 && !stop.aborted; i++) {
      await http.open();
      await http.ask(`/idle/${noise(chance, 8).toString('hex')}/${i}`);
      await http.ask(`/send/${noise(chance, 8).toString('hex')}/0`, noise(chance, 300));
    }
  } finally {
    http.destroy();
  }
}

const badKey = new RtmpePeer({ key: Buffer.concat([Buffer.alloc(127), Buffer.from([1])]) }).first;
const unsigned = new RtmpePeer({ signed: false }).first;
const encrypted = new RtmpePeer().first;

/** What hostile clients do, by name. */
const KINDS: Readonly<Record<string, (hostile: Hostile) => Promise<void>>> = {
  'noise on the port of RTMP': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), noisePieces(h.chance)),
  'noise on the port of FLV': async (h) => send(h, await tcp(h.stage.httpPort, h.from), noisePieces(h.chance)),
  'noise in TLS': async (h) => send(h, await tls(h.stage.rtmpPort, h.from), noisePieces(h.chance)),
  'noise behind a ClientHello': async (h) =>
    send(h, await tcp(h.stage.rtmpPort, h.from), [HALF_HELLO, ...noisePieces(h.chance)]),
  'noise behind connect': noiseInChunks,
  'noise in a request of RTMPT': async (h) =>
    send(h, await tcp(h.stage.rtmpPort, h.from), ['POST /open/1 HTTP/1.1\r\n', ...noisePieces(h.chance)]),
  'half a ClientHello': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), [HALF_HELLO]),
  'half of C1': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), [Buffer.alloc(700, 3)]),
  silence: async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), []),
  'silence in TLS': async (h) => send(h, await tls(h.stage.rtmpPort, h.from), []),
  'half a request of RTMPT': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), ['POST /open/1 HT']),
  'half a body of RTMPT': async (h) =>
    send(h, await tcp(h.stage.rtmpPort, h.from), ['POST /send/a/1 HTTP/1.1\r\nContent-Length: 9999999\r\n\r\nabc']),
  'half a request for FLV': async (h) => send(h, await tcp(h.stage.httpPort, h.from), [HEAD]),
  'endless header lines to RTMPT': async (h) =>
    send(h, await tcp(h.stage.rtmpPort, h.from), ['POST /open/1 HTTP/1.1\r\n', ...headerLines()]),
  'endless header lines to FLV': async (h) => send(h, await tcp(h.stage.httpPort, h.from), [HEAD, ...headerLines()]),
  'a bad key of RTMPE': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), [badKey]),
  'RTMPE without a signature': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), [unsigned]),
  'RTMPE without C2': async (h) => send(h, await tcp(h.stage.rtmpPort, h.from), [encrypted]),
  'noise for C2 of RTMPE': async (h) =>
    send(h, await tcp(h.stage.rtmpPort, h.from), [encrypted, ...noisePieces(h.chance)]),
  'frames of a WebSocket without a mask': async (h) =>
    send(h, await tcp(h.stage.httpPort, h.from), [`${HEAD}${UPGRADE}\r\n`, '\x82\x05hello', ...noisePieces(h.chance)]),
  'a player by RTMP that reads nothing': (h) => slowRtmp(h, 'rtmp'),
  'a player by RTMPS that reads nothing': (h) => slowRtmp(h, 'rtmps'),
  'a player by FLV that reads nothing': async (h) => {
    const socket = await tcp(h.stage.httpPort, h.from);
    socket.write(`${HEAD}\r\n`);
    await readNothing(h, socket);
  },
  'a player by WebSocket that reads nothing': async (h) => {
    const socket = await tcp(h.stage.httpPort, h.from);
    socket.write(`${HEAD}${UPGRADE}\r\n`);
    await readNothing(h, socket);
  },
  'a publisher that is cut off': cutPublisher,
  'a publisher of a name that is taken': hijack,
  'sessions of RTMPT that are left': leaveSessions,
};

/** How many things one hostile client does at once. */
const LANES = 4;

/** Does hostile things, several at once from one address, until `stop`. What is answered to them is not looked at. */
export async function hostileLife(stage: Stage, stop: AbortSignal): Promise<void> {
  const from = stage.address();
  const lane = async (): Promise<void> => {
    const chance = stage.chance();
    while (!stop.aborted) {
      const kind = chance.pick(Object.keys(KINDS));
      stage.count(`hostile: ${kind}`);
      await KINDS[kind]!({ stage, chance, from, stop }).catch(() => stage.count('hostile attempts refused'));
      await stage.sleep(chance.between(20, 500), stop);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
