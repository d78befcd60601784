import { describe, expect, it } from 'vitest';
import { AmfEcmaArray, type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { ChunkWriter, type OutboundMessage } from '../../../../src/protocol/messages/chunk-writer.js';
import * as control from '../../../../src/protocol/messages/control.js';
import {
  command,
  dataMessage,
  onStatus,
  STATUS_LEVELS,
  sampleAccess,
  statusInfo,
} from '../../../../src/protocol/messages/status.js';
import { decodeAmf0 } from '../../../support/protocol/amf0-decode.js';
import { ChunkDecoder } from '../../../support/protocol/chunk-decode.js';
import { hex } from '../../../support/protocol/messages.js';

describe('control messages have exactly these bytes', () => {
  const GOLDEN: readonly [string, OutboundMessage, string][] = [
    ['Window Ack Size 2500000', control.windowAckSize(2_500_000), '02 000000 000004 05 00000000 002625A0'],
    ['Set Peer Bandwidth dynamic', control.setPeerBandwidth(2_500_000), '02 000000 000005 06 00000000 002625A0 02'],
    ['Set Chunk Size 4096', control.setChunkSize(4096), '02 000000 000004 01 00000000 00001000'],
    ['Acknowledgement 1000000', control.acknowledgement(1_000_000), '02 000000 000004 03 00000000 000F4240'],
    ['Acknowledgement past 2^32', control.acknowledgement(2 ** 32 + 5), '02 000000 000004 03 00000000 00000005'],
    ['StreamBegin 1', control.streamBegin(1), '02 000000 000006 04 00000000 0000 00000001'],
    ['StreamEOF 1', control.streamEof(1), '02 000000 000006 04 00000000 0001 00000001'],
    ['SetBufferLength', control.setBufferLength(1, 3000), '02 000000 00000A 04 00000000 0003 00000001 00000BB8'],
    ['StreamIsRecorded 2', control.streamIsRecorded(2), '02 000000 000006 04 00000000 0004 00000002'],
    ['Ping 1000', control.pingRequest(1000), '02 000000 000006 04 00000000 0006 000003E8'],
    ['Pong 1000', control.pingResponse(1000), '02 000000 000006 04 00000000 0007 000003E8'],
    ['Abort of chunk stream 6', control.abort(6), '02 000000 000004 02 00000000 00000006'],
  ];
  for (const [name, message, bytes] of GOLDEN) {
    it(name, () => {
      expect(new ChunkWriter().write(message)).toEqual(hex(bytes));
    });
  }

  it('reads a user control message, and nothing from one that is cut short', () => {
    expect(control.readUserControl(hex('0006 000003E8'))).toEqual({ event: 6, value: 1000 });
    expect(control.readUserControl(hex('0006 0000'))).toBeUndefined();
    expect(control.readU32(hex('FFFFFFFF'))).toBe(0xffffffff);
    expect(control.readU32(hex('FFFFFF'))).toBeUndefined();
  });
});

describe('command and status messages', () => {
  it('writes the createStream _result with exactly these bytes', () => {
    expect(new ChunkWriter().write(command(0, '_result', 2, null, 1))).toEqual(
      hex(`03 000000 00001D 14 00000000 | 02 0007 5F726573756C74 | 00 4000000000000000 | 05 | 00 3FF0000000000000`),
    );
  });

  it('writes Publish.Start on message stream id 1 with exactly these bytes', () => {
    const text = (value: string) =>
      `${value.length.toString(16).padStart(4, '0')}${Buffer.from(value).toString('hex')}`;
    expect(new ChunkWriter().write(onStatus(1, 'NetStream.Publish.Start', 'ok'))).toEqual(
      hex(`05 000000 00005B 14 01000000 | 02 0008 6F6E537461747573 | 00 0000000000000000 | 05 | 03
        ${text('level')} 02 ${text('status')} ${text('code')} 02 ${text('NetStream.Publish.Start')}
        ${text('description')} 02 ${text('ok')} 000009`),
    );
  });

  it('gives every failure the level error and everything else the level status', () => {
    const failures =
      /\.(?:Rejected|Failed|InvalidApp|AppShutdown|BadName|Denied|Unauthorized|StreamNotFound|NoAccess)$/;
    for (const code of Object.keys(STATUS_LEVELS) as (keyof typeof STATUS_LEVELS)[]) {
      expect([code, statusInfo(code, '').level]).toEqual([code, failures.test(code) ? 'error' : 'status']);
    }
  });

  it('writes |RtmpSampleAccess as data on the stream', () => {
    const message = sampleAccess(3);
    expect(message).toMatchObject({ type: 18, messageStreamId: 3 });
    expect(decodeAmf0(message.payload)).toEqual(['|RtmpSampleAccess', true, true]);
    expect(decodeAmf0(dataMessage(1, 'onFI', 5).payload)).toEqual(['onFI', 5]);
  });
});

describe('ChunkWriter', () => {
  const payload = Buffer.from(Array.from({ length: 300 }, (_, i) => i & 0xff));
  const message = { chunkStreamId: 6, type: 9, messageStreamId: 1, timestamp: 0, payload };

  it('splits at 128 bytes until told otherwise, with one C3-like byte before each continuation', () => {
    const bytes = new ChunkWriter().write(message);
    expect(bytes).toHaveLength(12 + 300 + 2);
    expect([bytes[12 + 128], bytes[12 + 128 + 1 + 128]]).toEqual([0xc6, 0xc6]);
  });

  it('repeats the extended timestamp in each continuation', () => {
    const bytes = new ChunkWriter().write({ ...message, timestamp: 0xffffff });
    expect(bytes.subarray(0, 16)).toEqual(hex('06 FFFFFF 00012C 09 01000000 00FFFFFF'));
    expect(bytes.subarray(16 + 128, 16 + 133)).toEqual(hex('C6 00FFFFFF'));
  });

  for (const chunkStreamId of [2, 63, 64, 319, 320, 65599]) {
    for (const timestamp of [0, 0xfffffe, 0xffffff, 0xffffffff]) {
      for (const chunkSize of [1, 127, 128, 299, 300, 301, 60_000]) {
        it(`reads back: chunk stream id ${chunkStreamId}, timestamp ${timestamp}, chunk size ${chunkSize}`, () => {
          const writer = new ChunkWriter();
          const decoder = new ChunkDecoder();
          decoder.read(writer.write(control.setChunkSize(chunkSize)));
          writer.setChunkSize(chunkSize);
          const whole = { ...message, chunkStreamId, timestamp };
          const empty = { ...whole, payload: Buffer.alloc(0) };
          expect(decoder.read(Buffer.concat([writer.write(whole), writer.write(empty)]))).toEqual([whole, empty]);
        });
      }
    }
  }

  it('clamps chunk sizes to 1 and 16777215', () => {
    const writer = new ChunkWriter({ chunkSize: 0 });
    expect(writer.chunkSize).toBe(1);
    writer.setChunkSize(0x7fffffff);
    expect(writer.chunkSize).toBe(0xffffff);
  });

  it('refuses what the wire cannot carry', () => {
    for (const wrong of [{ chunkStreamId: 1 }, { chunkStreamId: 65600 }, { payload: Buffer.alloc(0x1000000) }]) {
      expect(() => new ChunkWriter().write({ ...message, ...wrong })).toThrow(
        expect.objectContaining({ code: 'ERR_CHUNK_UNWRITABLE' }),
      );
    }
  });
});

describe('writeAmf0', () => {
  const VECTORS: readonly [string, AmfInput, string][] = [
    ['number', 1.5, '00 3FF8000000000000'],
    ['true', true, '01 01'],
    ['string', 'é', '02 0002 C3A9'],
    ['null', null, '05'],
    ['undefined', undefined, '06'],
    ['object', { a: 1, b: {} }, '03 0001 61 00 3FF0000000000000 0001 62 03 000009 000009'],
    ['ECMA array', new AmfEcmaArray({ a: null }), '08 00000001 0001 61 05 000009'],
    ['strict array', ['x', false], '0A 00000002 02 0001 78 01 00'],
    ['date', new Date(1000), '0B 408F400000000000 0000'],
  ];
  for (const [name, value, bytes] of VECTORS) {
    it(`writes ${name}`, () => {
      expect(writeAmf0(value)).toEqual(hex(bytes));
    });
  }

  it('writes a string of 65535 bytes short and one of 65536 long', () => {
    expect(writeAmf0('x'.repeat(65535)).subarray(0, 3)).toEqual(hex('02 FFFF'));
    expect(writeAmf0('x'.repeat(65536)).subarray(0, 5)).toEqual(hex('0C 00010000'));
    expect(decodeAmf0(writeAmf0('x'.repeat(65536)))).toEqual(['x'.repeat(65536)]);
  });

  it('writes null-prototype objects with hostile names as plain entries', () => {
    const object = Object.create(null) as Record<string, AmfInput>;
    const hostile = '__proto__';
    object[hostile] = 1;
    const [read] = decodeAmf0(writeAmf0(object));
    expect(Object.keys(read as object)).toEqual([hostile]);
  });

  it('leaves out an entry with an empty name, which would read as the end of its object', () => {
    expect(writeAmf0({ '': 9, a: 1 })).toEqual(writeAmf0({ a: 1 }));
  });

  it('refuses a property name over 65535 bytes and endless nesting', () => {
    const loop: { self?: AmfInput } = {};
    loop.self = loop as AmfInput;
    for (const value of [{ ['x'.repeat(65536)]: 1 }, loop as AmfInput]) {
      expect(() => writeAmf0(value)).toThrow(expect.objectContaining({ code: 'ERR_AMF_UNWRITABLE' }));
    }
  });
});
