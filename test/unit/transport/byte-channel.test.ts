import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ByteChannel, ChannelOwner } from '../../../src/transport/byte-channel.js';
import { TcpAcceptor } from '../../../src/transport/tcp/accept.js';
import { connectTcp } from '../../../src/transport/tcp/connect.js';
import { acceptTls } from '../../../src/transport/tls/accept.js';
import { Certificates } from '../../../src/transport/tls/certificates.js';
import { connectTls } from '../../../src/transport/tls/connect.js';
import { seeded } from '../../support/random.js';
import { makeCertificate, readPair } from '../../support/transport/certificates.js';
import { MemoryChannel } from '../../support/transport/memory-channel.js';
import { waitFor } from '../../support/wait.js';

const BUFFER_BYTES = 8192;
/** More than any kernel keeps between two ends that do not read. */
const LARGE_BYTES = 12 * 2 ** 20;

/** The owner of one end, as a connection is: a buffer to read into, and a record of what happened. */
class Owner implements ChannelOwner {
  into: Buffer = Buffer.alloc(BUFFER_BYTES);
  /** Asked after each read: whether reading goes on. */
  goOn = (): boolean => true;
  readonly parts: Buffer[] = [];
  readonly intos = new Set<Buffer>();
  bytes = 0;
  closes = 0;
  error: NodeJS.ErrnoException | undefined;
  drains = 0;

  buffer(): Buffer {
    return this.into;
  }

  read(count: number, into: Buffer): boolean {
    this.parts.push(Buffer.from(into.subarray(0, count)));
    this.intos.add(into);
    this.bytes += count;
    return this.goOn();
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    this.closes++;
    this.error = error;
  }

  drained(): void {
    this.drains++;
  }

  get got(): Buffer {
    return Buffer.concat(this.parts);
  }
}

function noise(bytes: number, seed: number): Buffer {
  const random = seeded(seed);
  const out = Buffer.alloc(bytes);
  for (let i = 0; i < bytes; i++) out[i] = Math.floor(random() * 256);
  return out;
}

/** Two ends that are joined, none of them opened. */
type Ends = readonly [ByteChannel, ByteChannel];

const acceptors: TcpAcceptor[] = [];

async function tcpEnds(direct: boolean): Promise<Ends> {
  let take: (channel: ByteChannel) => void = () => {};
  const accepted = new Promise<ByteChannel>((resolve) => {
    take = resolve;
  });
  const acceptor = new TcpAcceptor({ direct }, (channel) => take(channel));
  acceptors.push(acceptor);
  const address = await acceptor.listen({ host: '127.0.0.1', port: 0 }, () => {});
  return [await connectTcp(address, { direct }), await accepted];
}

let certificates: Certificates | undefined;

/** The near end is the client. The far end has its handshake done, and has read nothing else. */
async function tlsEnds(direct: boolean): Promise<Ends> {
  certificates ??= new Certificates([readPair(makeCertificate(['localhost']))], 'TLSv1.2');
  let take: (channel: ByteChannel) => void = () => {};
  const accepted = new Promise<ByteChannel>((resolve) => {
    take = resolve;
  });
  const acceptor = new TcpAcceptor({}, (channel) => take(acceptTls(channel.release(), certificates!, { direct })));
  acceptors.push(acceptor);
  const address = await acceptor.listen({ host: '127.0.0.1', port: 0 }, () => {});
  return [await connectTls({ ...address, insecure: true }, { direct }), await accepted];
}

/** `takesAtOnce`: whether a write for which there is room has gone on return. */
const IMPLEMENTATIONS = [
  { name: 'TCP, read straight into the owner’s buffer', takesAtOnce: true, ends: () => tcpEnds(true) },
  { name: 'TCP, read through data events', takesAtOnce: false, ends: () => tcpEnds(false) },
  { name: 'TLS, read straight into the owner’s buffer', takesAtOnce: true, ends: () => tlsEnds(true) },
  { name: 'TLS, read through data events', takesAtOnce: false, ends: () => tlsEnds(false) },
  { name: 'memory', takesAtOnce: true, ends: async (): Promise<Ends> => MemoryChannel.pair() },
];

describe.each(IMPLEMENTATIONS)('a byte channel ($name)', ({ takesAtOnce, ends }) => {
  let near: ByteChannel;
  let far: ByteChannel;
  let owner: Owner;
  let other: Owner;

  beforeEach(async () => {
    [near, far] = await ends();
    owner = new Owner();
    other = new Owner();
    near.open(owner);
  });

  afterEach(() => {
    near.destroy();
    far.destroy();
    for (const acceptor of acceptors.splice(0)) acceptor.close();
  });

  /** The far end begins to read. */
  const farReads = (): void => far.open(other);
  const until = (look: () => boolean): Promise<unknown> => waitFor(() => look() || undefined, { everyMs: 1 });

  it('knows its ends', () => {
    expect([near.remoteAddress, far.remoteAddress]).toEqual([far.localAddress, near.localAddress]);
    expect([near.remotePort, far.remotePort]).toEqual([far.localPort, near.localPort]);
    expect(near.remotePort).toBeGreaterThan(0);
  });

  it('hands over every byte in order, whatever the sizes of the pieces, in memory that the owner gave', async () => {
    const random = seeded(3);
    const pieces = Array.from({ length: 60 }, (_, i) => noise(1 + Math.floor(random() * 20_000), i));
    farReads();
    for (const piece of pieces) far.send(piece);
    const all = Buffer.concat(pieces);
    await until(() => owner.bytes >= all.length);
    expect(owner.got.equals(all)).toBe(true);
    expect(owner.intos).toEqual(new Set([owner.into]));
    expect(owner.parts.every(({ length }) => length <= BUFFER_BYTES)).toBe(true);
  });

  it('reads nothing before it is opened', async () => {
    near.send(Buffer.from('early'));
    await until(() => near.takenBytes === 5);
    farReads();
    await until(() => other.bytes === 5);
    expect(other.got.toString()).toBe('early');
  });

  it('reads on into another buffer once the owner has one, losing nothing that landed in the old one', async () => {
    farReads();
    const first = noise(5000, 1);
    far.send(first);
    await until(() => owner.bytes === first.length);
    const old = owner.into;
    owner.into = Buffer.alloc(BUFFER_BYTES * 2);
    const more = noise(50_000, 2);
    far.send(more);
    await until(() => owner.bytes === first.length + more.length);
    expect(owner.got.equals(Buffer.concat([first, more]))).toBe(true);
    expect(owner.intos).toEqual(new Set([old, owner.into]));
  });

  it('stops when the owner says so, also in the middle of what has come, and goes on where it stopped', async () => {
    farReads();
    const all = noise(300_000, 4);
    owner.goOn = () => false;
    far.send(all);
    let reads = 0;
    while (owner.bytes < all.length) {
      await until(() => owner.parts.length > reads);
      expect(owner.parts.length).toBe(reads + 1);
      reads = owner.parts.length;
      near.resumeReads();
    }
    expect(owner.got.equals(all)).toBe(true);
  });

  it('pauses, also in the middle of a read, and resumes', async () => {
    farReads();
    owner.goOn = () => {
      near.pauseReads();
      return true;
    };
    far.send(noise(40_000, 5));
    await until(() => owner.parts.length === 1);
    near.send(Buffer.from('ping'));
    await until(() => other.bytes === 4);
    expect(owner.parts.length).toBe(1);
    owner.goOn = () => true;
    near.resumeReads();
    await until(() => owner.bytes === 40_000);
    expect(owner.got.equals(noise(40_000, 5))).toBe(true);
  });

  it('keeps control messages and media in order and tells once when a slow write has gone', async () => {
    const large = noise(LARGE_BYTES, 5);
    near.send(Buffer.from('first '));
    expect(near.write(large, owner)).toBe(false);
    expect(near.isBehind(1000)).toBe(true);
    near.send(Buffer.from(' last'));
    const before = near.unsentBytes;
    expect(before).toBeGreaterThan(0);
    expect(near.pendingBytes).toBeLessThan(1000);
    expect(near.writtenBytes).toBeGreaterThanOrEqual(6 + large.length);
    expect(owner.drains).toBe(0);
    farReads();
    await until(() => owner.drains > 0);
    expect(near.unsentBytes).toBeLessThan(before);
    const size = 6 + large.length + 5;
    await until(() => other.bytes === size);
    const { got } = other;
    expect(got.subarray(0, 6).toString()).toBe('first ');
    expect(got.subarray(6, 6 + large.length).equals(large)).toBe(true);
    expect(got.subarray(-5).toString()).toBe(' last');
    expect([owner.drains, near.takenBytes, near.writtenBytes, near.unsentBytes]).toEqual([1, size, size, 0]);
    expect(near.isBehind(0)).toBe(false);
  });

  it('sends views of shared memory, which may change as soon as they have gone', async () => {
    farReads();
    const slab = noise(4000, 6);
    const before = Buffer.from(slab);
    const gone = near.write(slab.subarray(1000, 3000), owner);
    expect(gone).toBe(takesAtOnce);
    if (!gone) await until(() => owner.drains === 1);
    slab.fill(0);
    await until(() => other.bytes === 2000);
    expect(other.got.equals(before.subarray(1000, 3000))).toBe(true);
  });

  it('sends many small writes in order, whether or not each is taken at once', async () => {
    farReads();
    const pieces = Array.from({ length: 200 }, (_, i) => noise(1 + ((i * 37) % 900), i));
    for (const piece of pieces) {
      const { drains } = owner;
      if (!near.write(piece, owner)) await until(() => owner.drains > drains);
    }
    const all = Buffer.concat(pieces);
    await until(() => other.bytes === all.length);
    expect(other.got.equals(all)).toBe(true);
  });

  it('says when so many control messages wait that the sender should wait, and when it may go on', async () => {
    expect(near.whenSent(owner)).toBe(true);
    let sent = 0;
    do sent += 65_536;
    while (near.send(Buffer.alloc(65_536)) && sent < LARGE_BYTES);
    expect(near.whenSent(owner)).toBe(false);
    expect(owner.drains).toBe(0);
    farReads();
    await until(() => owner.drains === 1);
    expect(near.whenSent(owner)).toBe(true);
    await until(() => other.bytes === sent);
  });

  it('tells of the end of a slow write also when it is closed under it', async () => {
    expect(near.write(noise(LARGE_BYTES, 6), owner)).toBe(false);
    near.destroy();
    await until(() => owner.closes === 1 && owner.drains === 1);
    const late = new Owner();
    if (!near.write(Buffer.from('late'), late)) await until(() => late.drains === 1);
    near.resumeReads();
    expect(owner.closes).toBe(1);
  });

  it('delivers the last message to a peer that is still sending, and then closes', async () => {
    farReads();
    const isFlooding = {
      drained: (): void => void (other.closes === 0 && far.write(Buffer.alloc(131_072), isFlooding)),
    };
    owner.goOn = () => owner.bytes < 100_000;
    while (far.write(Buffer.alloc(131_072), isFlooding));
    await until(() => owner.bytes >= 100_000);
    owner.goOn = () => true;
    near.send(Buffer.from('refused, and why'));
    near.finish(1000);
    await until(() => other.closes === 1 && owner.closes === 1);
    expect(other.got.toString()).toBe('refused, and why');
  });

  it('is destroyed after its grace time when the other end does not take the last bytes', async () => {
    near.write(noise(LARGE_BYTES, 7), owner);
    near.finish(30);
    await until(() => owner.closes === 1);
    expect(owner.drains).toBe(1);
  });

  it('tells of an end of the other end in good order, behind its last bytes and without an error', async () => {
    farReads();
    far.send(Buffer.from('bye'));
    far.finish(1000);
    await until(() => owner.closes === 1 && other.closes === 1);
    expect([owner.got.toString(), owner.error, other.error]).toEqual(['bye', undefined, undefined]);
  });

  it('is closed when the other end is destroyed', async () => {
    farReads();
    far.destroy();
    await until(() => owner.closes === 1 && other.closes === 1);
    expect(owner.bytes).toBe(0);
  });
});
