import { type ClientRequest, get } from 'node:http';
import { WebSocket } from 'ws';
import type { RawRtmp } from '../rtmp-client.js';
import { CARRIERS, type Carrier, rtmpBy } from './carriers.js';
import { FlvVideo } from './flv-video.js';
import { type Chance, type OpenStream, type Stage, stampedFrame } from './stage.js';

const FRAME_MS = 100;
const FRAMES_PER_KEY = 10;
/** An AVC decoder configuration without parameter sets. */
const VIDEO_HEADER = Buffer.from([0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x1f, 0xff, 0xe0]);

/** What players watch by. A tunnel takes a request for each frame, so few of them use it, and few RTMPE. */
const WAYS = ['rtmp', 'rtmps', 'http-flv', 'ws-flv'] as const;
const RARE_WAYS = ['rtmpt', 'rtmpe'] as const;
type Way = (typeof WAYS)[number] | (typeof RARE_WAYS)[number];

function wayOf(slot: number): Way {
  const place = slot % 12;
  return place >= 10 ? RARE_WAYS[place - 10] : WAYS[place % WAYS.length];
}

/** Sends frames for a while, and ends the stream as encoders do, or without a word. */
async function publishOnce(stage: Stage, chance: Chance, stream: OpenStream, frameBytes: number): Promise<void> {
  const { name, carrier } = stream;
  const client = await rtmpBy(carrier, stage.rtmpPort, stage.address());
  try {
    const messageStreamId = await client.publish(name);
    stage.begun.add(name);
    stage.count(`published by ${carrier}`);
    client.setChunkSize(4096);
    client.onMessage = () => undefined;
    client.message(9, VIDEO_HEADER, { messageStreamId });
    let number = 0;
    const send = (): void => {
      const frame = stampedFrame(number, number % FRAMES_PER_KEY === 0, frameBytes);
      client.message(9, frame, { timestamp: number * FRAME_MS, messageStreamId });
      number++;
    };
    send();
    stage.open.push(stream);
    const timer = setInterval(send, FRAME_MS);
    const lifeMs = frameBytes > 10_000 ? Number.POSITIVE_INFINITY : chance.between(8000, 40_000);
    for (const until = performance.now() + lifeMs; performance.now() < until && !stage.isOver && !client.closed; )
      await stage.sleep(250);
    clearInterval(timer);
    stage.open.splice(stage.open.indexOf(stream), 1);
    if (client.closed) stage.faults.push(`${carrier}: the server closed the publisher of ${name}`);
    await sayGoodbye(chance, client, messageStreamId);
  } finally {
    client.destroy();
  }
}

/** One of three ends: deleteStream, closeStream, or nothing. */
async function sayGoodbye(chance: Chance, client: RawRtmp, messageStreamId: number): Promise<void> {
  const way = chance.next();
  if (way < 1 / 3) return;
  if (way < 2 / 3) client.command(0, 'deleteStream', 0, null, messageStreamId);
  else client.command(messageStreamId, 'closeStream', 0, null);
  await new Promise((resolve) => setTimeout(resolve, 300));
}

/** Publishes one stream after another, each under a name of its own, until the run is over. */
export async function publisherLife(stage: Stage, slot: number): Promise<void> {
  // The first is of several Mbit/s, for readers that are slow.
  const [carrier, frameBytes] = slot === 0 ? (['rtmp', 60_000] as const) : [CARRIERS[slot % 4], 1200];
  const chance = stage.chance();
  await stage.sleep(chance.between(0, 8000));
  for (let life = 0; !stage.isOver; life++) {
    const name = slot === 0 ? `large-${life}` : `s${slot}-${life}`;
    await publishOnce(stage, chance, { name, carrier }, frameBytes).catch((error) => {
      stage.faults.push(`publisher by ${carrier} of ${name}: ${(error as Error).message}`);
    });
    await stage.sleep(chance.between(200, 3000));
  }
}

/** A play that runs: whether it is over, and how to end it. */
interface RunningPlay {
  isOver(): boolean;
  stop(): void;
}

async function playRtmp(stage: Stage, way: Carrier, stream: OpenStream): Promise<RunningPlay> {
  const client = await rtmpBy(way, stage.rtmpPort, stage.address());
  await client.play(stream.name).catch((error) => {
    client.destroy();
    throw error;
  });
  const watch = stage.watcher(stream, way);
  client.onMessage = ({ type, payload }) => {
    if (type === 9) watch(payload);
  };
  return { isOver: () => client.closed, stop: () => client.destroy() };
}

function playHttp(stage: Stage, stream: OpenStream): Promise<RunningPlay> {
  return new Promise((resolve, reject) => {
    const tags = new FlvVideo(stage.watcher(stream, 'http-flv'));
    let isOver = false;
    const request: ClientRequest = get(
      `http://127.0.0.1:${stage.httpPort}/live/${stream.name}.flv`,
      { agent: false, localAddress: stage.address() },
      (response) => {
        response.on('error', () => undefined);
        response.on('close', () => {
          isOver = true;
        });
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`status ${response.statusCode}`));
          return;
        }
        response.on('data', (bytes: Buffer) => tags.push(bytes));
        resolve({ isOver: () => isOver, stop: () => request.destroy() });
      },
    );
    request.on('error', reject);
  });
}

function playSocket(stage: Stage, stream: OpenStream): Promise<RunningPlay> {
  return new Promise((resolve, reject) => {
    const tags = new FlvVideo(stage.watcher(stream, 'ws-flv'));
    const address = `ws://127.0.0.1:${stage.httpPort}/live/${stream.name}.flv`;
    const socket = new WebSocket(address, { localAddress: stage.address(), perMessageDeflate: false });
    socket.on('message', (bytes: Buffer) => tags.push(bytes));
    socket.on('open', () =>
      resolve({ isOver: () => socket.readyState === WebSocket.CLOSED, stop: () => socket.terminate() }),
    );
    socket.on('error', reject);
  });
}

function playBy(stage: Stage, way: Way, stream: OpenStream): Promise<RunningPlay> {
  if (way === 'http-flv') return playHttp(stage, stream);
  if (way === 'ws-flv') return playSocket(stage, stream);
  return playRtmp(stage, way, stream);
}

/** Plays one stream after another until the run is over. */
export async function playerLife(stage: Stage, slot: number): Promise<void> {
  const way = wayOf(slot);
  const chance = stage.chance();
  await stage.sleep(chance.between(8000, 16_000));
  while (!stage.isOver) {
    const small = stage.open.filter(({ name }) => !name.startsWith('large'));
    if (small.length === 0) {
      await stage.sleep(500);
      continue;
    }
    const stream = chance.pick(small);
    const { name } = stream;
    const play = await playBy(stage, way, stream).catch((error) => {
      // A stream that ends while a player comes may be refused by 404; nothing else may happen.
      if (stage.open.includes(stream)) stage.faults.push(`player by ${way} of ${name}: ${(error as Error).message}`);
      return undefined;
    });
    if (play === undefined) {
      await stage.sleep(200);
      continue;
    }
    stage.count(`played by ${way}`);
    const until = performance.now() + chance.between(5000, 30_000);
    const isOpen = (): boolean => stage.open.includes(stream);
    while (performance.now() < until && !stage.isOver && !play.isOver() && isOpen()) await stage.sleep(250);
    if (play.isOver() && isOpen()) stage.faults.push(`${way}: the server closed a player of ${name}`);
    play.stop();
    await stage.sleep(chance.between(100, 1500));
  }
}
