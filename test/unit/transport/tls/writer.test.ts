import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { StreamHandle, WriteRequest } from '../../../../src/transport/stream-handle.js';
import { TlsWriter } from '../../../../src/transport/tls/writer.js';

/** The TCP handle below; the class is known by its name. */
class TCP {
  writeQueueSize = 0;
}

/** A handle of OpenSSL that keeps what it is given, and completes a write when the test says so. */
class Below {
  readonly sent: string[] = [];
  readonly tcp = new TCP();
  ends = 0;
  destroyed = false;
  readonly #requests: WriteRequest[] = [];
  readonly _parent = this.tcp;
  readonly writer = new TlsWriter(this as unknown as TLSSocket, this as unknown as StreamHandle);

  writeBuffer(request: WriteRequest, bytes: Buffer): number {
    this.sent.push(bytes.toString('latin1'));
    this.#requests.push(request);
    return 0;
  }

  end(): void {
    this.ends++;
  }

  destroy(): void {
    this.destroyed = true;
  }

  complete(): void {
    const request = this.#requests.shift()!;
    request.oncomplete!.call(request, 0);
  }
}

const text = (letter: string, count = 1): Buffer => Buffer.from(letter.repeat(count));

describe('TlsWriter', () => {
  it('keeps the order when a writer that hears that its bytes have gone writes the next ones', () => {
    const below = new Below();
    const { writer, tcp, sent } = below;
    tcp.writeQueueSize = 1;
    const told: string[] = [];
    const second = { drained: () => told.push('second') };
    const first = {
      drained: () => {
        told.push('first');
        expect(writer.write(text('b'), second)).toBe(false);
      },
    };
    expect(writer.write(text('a'), first)).toBe(false);
    writer.send(text('c'));
    writer.write(text('L', 100_000), { drained: () => told.push('long') });
    below.complete();
    for (let left = 4; left > 0 && told.length < 3; left--) below.complete();
    expect(sent.join('').replace(/L+/, 'L')).toBe('acLb');
    expect(told).toEqual(['first', 'long', 'second']);
    expect(writer).toMatchObject({ unsentBytes: 0, pendingBytes: 0, writtenBytes: 100_003 });
  });

  it('gives nothing to a handle whose socket was destroyed', () => {
    const below = new Below();
    below.destroyed = true;
    expect(below.writer.send(text('a'))).toBe(true);
    expect(below.writer.write(text('a'), { drained: () => {} })).toBe(true);
    expect(below.sent).toEqual([]);
    expect(below.writer.unsentBytes).toBe(0);
  });

  it('ends behind everything that waits, and tells those whose bytes never go when it is closed', () => {
    const below = new Below();
    const { writer, tcp } = below;
    tcp.writeQueueSize = 1;
    let drained = 0;
    const waiter = { drained: () => drained++ };
    writer.write(text('a'), waiter);
    writer.write(text('b'), waiter);
    writer.end();
    expect(writer.write(text('c'), waiter)).toBe(true);
    below.complete();
    expect([drained, below.ends]).toEqual([1, 0]);
    writer.closed();
    expect([drained, below.ends]).toEqual([2, 0]);
    expect(writer.unsentBytes).toBe(0);
  });
});
