import { describe, expect, it } from 'vitest';
import { makeKeyPair } from '../../../../src/link/key-agreement.js';
import { isEncryptedVersion, type KeyAgreement } from '../../../../src/protocol/handshake/encrypted.js';
import { PRIME } from '../../../../src/protocol/handshake/group.js';
import { type HandshakeResult, ServerHandshake } from '../../../../src/protocol/handshake/handshake.js';
import { Rc4, RtmpePeer } from '../../../support/protocol/rtmpe-peer.js';

const ENTROPY = Buffer.from(Array.from({ length: 3032 }, (_, at) => (at * 13 + (at >> 4)) & 255));
const server = (agreement: KeyAgreement = makeKeyPair): ServerHandshake =>
  new ServerHandshake({ entropy: ENTROPY, nowMs: 5000, agreement });

/** What the types 6, 8 and 9 make of one signature. */
const SIGNATURES = [
  '8cd6cb00bf4cfc9c530cec1570469b39a6dafc9f71e023ea10c79de56368483d',
  '40997d420e1a4b33ddbce7a524f4190f75663a28d7d6c33de6a7db0e50622f0a',
  '4e31cdb8694624ea2c713a5223dce818417efd24e337b0a8d16681c82dfcfae1',
];

const four = Buffer.concat([Buffer.alloc(127), Buffer.from([4])]);
/** A pair that is the same in every run. */
const fixedPair: KeyAgreement = () => ({
  publicKey: Buffer.alloc(128, 0x55),
  secretWith: () => Buffer.alloc(128, 7),
});

function replyOf(handshake: ServerHandshake, first: Buffer): Buffer {
  const result = handshake.read(first);
  if (result.status !== 'reply') throw new Error(result.status);
  return result.reply;
}

function outcome(result: HandshakeResult): string {
  return result.status === 'error' ? result.code : result.status;
}

describe('the handshake of RTMPE', () => {
  it.each([
    [6, 'D8'],
    [6, 'D772'],
    [8, 'D8'],
    [9, 'D772'],
  ] as const)('of type %d with C1 in layout %s ends with the same keys on both sides', (version, layout) => {
    const handshake = server();
    const peer = new RtmpePeer({ version, layout });
    const reply = replyOf(handshake, peer.first);
    expect([reply.length, reply[0]]).toEqual([3073, version]);
    const secured = peer.answer(reply);
    expect(handshake.read(secured.c2)).toEqual({ status: 'done', consumed: 1536 });
    // What the peer sends is read with `in`, and the other way round; both have passed over 1536 bytes.
    const ours = { in: new Rc4(handshake.keys!.in), out: new Rc4(handshake.keys!.out) };
    for (const cipher of [ours.in, ours.out]) cipher.apply(Buffer.alloc(1536));
    expect(ours.in.apply(secured.out.apply(Buffer.from('connect')))).toEqual(Buffer.from('connect'));
    expect(secured.in.apply(ours.out.apply(Buffer.from('_result')))).toEqual(Buffer.from('_result'));
  });

  it('is the same in every split, and asks for more until 1537 bytes are there', () => {
    const { first } = new RtmpePeer();
    const whole = replyOf(server(fixedPair), first);
    for (let cut = 1; cut < first.length; cut++) {
      const handshake = server(fixedPair);
      expect(handshake.read(first.subarray(0, cut))).toEqual({ status: 'need', consumed: cut });
      if (cut % 97 === 0) expect(replyOf(handshake, first.subarray(cut)).equals(whole)).toBe(true);
    }
    const handshake = server(fixedPair);
    for (const byte of first.subarray(0, -1)) handshake.read(Buffer.from([byte]));
    expect(replyOf(handshake, first.subarray(-1)).equals(whole)).toBe(true);
  });

  it('leaves bytes behind C2 to the chunk stream', () => {
    const handshake = server();
    const peer = new RtmpePeer();
    const { c2 } = peer.answer(replyOf(handshake, peer.first));
    expect(handshake.read(Buffer.concat([c2, Buffer.from('rest')]))).toEqual({ status: 'done', consumed: 1536 });
  });

  it('takes any C2, since ffmpeg as a publisher echoes S1', () => {
    const handshake = server();
    replyOf(handshake, new RtmpePeer().first);
    expect(handshake.read(Buffer.alloc(1536, 9)).status).toBe('done');
    expect(handshake.keys).toBeDefined();
  });

  it('differs in S0 and the signature only between the types, all as when rtmpdump 2.4 had accepted each', () => {
    const [six, eight, nine] = [6, 8, 9].map((version) =>
      replyOf(server(fixedPair), new RtmpePeer({ version, key: four }).first),
    );
    const signature = (reply: Buffer): string => reply.subarray(-32).toString('hex');
    expect(eight.subarray(1, -32)).toEqual(six.subarray(1, -32));
    expect(nine.subarray(1, -32)).toEqual(six.subarray(1, -32));
    expect([six, eight, nine].map(signature)).toEqual(SIGNATURES);
  });

  it.each([
    ['0', 0n],
    ['1', 1n],
    ['p − 1', PRIME - 1n],
    ['no member of the subgroup', PRIME - 4n],
  ])('refuses a public key of %s', (_, value) => {
    const key = Buffer.from(value.toString(16).padStart(256, '0'), 'hex');
    for (const layout of ['D8', 'D772'] as const) {
      const handshake = server();
      expect(outcome(handshake.read(new RtmpePeer({ key, layout }).first))).toBe('ERR_HANDSHAKE_KEY');
      expect(handshake.keys).toBeUndefined();
    }
  });

  it('refuses a C1 without a valid digest, of whatever bytes', () => {
    expect(outcome(server().read(new RtmpePeer({ signed: false }).first))).toBe('ERR_HANDSHAKE_DIGEST');
    for (const byte of [0, 0x55, 0xff]) {
      expect(outcome(server().read(Buffer.concat([Buffer.from([6]), Buffer.alloc(1536, byte)])))).toBe(
        'ERR_HANDSHAKE_DIGEST',
      );
    }
    const { first } = new RtmpePeer();
    first[1000] ^= 1;
    expect(outcome(server().read(first))).toBe('ERR_HANDSHAKE_DIGEST');
  });

  it('is refused with the first byte where there is no key agreement', () => {
    for (const version of [6, 8, 9]) {
      expect(isEncryptedVersion(version)).toBe(true);
      const plain = new ServerHandshake({ entropy: ENTROPY, nowMs: 0 });
      expect(outcome(plain.read(Buffer.from([version])))).toBe('ERR_HANDSHAKE_ENCRYPTED');
    }
    expect([3, 5, 7, 10].some(isEncryptedVersion)).toBe(false);
  });

  it('makes pairs anew until neither the public key nor the secret begins with a zero', () => {
    const pairs = [
      [0, 1],
      [1, 0],
      [1, 1],
    ];
    let made = 0;
    const agreement: KeyAgreement = () => {
      const [publicTop, secretTop] = pairs[made++];
      const bytes = (top: number): Buffer => Buffer.concat([Buffer.from([top]), Buffer.alloc(127, 5)]);
      return { publicKey: bytes(publicTop), secretWith: () => bytes(secretTop) };
    };
    replyOf(server(agreement), new RtmpePeer().first);
    expect(made).toBe(3);
    expect(() =>
      server(() => ({ publicKey: Buffer.alloc(128), secretWith: () => Buffer.alloc(128) })).read(new RtmpePeer().first),
    ).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
  });

  it('leaves plain connections as they are', () => {
    const handshake = server();
    const reply = replyOf(handshake, Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
    expect([reply[0], handshake.read(Buffer.alloc(1536)).status, handshake.keys]).toEqual([3, 'done', undefined]);
  });
});
