import { AmfEcmaArray, type AmfInput, writeAmf0 } from '../../src/protocol/messages/amf0-writer.js';
import { MessageType } from '../../src/protocol/messages/message-types.js';
import { type Attack, letGo, pause, publisher, repeat, type Target, visitor } from './attack.js';
import type { RawClient } from './raw-client.js';

const AVC_HEADER = Buffer.from(
  '1700000000014d401effe1001b674d401eeca0a02ff97016a0201a080000030008000003019078b16cb001000468ebecb2',
  'hex',
);
/** An H.264 keyframe of one small unit. */
const KEYFRAME = Buffer.from('17010000000000000565111111110000', 'hex');
const FRAME = Buffer.from('27010000000000000541111111110000', 'hex');
/** Nothing more is written while a client's socket holds more than this, because the server takes no more. */
const UNSENT_BYTES = 300_000;
const BLOCK_BYTES = 60_000;

const video = (timestamp: number, payload: Buffer) => ({
  type: MessageType.Video,
  messageStreamId: 1,
  timestamp,
  payload,
});

/** A sequence header of an extra track (Enhanced RTMP v2, one track a message), `bytes` long, its content by `seed`. */
function trackHeader(track: number, bytes: number, seed: number): Buffer {
  const out = Buffer.alloc(bytes, track);
  out.set([0x96, 0x00]);
  out.write('avc1', 2, 'latin1');
  out.set([track, 1, 0x64, seed & 255, 31], 6);
  out.writeUInt32BE(seed >>> 0, 12);
  return out;
}

/** Sends blocks of messages at a rate for as long as the attack lasts. @returns KiB that the server took */
async function flood(
  target: Target,
  client: RawClient,
  bytesPerSecond: number,
  block: () => Buffer,
): Promise<{ KiB: number }> {
  const start = performance.now();
  let sent = 0;
  await repeat(target, 2, () => {
    while (!client.closed && client.unsent < UNSENT_BYTES) {
      if (sent > ((performance.now() - start) / 1000) * bytesPerSecond) return;
      const bytes = block();
      client.send(bytes);
      sent += bytes.length;
    }
  });
  const result = { KiB: Math.round((sent - client.unsent) / 1024) };
  client.destroy();
  return result;
}

/** A block of about 60 KB of the messages that `make` makes. */
function blockOf(client: RawClient, make: (index: number) => { type: number; payload: Buffer }): () => Buffer {
  let index = 0;
  return () => {
    const parts: Buffer[] = [];
    for (let size = 0; size < BLOCK_BYTES; ) {
      const { type, payload } = make(index++);
      const bytes = client.frame({ type, payload, messageStreamId: 1, timestamp: 40 });
      parts.push(bytes);
      size += bytes.length;
    }
    return Buffer.concat(parts);
  };
}

/** An attack by one publisher that floods. */
function flooding(
  name: string,
  says: string,
  kibPerSecond: number,
  make: (index: number) => { type: number; payload: Buffer },
): Attack {
  return {
    name,
    says,
    async run(target) {
      const client = await publisher(target, name);
      if (client === undefined) return { KiB: 0 };
      client.message(video(0, AVC_HEADER));
      client.message(video(20, KEYFRAME));
      return flood(target, client, kibPerSecond * 1024, blockOf(client, make));
    },
  };
}

const data = (...values: readonly AmfInput[]) => ({
  type: MessageType.DataAmf0,
  payload: writeAmf0(...values),
});

const TRACKS = 31;

/** Headers of 64 KiB on every track, and players that never read and begin again 60 times a second. */
const fatHeaders: Attack = {
  name: 'fat-headers',
  says: '126 sequence headers of 64 KiB; 4 players that read nothing and play it anew 60 times a second',
  async run(target) {
    const name = 'fat-headers';
    const fat = await publisher(target, name);
    if (fat === undefined) return { plays: 0 };
    fat.message(video(0, AVC_HEADER));
    for (let track = 1; track <= 126 && !fat.closed; track++) {
      fat.message(video(0, trackHeader(track, 65_500, track)));
      while (fat.unsent > 1_000_000 && !fat.closed && !target.over.aborted) await pause(target, 5);
    }
    for (let i = 0; i < 3; i++) fat.message(video(i, i === 0 ? KEYFRAME : FRAME));
    const players: RawClient[] = [];
    for (let i = 0; i < 4; i++) {
      const player = await visitor(target, 2);
      if (player !== undefined) players.push(player);
    }
    await pause(target, 500);
    for (const player of players) player.socket.pause();
    let plays = 0;
    let timestamp = 40;
    await repeat(target, 16, () => {
      for (const player of players) {
        if (player.closed) continue;
        // Two on the fat stream and two on a good one, on a message stream that needs copies.
        player.command(2, 'play', 4, null, plays % 2 === 0 ? name : target.stream, -1000);
        plays++;
      }
      timestamp += 16;
      fat.message(video(timestamp, FRAME));
    });
    letGo([fat, ...players]);
    return { plays };
  },
};

/** Values nested as deep as they go, or as many as fit, in 1 MB messages, from eight publishers. */
const amfBombs: Attack = {
  name: 'amf-bombs',
  beginsStreams: true,
  says: '8 publishers of AMF0 messages of 1 MB: deep, wide, references to references',
  async run(target) {
    const opened: RawClient[] = [];
    for (let i = 0; i < 8; i++) {
      const client = await publisher(target, `bomb${i}`);
      if (client !== undefined) opened.push(client);
    }
    const name = writeAmf0('onMetaData');
    const bombs = [
      Buffer.concat([name, Buffer.from('03000161'.repeat(262_000), 'hex')]),
      Buffer.concat([name, Buffer.alloc(1_000_000, 5)]),
      Buffer.concat([name, Buffer.from('0a00000002'.repeat(200_000), 'hex')]),
    ];
    let sent = 0;
    await repeat(target, 5, async () => {
      for (const [i, client] of opened.entries()) {
        if (client.closed) {
          const again = await publisher(target, `bomb${i}`);
          if (again !== undefined) opened[i] = again;
        } else if (client.unsent < UNSENT_BYTES) {
          client.message({
            type: MessageType.DataAmf0,
            messageStreamId: 1,
            timestamp: 0,
            payload: bombs[sent++ % bombs.length],
          });
        }
      }
    });
    letGo(opened);
    return { bombs: sent };
  },
};

/** A publisher whose chunks hold a single byte each. */
const oneByteChunks: Attack = {
  name: 'one-byte-chunks',
  says: 'a publisher with chunks of one byte, frames of 4 KB, as fast as the server reads',
  async run(target) {
    const client = await publisher(target, 'one-byte');
    if (client === undefined) return { KiB: 0 };
    client.message(video(0, AVC_HEADER));
    client.setChunkSize(1);
    const body = Buffer.concat([FRAME, Buffer.alloc(4096)]);
    const block = client.frame(video(40, body));
    return flood(target, client, 8 << 20, () => block);
  },
};

/** Large messages, each on a connection of its own, whose last byte never comes. */
const unfinished: Attack = {
  name: 'unfinished-messages',
  beginsStreams: true,
  says: '40 publishers with a message of 8 MB each that lacks its last byte',
  async run(target) {
    const opened: RawClient[] = [];
    for (let i = 0; i < 40; i++) {
      const client = await publisher(target, `unfinished${i}`);
      if (client === undefined) continue;
      opened.push(client);
      const whole = client.frame(video(0, Buffer.alloc(8_000_000, 0x27)));
      client.send(whole.subarray(0, -1));
      while (client.unsent > 1_000_000 && !client.closed && !target.over.aborted) await pause(target, 5);
    }
    await repeat(target, 500, () => undefined);
    const open = opened.filter((client) => !client.closed).length;
    letGo(opened);
    return { open };
  },
};

/** Publishers that come, send some media and go, again and again. */
const publisherChurn: Attack = {
  name: 'publisher-churn',
  beginsStreams: true,
  says: '8 at a time publish 200 KB and go without a word, as fast as they are let in',
  async run(target) {
    let publishes = 0;
    const body = Buffer.concat([KEYFRAME, Buffer.alloc(50_000)]);
    const one = async (lane: number): Promise<void> => {
      while (!target.over.aborted) {
        const client = await publisher(target, `churn${lane}`);
        if (client === undefined) {
          await pause(target, 20);
          continue;
        }
        client.message(video(0, AVC_HEADER));
        for (let i = 0; i < 4; i++) client.message(video(i * 40, body));
        await pause(target, 10);
        client.destroy();
        publishes++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => one(i)));
    return { publishes };
  },
};

/** Players of a good stream that stop reading. */
const stalledPlayers: Attack = {
  name: 'stalled-players',
  says: '200 players of the good stream that read nothing once they play',
  async run(target) {
    const opened: RawClient[] = [];
    for (let i = 0; i < 200 && !target.over.aborted; i++) {
      const player = await visitor(target, 1);
      if (player === undefined) continue;
      opened.push(player);
      player.command(1, 'play', 4, null, target.stream, -1000);
      void player.says(/NetStream\.Play\.Start/).then(
        () => player.socket.pause(),
        () => undefined,
      );
    }
    await repeat(target, 500, () => undefined);
    const open = opened.filter((client) => !client.closed).length;
    letGo(opened);
    return { open };
  },
};

/** Attacks by what is published and played. */
export const MEDIA_ATTACKS: readonly Attack[] = [
  fatHeaders,
  flooding('small-headers', '1.5 MB/s of sequence headers of 21 bytes, each new, on 32 tracks', 1536, (i) => ({
    type: MessageType.Video,
    payload: trackHeader(1 + (i % TRACKS), 21, i),
  })),
  flooding('metadata', '500 KiB/s of metadata, each different', 500, (i) =>
    data(
      '@setDataFrame',
      'onMetaData',
      new AmfEcmaArray({ width: 100 + (i % 4000), framerate: i % 60, encoder: `e${i}` }),
    ),
  ),
  flooding('data-messages', '500 KiB/s of data messages of 5 bytes', 500, () => data('x', null)),
  flooding('empty-frames', '2 MB/s of video messages of 5 bytes', 2048, () => ({
    type: MessageType.Video,
    payload: FRAME.subarray(0, 5),
  })),
  amfBombs,
  oneByteChunks,
  unfinished,
  publisherChurn,
  stalledPlayers,
];
