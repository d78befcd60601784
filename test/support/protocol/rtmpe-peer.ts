import { createHmac, type DiffieHellman, getDiffieHellman } from 'node:crypto';

const PACKET = 1536;
const PLAYER = Buffer.from('Genuine Adobe Flash Player 001');
const SERVER = Buffer.from('Genuine Adobe Flash Media Server 001');
const TAIL = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex');

/** Pointer and base of the digest, pointer and base of the public key. */
const LAYOUTS = { D8: [8, 12, 1532, 772], D772: [772, 776, 768, 8] } as const;
type Layout = keyof typeof LAYOUTS;

const hmac = (key: Uint8Array, data: Uint8Array): Buffer => createHmac('sha256', key).update(data).digest();
const sum = (packet: Buffer, at: number): number => packet.subarray(at, at + 4).reduce((a, b) => a + b, 0);

function digestAt(packet: Buffer, layout: Layout): number {
  const [pointer, base] = LAYOUTS[layout];
  return base + (sum(packet, pointer) % 728);
}

/** The place of the public key in a packet: a view of it. */
export function keyPlace(packet: Buffer, layout: Layout): Buffer {
  const [, , pointer, base] = LAYOUTS[layout];
  const at = base + (sum(packet, pointer) % 632);
  return packet.subarray(at, at + 128);
}

const without = (packet: Buffer, at: number): Buffer =>
  Buffer.concat([packet.subarray(0, at), packet.subarray(at + 32)]);

/** RC4 as it is written in textbooks. */
export class Rc4 {
  readonly #table = Array.from({ length: 256 }, (_, index) => index);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + this.#table[i] + key[i % key.length]) & 255;
      this.#swap(i, j);
    }
  }

  /** The same bytes with the next of the keystream on them. */
  apply(bytes: Uint8Array): Buffer {
    return Buffer.from(
      bytes.map((byte) => {
        this.#i = (this.#i + 1) & 255;
        this.#j = (this.#j + this.#table[this.#i]) & 255;
        this.#swap(this.#i, this.#j);
        return byte ^ this.#table[(this.#table[this.#i] + this.#table[this.#j]) & 255];
      }),
    );
  }

  #swap(a: number, b: number): void {
    const kept = this.#table[a];
    this.#table[a] = this.#table[b];
    this.#table[b] = kept;
  }
}

/** OpenSSL tests the prime for each object, so all tests of a process share one key. */
let own: DiffieHellman | undefined;
function ownKey(): DiffieHellman {
  if (own === undefined) {
    own = getDiffieHellman('modp2') as DiffieHellman;
    own.generateKeys();
  }
  return own;
}

/** What a peer makes of the server's answer. */
interface Secured {
  /** 1536 bytes, signed. */
  readonly c2: Buffer;
  /** Towards the server, and from it. */
  readonly out: Rc4;
  readonly in: Rc4;
}

/** A client of RTMPE, written apart from the code under test, right or wrong as a test says. */
export class RtmpePeer {
  /** C0 and C1, 1537 bytes. */
  readonly first: Buffer;
  readonly #layout: Layout;

  /** @param options `key`: 128 bytes instead of its own public key; `filler`: what C1 holds besides */
  constructor(
    options: {
      version?: number;
      layout?: Layout;
      key?: Uint8Array;
      filler?: (at: number) => number;
      signed?: boolean;
    } = {},
  ) {
    const { version = 6, layout = 'D772', filler = (at: number) => (at * 7 + (at >> 3)) & 255 } = options;
    this.#layout = layout;
    const c1 = Buffer.from(Array.from({ length: PACKET }, (_, at) => filler(at)));
    c1.writeUInt32BE(0x80000302, 4);
    keyPlace(c1, layout).set(options.key ?? ownKey().getPublicKey());
    const at = digestAt(c1, layout);
    if (options.signed !== false) hmac(PLAYER, without(c1, at)).copy(c1, at);
    this.first = Buffer.concat([Buffer.from([version]), c1]);
  }

  /**
   * Reads S0, S1 and S2 as clients do.
   *
   * @throws Error when a signature does not verify (that of S2 with type 6 only)
   */
  answer(reply: Buffer): Secured {
    const c1 = this.first.subarray(1);
    const s1 = reply.subarray(1, 1 + PACKET);
    const s2 = reply.subarray(1 + PACKET);
    const at = digestAt(s1, 'D8');
    const digest = s1.subarray(at, at + 32);
    if (!hmac(SERVER, without(s1, at)).equals(digest)) throw new Error('S1 is not signed in layout D8');
    const sent = c1.subarray(digestAt(c1, this.#layout)).subarray(0, 32);
    const signature = hmac(hmac(Buffer.concat([SERVER, TAIL]), sent), s2.subarray(0, 1504));
    if (reply[0] === 6 && !signature.equals(s2.subarray(1504))) throw new Error('S2 is not signed');
    const serverKey = keyPlace(s1, 'D8');
    const secret = ownKey().computeSecret(serverKey);
    const cipher = (receiver: Uint8Array): Rc4 => {
      const made = new Rc4(hmac(secret, receiver).subarray(0, 16));
      made.apply(Buffer.alloc(PACKET));
      return made;
    };
    const filler = Buffer.alloc(1504, 3);
    const c2 = Buffer.concat([filler, hmac(hmac(Buffer.concat([PLAYER, TAIL]), digest), filler)]);
    return { c2, out: cipher(serverKey), in: cipher(keyPlace(c1, this.#layout)) };
  }
}
