import { describe, expect, it } from 'vitest';
import { ChunkWriter } from '../../../../src/protocol/messages/chunk-writer.js';
import {
  command,
  dataMessage,
  onStatus,
  STATUS_LEVELS,
  sampleAccess,
  statusInfo,
} from '../../../../src/protocol/messages/status.js';
import { readAmf } from '../../../support/amf.js';
import { hex } from '../../../support/protocol/messages.js';

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
    expect(readAmf(message.payload)).toEqual(['|RtmpSampleAccess', true, true]);
    expect(readAmf(dataMessage(1, 'onFI', 5).payload)).toEqual(['onFI', 5]);
  });
});
