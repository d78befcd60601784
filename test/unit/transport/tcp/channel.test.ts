import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChannelOwner } from '../../../../src/transport/byte-channel.js';
import { TcpChannel } from '../../../../src/transport/tcp/channel.js';
import { seeded } from '../../../support/random.js';
import { waitFor } from '../../../support/wait.js';

const BUFFER_BYTES = 8192;

/** The owner of one side, as a connection is: a buffer to read into, and a record of what happened. */
class Owner implements ChannelOwner {
  into: Buffer = Buffer.alloc(BUFFER_BYTES);
  /** Asked after each read: whether reading goes on. */
  goOn = (): boolean => true;
  readonly parts: Buffer[] = [];
  readonly happened: string[] = [];
  error: NodeJS.ErrnoException | undefined;
  drains = 0;

  buffer(): Buffer {
    return this.into;
  }

  read(count: number, into: Buffer): boolean {
    this.parts.push(Buffer.from(into.subarray(0, count)));
    return this.goOn();
  }

  closed(error: NodeJS.ErrnoException | undefined): void {
    this.happened.push('closed');
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

for (const direct of [true, false]) {
  describe(`a TCP channel that reads ${direct ? 'straight into the owner’s buffer' : 'through data events'}`, () => {
    let server: Server;
    let client: Socket;
    let owner: Owner;
    let socket: TcpChannel;
    const sent: Buffer[] = [];
    let clientGot: Buffer[];
    let clientEnded: boolean;

    beforeEach(async () => {
      sent.length = 0;
      clientGot = [];
      clientEnded = false;
      owner = new Owner();
      const accepted = new Promise<Socket>((resolve) => {
        server = createServer({ pauseOnConnect: true, noDelay: true }, resolve);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      client = connect({ port, host: '127.0.0.1', noDelay: true });
      client.on('error', () => {});
      client.on('end', () => {
        clientEnded = true;
      });
      socket = new TcpChannel(await accepted, { direct });
      socket.open(owner);
    });

    afterEach(() => {
      client.destroy();
      socket.destroy();
      server.close();
    });

    function clientReads(): void {
      client.on('data', (bytes) => clientGot.push(bytes as Buffer));
    }

    it('knows its peer', () => {
      expect(socket.remoteAddress).toBe('127.0.0.1');
      expect(socket.remotePort).toBe(client.localPort);
    });

    it('hands over every byte in order, whatever the sizes of the pieces', async () => {
      const random = seeded(3);
      for (let i = 0; i < 60; i++) {
        const piece = noise(1 + Math.floor(random() * 20_000), i);
        sent.push(piece);
        client.write(piece);
      }
      const all = Buffer.concat(sent);
      await waitFor(() => owner.got.length >= all.length, { everyMs: 2 });
      expect(owner.got.equals(all)).toBe(true);
      expect(owner.parts.every(({ length }) => length <= BUFFER_BYTES)).toBe(true);
    });

    it('reads on into another buffer once the owner has one, losing nothing that landed in the old one', async () => {
      const first = noise(5000, 1);
      client.write(first);
      await waitFor(() => owner.got.length === first.length, { everyMs: 2 });
      const old = owner.into;
      owner.into = Buffer.alloc(BUFFER_BYTES * 2);
      const intos = new Set<Buffer>();
      const read = owner.read.bind(owner);
      owner.read = (count, into) => {
        intos.add(into);
        return read(count, into);
      };
      const more = noise(50_000, 2);
      client.write(more);
      await waitFor(() => owner.got.length === first.length + more.length, { everyMs: 2 });
      expect(owner.got.equals(Buffer.concat([first, more]))).toBe(true);
      expect([...intos].every((into) => into === old || into === owner.into)).toBe(true);
      expect(intos.has(owner.into)).toBe(true);
    });

    it('stops when the owner says so, also in the middle of what has come, and goes on where it stopped', async () => {
      const all = noise(300_000, 4);
      owner.goOn = () => false;
      client.write(all);
      let reads = 0;
      while (owner.got.length < all.length) {
        await waitFor(() => owner.parts.length > reads, { everyMs: 1 });
        expect(owner.parts.length).toBe(reads + 1);
        reads = owner.parts.length;
        socket.resumeReads();
      }
      expect(owner.got.equals(all)).toBe(true);
    });

    it('pauses and resumes', async () => {
      client.write(Buffer.from('a'));
      await waitFor(() => owner.got.length === 1, { everyMs: 1 });
      socket.pauseReads();
      client.write(Buffer.from('b'));
      await new Promise<void>((resolve) => client.write(Buffer.from('c'), () => resolve()));
      socket.resumeReads();
      await waitFor(() => owner.got.length === 3, { everyMs: 1 });
      expect(owner.got.toString()).toBe('abc');
    });

    it('keeps control messages and media in order and tells once when a slow write has gone', async () => {
      const large = noise(12 * 2 ** 20, 5);
      socket.send(Buffer.from('first '));
      const whole = socket.write(large, owner);
      expect(whole).toBe(false);
      socket.send(Buffer.from(' last'));
      const before = socket.unsentBytes;
      expect(before).toBeGreaterThan(0);
      expect(socket.pendingBytes).toBeLessThan(1000);
      clientReads();
      await waitFor(() => owner.drains > 0, { everyMs: 2 });
      expect(socket.unsentBytes).toBeLessThan(before);
      const size = 6 + large.length + 5;
      await waitFor(() => clientGot.reduce((sum, { length }) => sum + length, 0) === size, { everyMs: 5 });
      const got = Buffer.concat(clientGot);
      expect(got.subarray(0, 6).toString()).toBe('first ');
      expect(got.subarray(6, 6 + large.length).equals(large)).toBe(true);
      expect(got.subarray(-5).toString()).toBe(' last');
      expect(owner.drains).toBe(1);
    });

    it('sends many small writes in order, whether or not each is taken at once', async () => {
      clientReads();
      const pieces = Array.from({ length: 200 }, (_, i) => noise(1 + ((i * 37) % 900), i));
      for (const piece of pieces) {
        const drains = owner.drains;
        if (!socket.write(piece, owner)) await waitFor(() => owner.drains > drains, { everyMs: 1 });
      }
      const all = Buffer.concat(pieces);
      await waitFor(() => Buffer.concat(clientGot).length === all.length, { everyMs: 2 });
      expect(Buffer.concat(clientGot).equals(all)).toBe(true);
    });

    it('tells of the end of a slow write also when the connection is closed under it', async () => {
      expect(socket.write(noise(12 * 2 ** 20, 6), owner)).toBe(false);
      socket.destroy();
      await waitFor(() => owner.happened.includes('closed') && owner.drains === 1, { everyMs: 1 });
      socket.write(Buffer.from('late'), owner);
      expect(owner.happened.filter((what) => what === 'closed').length).toBe(1);
    });

    it('delivers the last message to a peer that is still sending, and then closes', async () => {
      let flooding = true;
      // More than a Writable's high-water mark, which is 16 KiB up to Node 21 and 64 KiB since.
      const flood = (): void => {
        if (flooding && !client.destroyed) client.write(Buffer.alloc(131_072), flood);
      };
      client.once('close', () => {
        flooding = false;
      });
      owner.goOn = () => owner.got.length < 100_000;
      flood();
      await waitFor(() => owner.got.length >= 100_000 && client.writableNeedDrain, { everyMs: 1 });
      owner.goOn = () => true;
      socket.send(Buffer.from('refused, and why'));
      socket.finish(1000);
      clientReads();
      await waitFor(() => clientEnded, { everyMs: 1 });
      flooding = false;
      expect(Buffer.concat(clientGot).toString()).toBe('refused, and why');
      await waitFor(() => owner.happened.includes('closed'), { everyMs: 1 });
    });

    it('is destroyed after its grace time when the peer does not take the end', async () => {
      client.pause();
      socket.write(noise(12 * 2 ** 20, 7), owner);
      socket.finish(30);
      await waitFor(() => owner.happened.includes('closed'), { everyMs: 1 });
      expect(owner.drains).toBe(1);
    });

    it('tells of an orderly end of the peer, then of the close, without an error', async () => {
      client.end(Buffer.from('bye'));
      await waitFor(() => owner.happened.includes('closed'), { everyMs: 1 });
      expect(owner.got.toString()).toBe('bye');
      expect(owner.happened).toEqual(['closed']);
      expect(owner.error).toBeUndefined();
    });

    it('tells of a reset by the peer with its error', async () => {
      client.write(Buffer.from('x'));
      await waitFor(() => owner.got.length === 1, { everyMs: 1 });
      client.resetAndDestroy();
      await waitFor(() => owner.happened.includes('closed'), { everyMs: 1 });
      expect(owner.error?.code).toBe('ECONNRESET');
    });
  });
}
