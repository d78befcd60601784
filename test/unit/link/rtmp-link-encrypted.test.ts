import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.js';
import { makeKeyPair } from '../../../src/link/key-agreement.js';
import { type LinkOwner, RtmpLink } from '../../../src/link/rtmp-link.js';
import { ServerHandshake } from '../../../src/protocol/handshake/handshake.js';
import { ChunkCodec, type CodecMessage } from '../../../src/wasm/chunk-codec.js';
import { RtmpePeer } from '../../support/protocol/rtmpe-peer.js';
import { chunks } from '../../support/rtmp-wire.js';
import { MemoryChannel } from '../../support/transport/memory-channel.js';
import { waitFor } from '../../support/wait.js';

const ENTROPY = Buffer.alloc(3032, 5);
const message = (text: string): Buffer =>
  chunks({ type: 20, timestamp: 0, messageStreamId: 0, payload: Buffer.from(text) });

/** The server's end of an encrypted connection, and the client's bytes. */
class Ends implements LinkOwner {
  readonly told: string[] = [];
  readonly codec = new ChunkCodec();
  readonly link: RtmpLink;
  readonly #far: MemoryChannel;
  readonly #got: Buffer[] = [];
  handles = true;
  /** The codec moves to a larger memory with the first message. */
  enlarges = false;

  constructor() {
    const [near, far] = MemoryChannel.pair();
    this.#far = far;
    const handshake = new ServerHandshake({ entropy: ENTROPY, nowMs: 0, agreement: makeKeyPair });
    this.link = new RtmpLink(near, this.codec, handshake, this);
    this.link.open();
    const into = Buffer.alloc(65_536);
    far.open({
      buffer: () => into,
      read: (count) => this.#got.push(Buffer.from(into.subarray(0, count))) > 0,
      closed: () => this.told.push('far end closed'),
    });
  }

  get got(): Buffer {
    return Buffer.concat(this.#got);
  }
  send(...parts: Uint8Array[]): void {
    for (const part of parts) this.#far.send(Buffer.from(part));
  }
  close(): void {
    this.#far.destroy();
  }
  until(look: () => boolean): Promise<unknown> {
    return waitFor(() => look() || undefined, { everyMs: 1 });
  }
  /** Sends C0 and C1. @returns what the client makes of the answer */
  async shaken(peer = new RtmpePeer()) {
    this.send(peer.first);
    await this.until(() => this.got.length >= 3073);
    return peer.answer(this.got.subarray(0, 3073));
  }

  mayHandle(): boolean {
    return this.handles;
  }
  handshakeDone(): void {
    this.told.push(`shaken ${this.link.isEncrypted}`);
  }
  handshakeFailed(code: ErrorCode): void {
    this.told.push(code);
  }
  handling(): void {}
  batch(): void {}
  message({ payload }: CodecMessage): void {
    this.told.push(Buffer.from(payload).toString());
    if (this.enlarges) this.codec.setPublishing(true);
  }
  mayGoOn(): boolean {
    return this.handles;
  }
  handled(): void {}
  mayRead(): boolean {
    return this.handles;
  }
  failed(error: unknown): void {
    this.told.push(String(error));
  }
  closed(): void {
    this.told.push('closed');
  }
}

describe('an encrypted link', () => {
  let ends: Ends;
  beforeEach(() => {
    ends = new Ends();
  });
  afterEach(() => ends.close());

  it('decrypts what came in one read with C2, and what comes after it', async () => {
    const peer = await ends.shaken();
    ends.send(Buffer.concat([peer.c2, peer.out.apply(message('first'))]));
    await ends.until(() => ends.told.includes('first'));
    ends.send(peer.out.apply(message('second')));
    await ends.until(() => ends.told.includes('second'));
    expect(ends.told).toEqual(['shaken true', 'first', 'second']);
  });

  it('decrypts each byte once, however they come, also where the codec moves to a larger memory', async () => {
    ends.enlarges = true;
    const peer = await ends.shaken();
    const texts = ['one', 'two', 'three'];
    const bytes = Buffer.concat([peer.c2, peer.out.apply(Buffer.concat(texts.map(message)))]);
    for (let at = 1500; at < bytes.length; at++) {
      if (at === 1500) ends.send(bytes.subarray(0, at));
      ends.send(bytes.subarray(at, at + 1));
    }
    await ends.until(() => ends.told.includes('three'));
    expect(ends.told).toEqual(['shaken true', ...texts]);
  });

  it('decrypts bytes that had to wait for their owner once, when they are handled', async () => {
    const peer = await ends.shaken();
    ends.send(peer.c2);
    await ends.until(() => ends.told.length > 0);
    ends.handles = false;
    ends.send(peer.out.apply(Buffer.concat([message('a'), message('b')])));
    await ends.until(() => ends.link.bytesIn > 3073);
    expect(ends.told).toEqual(['shaken true']);
    ends.handles = true;
    ends.link.goOn();
    expect(ends.told).toEqual(['shaken true', 'a', 'b']);
  });

  it('encrypts what is sent after S2', async () => {
    const plainChannel = ends.link.channel;
    const peer = await ends.shaken(new RtmpePeer({ layout: 'D8', version: 8 }));
    ends.send(peer.c2);
    await ends.until(() => ends.told.length > 0);
    expect(ends.link.channel).not.toBe(plainChannel);
    ends.link.channel.send(Buffer.from('control'));
    ends.link.channel.write(Buffer.from(' and media'), { drained: () => {} });
    await ends.until(() => ends.got.length >= 3073 + 17);
    expect(peer.in.apply(ends.got.subarray(3073)).toString()).toBe('control and media');
    ends.close();
    await ends.until(() => ends.told.includes('closed'));
    expect(ends.link.channel.write(Buffer.from('late'), { drained: () => {} })).toBe(true);
  });

  it('is not begun with a key that everybody knows', async () => {
    ends.send(new RtmpePeer({ key: Buffer.concat([Buffer.alloc(127), Buffer.from([1])]) }).first);
    await ends.until(() => ends.told.length > 0);
    expect([ends.told, ends.got.length, ends.link.isEncrypted]).toEqual([['ERR_HANDSHAKE_KEY'], 0, false]);
  });
});
