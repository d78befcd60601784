import { describe } from 'vitest';
import {
  FLAG_KEYFRAME,
  FLAG_REBASED,
  FLAG_SEQUENCE_HEADER,
  TS_BACK_MS,
  TS_FORWARD_MS,
  TS_STEP_MS,
} from '../../assembly/constants.js';
import { inspect } from '../reference/media.js';
import { type Expected, runVectors, type Vector } from '../support/conformance/vectors.js';

type Kind = 'audio' | 'video';

/** One message of a vector: what is sent, and what players get. */
interface Sent {
  readonly kind: Kind;
  /** As the publisher stamps it. */
  readonly at: number;
  /** As players get it. */
  readonly as: number;
  readonly jump?: boolean;
  readonly msid?: number;
  readonly payload?: Buffer;
}

const FRAME = { audio: Buffer.from('af0121', 'hex'), video: Buffer.from('2701000000', 'hex') };
const HEADER = { audio: Buffer.from('af001210', 'hex'), video: Buffer.from('17000000000164', 'hex') };

const audio = (at: number, as = at, jump = false): Sent => ({ kind: 'audio', at, as, jump });
const video = (at: number, as = at, jump = false): Sent => ({ kind: 'video', at, as, jump });
const header = (kind: Kind, at: number, as = at, jump = false): Sent => ({ kind, at, as, jump, payload: HEADER[kind] });

/** fmt 0 messages: audio on chunk stream 4, video on 6, those of message stream 2 on 5 and 7. */
function encode({ kind, at, msid = 1, payload = FRAME[kind] }: Sent): Buffer {
  const extended = at >= 0xffffff;
  const head = Buffer.alloc(extended ? 16 : 12);
  head[0] = (kind === 'audio' ? 4 : 6) + (msid - 1);
  head.writeUIntBE(extended ? 0xffffff : at, 1, 3);
  head.writeUIntBE(payload.length, 4, 3);
  head[7] = kind === 'audio' ? 8 : 9;
  head.writeUInt32LE(msid, 8);
  if (extended) head.writeUInt32BE(at % 2 ** 32, 12);
  return Buffer.concat([head, payload]);
}

/** Sent messages come out with the same bytes, and with the timestamps that are given. */
function vector(name: string, sent: readonly Sent[], options?: Vector['options']): Vector {
  return {
    name,
    bytes: Buffer.concat(sent.map(encode)),
    messages: sent.map(({ kind, as, jump, msid = 1, payload = FRAME[kind] }): Expected => {
      const jumped = jump ? FLAG_REBASED : 0;
      const flags = payload === HEADER[kind] ? FLAG_SEQUENCE_HEADER : inspect(kind === 'audio' ? 8 : 9, payload).flags;
      return { type: kind === 'audio' ? 8 : 9, timestamp: as, messageStreamId: msid, payload, flags: flags | jumped };
    }),
    options: { publishes: [{ messageStreamId: 1 }], ...options },
  };
}

const START = [audio(60_000), video(60_010), audio(60_023)];

describe('timestamps within one publish', () => {
  runVectors([
    vector('may stand up to the limit behind the newest of their kind', [
      ...START,
      audio(60_023 - TS_BACK_MS + 1),
      audio(60_023 - TS_BACK_MS),
      audio(60_046),
    ]),
    vector('go on after the newest when they stand further back, and stay moved', [
      ...START,
      audio(60_023 - TS_BACK_MS - 1, 60_023 + TS_STEP_MS, true),
      audio(60_023 - TS_BACK_MS - 1 + 23, 60_023 + TS_STEP_MS + 23),
    ]),
    vector('may not creep back: the limit is held against the newest, not the last', [
      ...START,
      audio(60_023 - 300),
      audio(60_023 - 600, 60_023 + TS_STEP_MS, true),
    ]),
    vector('may stand up to the limit ahead of the newest', [
      ...START,
      video(60_023 + TS_FORWARD_MS - 1),
      audio(60_023 + TS_FORWARD_MS),
      audio(60_023 + 2 * TS_FORWARD_MS),
    ]),
    vector('go on after the newest when they stand further ahead, and stay moved', [
      ...START,
      video(60_023 + TS_FORWARD_MS + 1, 60_023 + TS_STEP_MS, true),
      video(60_023 + TS_FORWARD_MS + 34, 60_023 + TS_STEP_MS + 33),
    ]),
    vector('are moved alike for audio and video when both begin anew', [
      ...START,
      audio(0, 60_043, true),
      video(10, 60_053),
      audio(23, 60_066),
      video(43, 60_086),
    ]),
    vector('are moved alike when the one that is late still ends its old time', [
      ...START,
      audio(0, 60_043, true),
      video(60_043),
      audio(23, 60_066),
      video(43, 60_086),
    ]),
    vector('of audio and video may stand seconds apart: each kind is held to its own', [
      audio(8000),
      video(5000),
      audio(8023),
      video(5033),
      audio(8046),
    ]),
    vector('of a kind that paused are no jump when the other went on', [
      video(100),
      audio(100),
      ...Array.from({ length: 5 }, (_, i) => video(8000 * (i + 1))),
      audio(40_010),
      audio(40_033),
    ]),
    vector('of two kinds that never had one clock are brought together, once', [
      audio(0),
      video(3_600_000, TS_STEP_MS, true),
      audio(23),
      video(3_600_033, TS_STEP_MS + 33),
      audio(46),
      video(3_600_066, TS_STEP_MS + 66),
    ]),
    vector('of headers say nothing of where frames begin', [
      header('video', 0),
      header('audio', 0),
      video(3_600_000),
      audio(3_600_005),
      video(3_600_033),
    ]),
    vector('of a header stamped 0 in mid-stream go on, which is no jump, and the frames after it are where they were', [
      ...START,
      header('video', 0, 60_043),
      video(60_053),
      audio(60_046),
    ]),
    vector('of an end of sequence stamped 0 are no jump, in any codec', [
      ...START,
      { ...video(0, 60_043), payload: Buffer.from('a261763031', 'hex') },
      { ...video(0, 60_043), payload: Buffer.from('1702000000', 'hex') },
      video(60_053),
    ]),
    vector('of what carries no frame do not count as the newest', [
      ...START,
      header('audio', 69_000),
      { ...video(0, 60_043), payload: Buffer.alloc(0) },
      { ...video(69_500), payload: Buffer.from('9461763031', 'hex') },
      audio(60_046),
      video(60_050),
      audio(70_046),
    ]),
    vector('pass as they are on a message stream that is no publish', [...START, audio(0), video(90_000), audio(23)], {
      publishes: [{ messageStreamId: 2 }],
    }),
    vector('run on over 2^32', [audio(2 ** 32 - 20), audio(2 ** 32 + 3), video(2 ** 32 + 10)]),
    vector(
      'carry on where a publish is told to, from its first message',
      [audio(70, 5000), audio(93, 5023), video(60, 5000), audio(116, 5056)],
      {
        publishes: [{ messageStreamId: 1, from: 5000 }],
      },
    ),
    vector(
      'carry on there also when its headers were stamped 0 and its frames were not, without a jump',
      [header('video', 0, 5000), header('audio', 0, 5000), video(3_600_000, 5000), audio(3_600_010, 5010)],
      { publishes: [{ messageStreamId: 1, from: 5000 }] },
    ),
    vector(
      'carry on there with every kind: one that was sent later and is stamped earlier takes the other along',
      [audio(4000, 5000), audio(4023, 5023), video(0, 5000), video(33, 5033), audio(4046, 9046), audio(4069, 9069)],
      { publishes: [{ messageStreamId: 1, from: 5000 }] },
    ),
    vector(
      'carry on there after the other kind when they were stamped further back than one clock explains',
      [
        audio(TS_FORWARD_MS + 1, 5000),
        audio(TS_FORWARD_MS + 24, 5023),
        video(0, 5023 + TS_STEP_MS, true),
        video(33, 5023 + TS_STEP_MS + 33),
      ],
      { publishes: [{ messageStreamId: 1, from: 5000 }] },
    ),
    vector(
      'of two publishes on one connection are moved apart',
      [
        audio(60_000),
        { ...audio(100, 7000), msid: 2 },
        audio(0, 60_000 + TS_STEP_MS, true),
        { ...audio(123, 7023), msid: 2 },
        audio(23, 60_043),
        { ...audio(99_000, 7043, true), msid: 2 },
        audio(46, 60_066),
      ],
      { publishes: [{ messageStreamId: 1 }, { messageStreamId: 2, from: 7000 }] },
    ),
  ]);
});

describe('a frame whose timestamp jumped', () => {
  runVectors([
    {
      name: 'keeps the flags of what it is',
      options: { publishes: [{ messageStreamId: 1 }] },
      bytes: Buffer.concat([
        encode(video(50_000)),
        encode({ ...video(0), payload: Buffer.from('17010000000b', 'hex') }),
      ]),
      messages: [
        { type: 9, timestamp: 50_000, flags: 0 },
        { type: 9, timestamp: 50_000 + TS_STEP_MS, flags: FLAG_KEYFRAME | FLAG_REBASED },
      ],
    },
  ]);
});
