import { describe, expect, it } from 'vitest';
import { ChunkWriter, type OutboundMessage } from '../../../../src/protocol/messages/chunk-writer.js';
import * as control from '../../../../src/protocol/messages/control.js';
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
