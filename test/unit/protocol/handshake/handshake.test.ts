import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  ClientHandshake,
  type HandshakeResult,
  ServerHandshake,
} from '../../../../src/protocol/handshake/handshake.js';
import { hex } from '../../../support/protocol/messages.js';

const PACKET = 1536;
const TAIL = hex('f0eec24a8068bee82e00d0d1029e7e57 6eec5d2d29806fab93b8e636cfeb31ae');
const FP30 = Buffer.from('Genuine Adobe Flash Player 001');
const FMS36 = Buffer.from('Genuine Adobe Flash Media Server 001');
const LAYOUTS = { D8: [8, 12], D772: [772, 776] } as const;

function filler(size: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}

function hmac(key: Uint8Array, message: Uint8Array): Buffer {
  return createHmac('sha256', key).update(message).digest();
}

/** Written apart from the code under test: offset of the digest, and the packet without it. */
function digestOf(packet: Buffer, layout: keyof typeof LAYOUTS): { at: number; digest: Buffer; rest: Buffer } {
  const [pointer, base] = LAYOUTS[layout];
  const sum = [...packet.subarray(pointer, pointer + 4)].reduce((a, b) => a + b, 0);
  const at = base + (sum % 728);
  return {
    at,
    digest: packet.subarray(at, at + 32),
    rest: Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]),
  };
}

function plainC1(): Buffer {
  const c1 = filler(PACKET, 1);
  c1.fill(0, 4, 8);
  return c1;
}

function signedC1(layout: keyof typeof LAYOUTS): Buffer {
  const c1 = filler(PACKET, 2);
  hex('09007c02').copy(c1, 4); // 9.0.124.2, as ffmpeg says
  const { at, rest } = digestOf(c1, layout);
  hmac(FP30, rest).copy(c1, at);
  return c1;
}

function server(): ServerHandshake {
  return new ServerHandshake({ entropy: filler(3032, 3), nowMs: 5000 });
}

/** Feeds `input` in pieces of `size`, as a transport would; what is left of a piece is handed in again. */
function feed(shake: { read(bytes: Uint8Array): HandshakeResult }, input: Buffer, size: number) {
  const replies: Buffer[] = [];
  let at = 0;
  while (at < input.length) {
    let piece = input.subarray(at, at + size);
    while (piece.length > 0) {
      const result = shake.read(piece);
      at += result.consumed;
      piece = piece.subarray(result.consumed);
      if (result.status === 'reply') replies.push(result.reply);
      if (result.status === 'done' || result.status === 'error') return { replies, result, consumed: at };
    }
  }
  return { replies, result: undefined, consumed: at };
}

describe('ServerHandshake', () => {
  const c1 = plainC1();
  const later = Buffer.from('the first chunk');
  const stream = Buffer.concat([Buffer.from([3]), c1, filler(PACKET, 9), later]);

  it('answers a plain C1 that comes byte by byte once, after 1537 bytes, with S1 b[4..7] zero and S2 an echo', () => {
    const shake = server();
    for (let i = 0; i < PACKET; i++) {
      expect(shake.read(stream.subarray(i, i + 1))).toEqual({ status: 'need', consumed: 1 });
    }
    const last = shake.read(stream.subarray(PACKET, PACKET + 1));
    expect(last.status).toBe('reply');
    const reply = (last as { reply: Buffer }).reply;
    expect(reply).toHaveLength(3073);
    expect(reply[0]).toBe(3);
    expect(reply.subarray(1, 9)).toEqual(hex('00001388 00000000'));
    expect(reply.subarray(1537)).toEqual(c1);
  });

  it('gives the same reply and leaves the same bytes over for every split size', () => {
    const whole = feed(server(), stream, stream.length);
    expect(whole.consumed).toBe(1 + 2 * PACKET);
    for (let size = 1; size <= stream.length; size++) {
      const split = feed(server(), stream, size);
      expect(split.replies).toHaveLength(1);
      expect(split.replies[0]!.equals(whole.replies[0]!)).toBe(true);
      expect(split.result?.status).toBe('done');
      expect(split.consumed).toBe(whole.consumed);
    }
  });

  it('leaves bytes that come in one segment with C2 to the chunk stream', () => {
    const shake = server();
    shake.read(stream.subarray(0, 1537));
    expect(shake.read(stream.subarray(1537))).toEqual({ status: 'done', consumed: PACKET });
  });

  for (const layout of ['D8', 'D772'] as const) {
    it(`answers a C1 signed in layout ${layout} with a signed S1 in ${layout} and a signed S2`, () => {
      const signed = signedC1(layout);
      const { replies } = feed(server(), Buffer.concat([Buffer.from([3]), signed]), 700);
      const s1 = replies[0]!.subarray(1, 1537);
      const s2 = replies[0]!.subarray(1537);
      expect(s1[4]).toBeGreaterThanOrEqual(3);
      const own = digestOf(s1, layout);
      expect(own.digest).toEqual(hmac(FMS36, own.rest));
      const key = hmac(Buffer.concat([FMS36, TAIL]), digestOf(signed, layout).digest);
      expect(s2.subarray(1504)).toEqual(hmac(key, s2.subarray(0, 1504)));
    });
  }

  it('takes a C1 with a version but no valid digest as plain', () => {
    const unsigned = filler(PACKET, 4);
    hex('0a000001').copy(unsigned, 4);
    const { replies } = feed(server(), Buffer.concat([Buffer.from([3]), unsigned]), PACKET + 1);
    expect(replies[0]!.subarray(5, 9)).toEqual(hex('00000000'));
    expect(replies[0]!.subarray(1537)).toEqual(unsigned);
  });

  it('finishes with garbage as C2', () => {
    const garbage = Buffer.concat([Buffer.from([3]), signedC1('D8'), Buffer.alloc(PACKET, 0xee)]);
    expect(feed(server(), garbage, 1000).result?.status).toBe('done');
  });

  for (const [what, first, code] of [
    ['GET', 0x47, 'ERR_HANDSHAKE_HTTP'],
    ['POST', 0x50, 'ERR_HANDSHAKE_HTTP'],
    ['a TLS ClientHello', 0x16, 'ERR_HANDSHAKE_TLS'],
    ['RTMPE', 0x06, 'ERR_HANDSHAKE_ENCRYPTED'],
    ['RTMPE with XTEA', 0x08, 'ERR_HANDSHAKE_ENCRYPTED'],
    ['RTMPE with Blowfish', 0x09, 'ERR_HANDSHAKE_ENCRYPTED'],
    ['version 0', 0x00, 'ERR_HANDSHAKE_VERSION'],
    ['version 4', 0x04, 'ERR_HANDSHAKE_VERSION'],
    ['version 31', 0x1f, 'ERR_HANDSHAKE_VERSION'],
    ['version 255', 0xff, 'ERR_HANDSHAKE_VERSION'],
  ] as const) {
    it(`refuses ${what} at its first byte with ${code}`, () => {
      expect(server().read(Buffer.from([first]))).toEqual({ status: 'error', consumed: 1, code });
    });
  }

  it('keeps nothing of the buffer it was handed', () => {
    const shake = server();
    const borrowed = Buffer.concat([Buffer.from([3]), c1]);
    shake.read(borrowed.subarray(0, 1000));
    const copy = Buffer.from(borrowed.subarray(1000));
    borrowed.fill(0xff);
    const result = shake.read(copy) as { reply: Buffer };
    expect(result.reply.subarray(1537)).toEqual(c1);
  });

  it('refuses to be made with too little entropy', () => {
    expect(() => new ServerHandshake({ entropy: Buffer.alloc(1527), nowMs: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_INTERNAL' }),
    );
  });

  it('waits when it is handed no bytes', () => {
    expect(server().read(Buffer.alloc(0))).toEqual({ status: 'need', consumed: 0 });
  });
});

describe('ClientHandshake', () => {
  it('shakes hands with the server at every split size', () => {
    for (let size = 1; size <= 3073; size += 1) {
      const client = new ClientHandshake({ entropy: filler(1528, 5), nowMs: 77 });
      const host = server();
      const first = client.start();
      expect(first.subarray(0, 9)).toEqual(hex('03 0000004d 00000000'));
      const [reply] = feed(host, first, size).replies;
      const answer = feed(client, reply!, size);
      expect(answer.result?.status).toBe('done');
      expect(answer.replies[0]!.equals(reply!.subarray(1, 1537))).toBe(true);
      expect(feed(host, answer.replies[0]!, size).result?.status).toBe('done');
    }
  });

  it('refuses a server that does not answer 3', () => {
    const client = new ClientHandshake({ entropy: filler(1528, 5), nowMs: 77 });
    expect(client.read(Buffer.from('HTTP/1.1'))).toMatchObject({ status: 'error', code: 'ERR_HANDSHAKE_HTTP' });
  });
});
