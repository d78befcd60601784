import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { writeCapture } from '../../../src/inspect/capture-file.js';
import { writeAmf0 } from '../../../src/protocol/messages/amf0-writer.js';
import { DEFAULT_CODEC_LIMITS } from '../../../src/wasm/limits.js';
import { TestIo } from '../../support/cli/test-io.js';
import { chunks } from '../../support/rtmp-wire.js';
import { tempDir } from '../../support/temp.js';

const HANDSHAKE = Buffer.concat([Buffer.from([3]), Buffer.alloc(3072)]);
const CONNECT = chunks({
  type: 20,
  timestamp: 0,
  messageStreamId: 0,
  payload: writeAmf0('connect', 1, { app: 'live', tcUrl: 'rtmp://host/live?key=hunter2' }),
});

async function run(bytes: Buffer, ...args: string[]): Promise<{ code: number; io: TestIo }> {
  const path = join(tempDir('inspect'), 'file');
  writeFileSync(path, bytes);
  const io = new TestIo();
  return { code: await main(['inspect', ...args, path], io), io };
}

describe('sluice inspect', () => {
  it('prints the bytes of a client chunk by chunk, and where they end', async () => {
    const { code, io } = await run(Buffer.concat([HANDSHAKE, CONNECT]));
    expect(code).toBe(0);
    const lines = io.stdout.trimEnd().split('\n');
    expect(lines[3]).toMatch(/^ {5}3073 {2}chunk fmt 0 csid 3 {2}type 20 \(command\)/);
    expect(lines[4]).toBe('             = command connect(1, {app: "live", tcUrl: "rtmp://host/live?***"})');
    expect(lines.at(-1)).toBe(`${String(3073 + CONNECT.length).padStart(9)}  end`);
  });

  it('names the byte of a fault, what was expected there and what to do, and exits with 1', async () => {
    const { code, io } = await run(Buffer.concat([CONNECT, Buffer.from([0xc7])]), '--no-handshake');
    expect(code).toBe(1);
    expect(io.stdout).toContain(
      `FAULT ERR_CHUNK_FRESH_HEADER at byte ${CONNECT.length}: expected a fmt 0 or fmt 1 header; found fmt 3 on new chunk stream 7`,
    );
    expect(io.stderr).toContain('ERR_CHUNK_FRESH_HEADER: the peer is out of step');
  });

  it('prints messages only, when that is asked for', async () => {
    const { io } = await run(CONNECT, '--no-handshake', '--messages');
    expect(io.stdout).toMatch(/^ {8}0 {2}0 ms stream 0 {2}command connect\(1, [^\n]*\n *\d+ {2}end\n$/);
  });

  it('tells what is left over at the end', async () => {
    const { io } = await run(CONNECT.subarray(0, 40), '--no-handshake');
    expect(io.stdout).toContain('unfinished: command on csid 3, 28 of');
    const header = await run(CONNECT.subarray(0, 5), '--no-handshake');
    expect(header.io.stdout).toContain('5 bytes of a chunk header that goes on');
    const handshake = await run(HANDSHAKE.subarray(0, 20));
    expect(handshake.io.stdout).toContain('C1: 19 bytes, cut off here');
  });

  it('prints of a capture what the server knew, and reads it by the limits of that server', async () => {
    const capture = writeCapture(
      {
        sluiceCapture: 1,
        version: '0.1.0',
        time: '2026-11-26T06:00:00.000Z',
        code: 'ERR_CHUNK_MESSAGE_TOO_LONG',
        detail: '',
        connection: { id: '01JD', peer: '192.0.2.1:5000', transport: 'rtmp', app: 'live', client: 'FMLE/3.0' },
        received: 3073 + CONNECT.length,
        at: 0,
        publishing: false,
        limits: { ...DEFAULT_CODEC_LIMITS, maxControlMessageBytes: 32 },
      },
      Buffer.concat([HANDSHAKE, CONNECT]),
    );
    const { code, io } = await run(capture);
    expect(code).toBe(1);
    expect(io.stdout).toMatch(
      /^# 2026-11-26T06:00:00\.000Z {2}Sluice 0\.1\.0 {2}connection 01JD from 192\.0\.2\.1:5000 over rtmp\n# app live, FMLE\/3\.0\n# closed with ERR_CHUNK_MESSAGE_TOO_LONG/,
    );
    expect(io.stdout).toContain('FAULT ERR_CHUNK_MESSAGE_TOO_LONG at byte 3073');
  });

  it('refuses a file that is not there and a side that is none', async () => {
    const io = new TestIo();
    expect(await main(['inspect', join(tempDir('inspect'), 'none')], io)).toBe(2);
    expect(io.stderr).toContain('ERR_INSPECT_FILE');
    expect((await run(CONNECT, '--side', 'both')).io.stderr).toContain('expected client or server');
  });
});
