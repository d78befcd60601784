import type { KeyAgreement } from '../../../src/protocol/handshake/encrypted.js';
import { ClientHandshake, ServerHandshake } from '../../../src/protocol/handshake/handshake.js';
import {
  DigestKey,
  LAYOUT_D8,
  LAYOUT_D772,
  publicKeyIn,
  signPacket,
} from '../../../src/protocol/handshake/handshake-digest.js';
import { seeded } from '../../support/random.js';
import { type FuzzTarget, pieces, same } from '../target.js';

const PACKET = 1536;
const random = seeded(1);
const entropy = Uint8Array.from({ length: 3032 }, () => Math.floor(random() * 256));

/** The same keys in every run. */
const agreement: KeyAgreement = () => ({
  publicKey: entropy.subarray(100, 228),
  secretWith: () => entropy.subarray(300, 428),
});

type Reader = Pick<ServerHandshake, 'read'>;

/** What a handshake replies, and how it ends, when it gets the input in these pieces. */
function spoken(handshake: Reader, parts: readonly Uint8Array[]): string {
  const said: string[] = [];
  let taken = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const result = handshake.read(part.subarray(at));
      if (result.consumed < 0 || result.consumed > part.length - at) throw new Error(`took ${result.consumed} bytes`);
      at += result.consumed;
      taken += result.consumed;
      if (result.status === 'reply') said.push(result.reply.toString('hex'));
      else if (result.status === 'error') return [...said, result.code].join(' ');
      else if (result.status === 'done') return [...said, `done after ${taken}`].join(' ');
      else if (result.consumed === 0) break;
    }
  }
  return [...said, `wants more after ${taken}`].join(' ');
}

function samples(seed: number): Uint8Array[] {
  const next = seeded(seed);
  const filled = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, () => Math.floor(next() * 256)));
  return [3, 6, 8, 9].flatMap((version) =>
    [LAYOUT_D8, LAYOUT_D772, undefined].map((layout) => {
      const c1 = filled(PACKET);
      if (layout === undefined) {
        c1.writeUInt32BE(0, 4);
      } else {
        // Any square is a public key of the group.
        if (version !== 3) publicKeyIn(c1, layout).fill(0).writeUInt8(4, 127);
        signPacket(c1, layout, DigestKey.Player);
      }
      return Buffer.concat([Buffer.of(version), c1, filled(PACKET), Buffer.of(3, 0, 0)]);
    }),
  );
}

/** Both sides of the handshake: any split of the bytes gives what the whole gives. */
export const handshake: FuzzTarget = {
  name: 'handshake',
  what: 'handshakes of server and client, in any split against the whole',
  sources: ['/src/protocol/handshake/'],
  maxBytes: 4000,
  tokens: [Buffer.of(3), Buffer.of(6), Buffer.of(0x16, 3, 1), Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  samples,
  run: (input) => {
    const sides: readonly (() => Reader)[] = [
      () => new ServerHandshake({ entropy, nowMs: 5 }),
      () => new ServerHandshake({ entropy, nowMs: 5, agreement }),
      () => new ClientHandshake({ entropy, nowMs: 5 }),
    ];
    for (const side of sides) same(spoken(side(), pieces(input)), spoken(side(), [input]), 'split and whole');
  },
};
