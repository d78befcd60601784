import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.js';
import { createLogger } from '../../../src/core/log.js';
import { type Capture, readCapture } from '../../../src/inspect/capture-file.js';
import type { ConnectionFacts } from '../../../src/live/access.js';
import { type CaptureOptions, Captures } from '../../../src/rtmp/captures.js';
import type { ByteChannel, ChannelOwner } from '../../../src/transport/byte-channel.js';
import { tempDir } from '../../support/temp.js';

const FAULT: ErrorCode = 'ERR_CHUNK_FRESH_HEADER';
const SECRET = 'hunter2SECRET';

/** Captures into a folder of their own, with a clock that the test moves and log lines that it reads. */
class Setup {
  readonly dir = join(tempDir('captures'), 'made', 'here');
  readonly lines: string[] = [];
  nowMs = 1_764_000_000_000;
  captures!: Captures;
  #connections = 0;

  async open(options: Partial<CaptureOptions> = {}): Promise<this> {
    const { lines } = this;
    const log = createLogger({ format: 'json', sink: { write: (line) => lines.push(line) } });
    const clock = { wallMs: () => this.nowMs, monotonicMs: () => this.nowMs };
    const all = { dir: this.dir, maxFiles: 100, connectionBytes: 8192, limits: {}, ...options };
    this.captures = await Captures.open(all, { log, clock });
    return this;
  }

  /** A connection that sends `bytes` and is closed with `code`. */
  fail(bytes: Buffer, code: ErrorCode = FAULT): void {
    this.begin(bytes).ended(code);
  }

  begin(bytes: Buffer): { readonly ended: (code: ErrorCode) => void } {
    let owner: ChannelOwner | undefined;
    const inner = {
      open: (reader: ChannelOwner) => {
        owner = reader;
      },
    } as unknown as ByteChannel;
    const { channel, ended } = this.captures.watch(inner);
    channel.open({ buffer: () => bytes, read: () => true, closed: () => {} });
    if (bytes.length > 0) owner?.read(bytes.length, bytes);
    const facts: ConnectionFacts = {
      connectionId: `01C${this.#connections++}`,
      peer: { address: '192.0.2.1', port: 5000 },
      transport: 'rtmp',
      info: undefined,
    };
    return { ended: (code) => ended(facts, code, `rtmp://host/live?key=${SECRET}`) };
  }

  get files(): string[] {
    return readdirSync(this.dir).sort();
  }

  capture(index: number): Capture {
    return readCapture(readFileSync(join(this.dir, this.files[index]!)))!;
  }
}

function request(): Buffer {
  return Buffer.from(`GET /live?key=${SECRET} HTTP/1.1\r\n\r\n`);
}

describe('captures', () => {
  it('are one file for this user only, without secrets, for a connection that failed', async () => {
    const setup = await new Setup().open();
    setup.fail(request(), 'ERR_HANDSHAKE_HTTP');
    await setup.captures.done();
    expect(setup.files).toEqual(['2025-11-24T16-00-00.000Z-01C0.capture']);
    const path = join(setup.dir, setup.files[0]!);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(setup.dir).mode & 0o777).toBe(0o700);
    expect(readFileSync(path, 'latin1')).not.toContain(SECRET.slice(0, 4));
    const { header, bytes } = setup.capture(0);
    expect(header).toMatchObject({ code: 'ERR_HANDSHAKE_HTTP', at: 0, received: request().length, publishing: false });
    expect(header.connection).toMatchObject({ id: '01C0', peer: '192.0.2.1:5000', transport: 'rtmp' });
    expect(bytes.length).toBe(request().length);
    expect(setup.lines.length).toBe(1);
    expect(JSON.parse(setup.lines[0]!)).toMatchObject({ level: 'info', connectionId: '01C0', path });
    expect(setup.captures.heldBytes).toBe(0);
  });

  it.each<[string, ErrorCode, Buffer]>([
    ['ended as usual', 'ERR_PEER_CLOSED', request()],
    ['was ended by the operator', 'ERR_SESSION_KICKED', request()],
    ['failed for a defect of ours', 'ERR_INTERNAL', request()],
    ['sent nothing', 'ERR_HANDSHAKE_TIMEOUT', Buffer.alloc(0)],
  ])('are not written of a connection that %s', async (_, code, bytes) => {
    const setup = await new Setup().open();
    setup.fail(bytes, code);
    await setup.captures.done();
    expect(setup.files).toEqual([]);
    expect(setup.captures.heldBytes).toBe(0);
  });

  it('say what they hold of open connections', async () => {
    const setup = await new Setup().open();
    const first = setup.begin(Buffer.alloc(3000, 3));
    const second = setup.begin(request());
    expect(setup.captures.heldBytes).toBe(2 * 4096);
    first.ended('ERR_PEER_CLOSED');
    expect(setup.captures.heldBytes).toBe(4096);
    second.ended(FAULT);
    await setup.captures.done();
    expect(setup.captures.heldBytes).toBe(0);
  });

  it('remove the oldest of them past their number, and no other file', async () => {
    const setup = await new Setup().open({ maxFiles: 2 });
    writeFileSync(join(setup.dir, '2000-notes.capture'), 'mine');
    for (let i = 0; i < 4; i++) {
      setup.nowMs += 1000;
      setup.fail(request());
      await setup.captures.done();
    }
    const ends = setup.files.map((name) => name.replace(/^.*Z-/, ''));
    expect(ends).toEqual(['2000-notes.capture', '01C2.capture', '01C3.capture']);
  });

  it('are left out when many connections fail at once, and the next line says how many', async () => {
    const setup = await new Setup().open();
    for (let i = 0; i < 20; i++) setup.fail(request());
    await setup.captures.done();
    expect(setup.files.length).toBe(8);
    setup.nowMs += 1000;
    setup.fail(request());
    await setup.captures.done();
    const missed = setup.lines.map((line) => (JSON.parse(line) as { missed?: number }).missed ?? 0);
    expect(missed.reduce((sum, count) => sum + count, 0)).toBe(12);
    expect(setup.captures.heldBytes).toBe(0);
  });

  it('that cannot be written are told, and hold nothing up', async () => {
    const setup = await new Setup().open();
    setup.fail(request());
    await setup.captures.done();
    setup.nowMs += 1000;
    // The same name again: nothing is written over.
    const name = setup.files[0]!.replace('16-00-00', '16-00-01').replace('01C0', '01C1');
    writeFileSync(join(setup.dir, name), 'there already');
    setup.fail(request());
    await setup.captures.done();
    expect(readFileSync(join(setup.dir, name), 'utf8')).toBe('there already');
    expect(JSON.parse(setup.lines.at(-1)!)).toMatchObject({ level: 'warn', connectionId: '01C1' });
    expect(setup.captures.heldBytes).toBe(0);
  });

  it('are refused a folder that others can write to', async () => {
    const setup = new Setup();
    const dir = tempDir('captures');
    chmodSync(dir, 0o777);
    await expect(setup.open({ dir })).rejects.toMatchObject({ code: 'ERR_DATA_FOLDER_NOT_OURS' });
  });
});
