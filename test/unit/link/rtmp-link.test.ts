import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode, SluiceError } from '../../../src/core/errors.js';
import { type LinkOwner, RtmpLink } from '../../../src/link/rtmp-link.js';
import { ClientHandshake, ServerHandshake } from '../../../src/protocol/handshake/handshake.js';
import { ChunkWriter } from '../../../src/protocol/messages/chunk-writer.js';
import { ChunkCodec, type CodecMessage } from '../../../src/wasm/chunk-codec.js';
import { MemoryChannel } from '../../support/transport/memory-channel.js';
import { waitFor } from '../../support/wait.js';

/** Keeps what a link tells, in words; the test says what it answers. */
class Owner implements LinkOwner {
  readonly told: string[] = [];
  canHandle = true;
  /** So many messages are handled at once. */
  atOnce = Number.POSITIVE_INFINITY;
  error: unknown;

  mayHandle(): boolean {
    return this.canHandle;
  }
  handshakeDone(): void {
    this.told.push('shaken');
  }
  handshakeFailed(code: ErrorCode): void {
    this.told.push(code);
  }
  handling(): void {}
  batch(codec: ChunkCodec): void {
    this.told.push(`media ${codec.batchCount}`);
  }
  message(message: CodecMessage): void {
    this.told.push(`message ${Buffer.from(message.payload).toString()}`);
    this.atOnce--;
  }
  mayGoOn(): boolean {
    return this.atOnce > 0;
  }
  handled(): void {
    this.told.push('handled');
  }
  mayRead(): boolean {
    return this.atOnce > 0;
  }
  failed(error: unknown): void {
    this.error = error;
  }
  closed(): void {
    this.told.push('closed');
  }
}

const ENTROPY = Buffer.alloc(1528, 5);

describe('a link', () => {
  let near: MemoryChannel;
  let far: MemoryChannel;
  let owner: Owner;
  let other: Owner;
  let server: RtmpLink;
  let client: RtmpLink;
  const writer = new ChunkWriter();

  const until = (look: () => boolean): Promise<unknown> => waitFor(() => look() || undefined, { everyMs: 1 });
  const message = (type: number, payload: string): Buffer =>
    writer.write({ chunkStreamId: 3, type, messageStreamId: 0, timestamp: 0, payload: Buffer.from(payload) });

  /** Both ends, past the handshake. */
  beforeEach(async () => {
    [near, far] = MemoryChannel.pair();
    owner = new Owner();
    other = new Owner();
    server = new RtmpLink(near, new ChunkCodec(), new ServerHandshake({ entropy: ENTROPY, nowMs: 0 }), owner);
    const handshake = new ClientHandshake({ entropy: ENTROPY, nowMs: 0 });
    client = new RtmpLink(far, new ChunkCodec(), handshake, other);
    server.open();
    client.open();
    far.send(handshake.start());
    await until(() => owner.told.includes('shaken') && other.told.includes('shaken'));
    owner.told.length = 0;
    other.told.length = 0;
  });
  afterEach(() => {
    near.destroy();
    far.destroy();
  });

  it('is the same on both sides: messages and media come out in order', async () => {
    for (const [channel, heard] of [
      [far, owner],
      [near, other],
    ] as const) {
      channel.send(Buffer.concat([message(20, 'a'), message(8, 'sound'), message(20, 'b')]));
      await until(() => heard.told.includes('handled'));
      expect(heard.told).toEqual(['message a', 'media 1', 'message b', 'handled']);
    }
    expect(server.bytesIn).toBe(far.writtenBytes);
    expect(client.bytesIn).toBe(near.writtenBytes);
  });

  it('handles nothing before its owner has time for it, and reads on after that', async () => {
    owner.canHandle = false;
    far.send(message(20, 'a'));
    await until(() => server.bytesIn === far.writtenBytes);
    far.send(message(20, 'b'));
    expect(owner.told).toEqual([]);
    owner.canHandle = true;
    server.goOn();
    expect(owner.told).toEqual(['message a', 'handled']);
    await until(() => owner.told.includes('message b'));
  });

  it('stops between messages when its owner says so; the rest waits in the codec', async () => {
    owner.atOnce = 1;
    far.send(Buffer.concat([message(20, 'a'), message(20, 'b'), message(20, 'c')]));
    await until(() => owner.told.length > 0);
    expect(owner.told).toEqual(['message a']);
    owner.atOnce = 1;
    server.goOn();
    expect(owner.told).toEqual(['message a', 'message b']);
    owner.atOnce = 5;
    server.goOn();
    expect(owner.told).toEqual(['message a', 'message b', 'message c', 'handled']);
  });

  it('throws away what still comes once it finishes, and goes on with nothing', async () => {
    far.send(message(20, 'late'));
    server.finish(1000);
    server.goOn();
    await until(() => owner.told.includes('closed') && other.told.includes('closed'));
    expect(owner.told).toEqual(['closed']);
    expect(server.bytesIn).toBe(far.writtenBytes);
  });

  it('gives its owner the error of bytes that are no chunk stream', async () => {
    // A header that refers to one before it, which never came.
    far.send(Buffer.from([0xc5, 1, 2, 3]));
    await until(() => owner.error !== undefined);
    expect((owner.error as SluiceError).blame).toBe('peer');
  });

  it('says by its code what it was that spoke no RTMP', async () => {
    const [here, there] = MemoryChannel.pair();
    const mute = new Owner();
    new RtmpLink(here, new ChunkCodec(), new ServerHandshake({ entropy: ENTROPY, nowMs: 0 }), mute).open();
    there.send(Buffer.from('GET / HTTP/1.1\r\n'));
    await until(() => mute.told.length > 0);
    expect(mute.told).toEqual(['ERR_HANDSHAKE_HTTP']);
    here.destroy();
  });
});
