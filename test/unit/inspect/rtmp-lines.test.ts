import { describe, expect, it } from 'vitest';
import { RtmpLines } from '../../../src/inspect/rtmp-lines.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { chunks } from '../../support/rtmp-wire.js';

const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]);

function trace(): {
  lines: string[];
  clock: { ms: number };
  take: (kind: 'received' | 'sent', bytes: Buffer) => void;
  rtmp: RtmpLines;
} {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const rtmp = new RtmpLines(
    (line) => lines.push(line),
    () => clock.ms,
  );
  rtmp.take({ kind: 'opened', connectionId: 'AAAA123456', peer: '192.0.2.1:5000' });
  return { lines, clock, rtmp, take: (kind, bytes) => rtmp.take({ kind, connectionId: 'AAAA123456', bytes }) };
}

function video(first: number, second: number): Buffer {
  return chunks({
    type: 9,
    timestamp: 0,
    messageStreamId: 1,
    payload: Buffer.from([first, second, 0, 0, 0]),
    chunkStreamId: 6,
  });
}

describe('an RTMP trace', () => {
  it('reads like the protocol, both ways, without secrets', () => {
    const { lines, take, rtmp } = trace();
    const connect = writeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live?key=hunter2' });
    take('received', HANDSHAKE);
    take('sent', HANDSHAKE);
    take('received', chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload: connect }));
    take('sent', chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload: writeAmf0('_result', 1, null) }));
    const play = writeAmf0('play', 0, null, 'cam1?jt=hunter2.hunter2', -2000);
    take('received', chunks({ type: 20, timestamp: 0, messageStreamId: 1, payload: play }));
    rtmp.take({ kind: 'closed', connectionId: 'AAAA123456' });
    expect(lines).toEqual([
      'rtmp 123456 opened from 192.0.2.1:5000',
      'rtmp 123456 < C0: 1 byte, version 3',
      'rtmp 123456 < C1: 1536 bytes, time 0, version 0.0.0.0',
      'rtmp 123456 < C2: 1536 bytes, echo of time 0',
      'rtmp 123456 > S0: 1 byte, version 3',
      'rtmp 123456 > S1: 1536 bytes, time 0, version 0.0.0.0',
      'rtmp 123456 > S2: 1536 bytes, echo of time 0',
      'rtmp 123456 < command connect(1, {app: "live", tcUrl: "rtmp://host/live?***"})  0 ms stream 0',
      'rtmp 123456 > command _result(1, null)  0 ms stream 0',
      'rtmp 123456 < command play(0, null, "cam1***", -2000)  0 ms stream 1',
      'rtmp 123456 closed',
    ]);
  });

  it('shows sequence headers and the first frames one by one, and sums up the rest once a second', () => {
    const { lines, clock, take, rtmp } = trace();
    take('received', HANDSHAKE);
    lines.length = 0;
    take('received', video(0x17, 0));
    for (let i = 0; i < 5; i++) take('received', video(i === 0 ? 0x17 : 0x27, 1));
    expect(lines.length).toBe(4);
    clock.ms = 1000;
    take('received', video(0x17, 1));
    expect(lines.at(-1)).toBe('rtmp 123456 < … 3 video (1 keyframes), 0 audio, 15 bytes');
    take('received', video(0x27, 1));
    rtmp.take({ kind: 'closed', connectionId: 'AAAA123456' });
    expect(lines.slice(-2)).toEqual(['rtmp 123456 < … 1 video (0 keyframes), 0 audio, 5 bytes', 'rtmp 123456 closed']);
  });
});
