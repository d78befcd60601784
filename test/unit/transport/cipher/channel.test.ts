import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Drainable } from '../../../../src/transport/byte-channel.js';
import { CipherChannel } from '../../../../src/transport/cipher/channel.js';
import { HeldCarrier } from '../../../support/transport/held-carrier.js';

const PIECE = 8;

/** A cipher whose keystream is 1, 2, 3, …, in one place that each call writes over. */
function countingCipher() {
  const place = Buffer.alloc(PIECE);
  let next = 0;
  return {
    pieceBytes: PIECE,
    get used(): number {
      return next;
    },
    encrypt: (bytes: Uint8Array): Buffer => {
      if (bytes.length === 0 || bytes.length > PIECE) throw new Error(`a piece of ${bytes.length}`);
      for (const [index, byte] of bytes.entries()) place[index] = byte ^ (++next & 255);
      return place.subarray(0, bytes.length);
    },
  };
}

const plainOf = (bytes: Buffer): string => Buffer.from(bytes.map((byte, at) => byte ^ ((at + 1) & 255))).toString();

function joined() {
  const carrier = new HeldCarrier();
  const cipher = countingCipher();
  const channel = new CipherChannel(carrier, cipher);
  const drained: string[] = [];
  const waiter = (name: string): Drainable => ({ drained: () => void drained.push(name) });
  return { carrier, cipher, channel, drained, waiter };
}

describe('an encrypting channel', () => {
  afterEach(() => vi.useRealTimers());

  it('encrypts control and shared bytes in the order in which they come, and leaves shared ones as they are', () => {
    const { carrier, channel, waiter } = joined();
    const shared = Buffer.from('media, longer than a piece');
    expect(channel.send(Buffer.from('control '))).toBe(true);
    expect(channel.write(shared, waiter('a'))).toBe(true);
    expect(channel.send(Buffer.from('; a longer control message'))).toBe(true);
    expect(plainOf(carrier.got)).toBe('control media, longer than a piece; a longer control message');
    expect(shared.toString()).toBe('media, longer than a piece');
    expect([channel.writtenBytes, channel.takenBytes, channel.unsentBytes]).toEqual([60, 60, 0]);
  });

  it('encrypts nothing ahead: what the carrier does not take waits as it came', () => {
    const { carrier, cipher, channel, drained, waiter } = joined();
    carrier.room = 10;
    expect(channel.write(Buffer.from('0123456789abcdefghijklmnop'), waiter('a'))).toBe(false);
    expect([cipher.used, channel.unsentBytes, channel.writtenBytes]).toEqual([16, 18, 18]);
    expect(channel.send(Buffer.from('[control]'))).toBe(true);
    expect(channel.write(Buffer.from('second'), waiter('b'))).toBe(false);
    expect([cipher.used, channel.pendingBytes, channel.unsentBytes]).toEqual([16, 9, 33]);
    carrier.drain(3);
    expect([cipher.used, drained]).toEqual([24, []]);
    carrier.drain(100);
    expect([drained, cipher.used, channel.unsentBytes, channel.pendingBytes]).toEqual([['a', 'b'], 41, 0, 0]);
    expect(plainOf(carrier.got)).toBe('0123456789abcdefghijklmnop[control]second');
    expect(channel.writtenBytes).toBe(41);
  });

  it('tells the one whose last piece is under way only once it has gone', () => {
    const { carrier, channel, drained, waiter } = joined();
    carrier.room = 8;
    expect(channel.write(Buffer.from('0123456789'), waiter('a'))).toBe(false);
    expect(drained).toEqual([]);
    carrier.drain(0);
    expect(drained).toEqual(['a']);
    expect(plainOf(carrier.got)).toBe('0123456789');
  });

  it('lets one that is told write at once, behind what waits', () => {
    const { carrier, channel, drained, waiter } = joined();
    carrier.room = 0;
    const again: Drainable = {
      drained: () => {
        drained.push('again');
        channel.write(Buffer.from('!more'), waiter('more'));
      },
    };
    channel.write(Buffer.from('one'), again);
    channel.write(Buffer.from(',two'), waiter('two'));
    carrier.drain(100);
    expect(plainOf(carrier.got)).toBe('one,two!more');
    expect(drained).toEqual(['two', 'again']);
  });

  it('says how far it is behind, and to senders when they should wait', () => {
    const { carrier, channel, drained, waiter } = joined();
    expect([channel.isBehind(0), channel.whenSent(waiter('sender'))]).toEqual([false, true]);
    carrier.room = 0;
    channel.write(Buffer.from('0123456789'), waiter('a'));
    expect([channel.isBehind(9), channel.isBehind(10)]).toEqual([true, false]);
    expect(channel.send(Buffer.alloc(65_000))).toBe(true);
    expect(channel.send(Buffer.alloc(600))).toBe(false);
    expect(channel.whenSent(waiter('sender'))).toBe(false);
    carrier.drain(1_000_000);
    expect(drained).toEqual(['a', 'sender']);
  });

  it('finishes once everything has gone, or is destroyed when that takes too long', () => {
    vi.useFakeTimers();
    const first = joined();
    first.channel.finish(50);
    expect(first.carrier.calls).toEqual(['finish 50']);
    const second = joined();
    second.carrier.room = 0;
    second.channel.write(Buffer.from('last'), second.waiter('a'));
    second.channel.send(Buffer.from('bye'));
    second.channel.finish(50);
    second.carrier.drain(100);
    expect(second.carrier.calls).toEqual(['write 4', 'resume', 'send 3', 'finish 50']);
    const third = joined();
    third.carrier.room = 0;
    third.channel.write(Buffer.from('last'), third.waiter('a'));
    third.channel.finish(50);
    vi.advanceTimersByTime(49);
    expect(third.carrier.calls).toEqual(['write 4', 'resume']);
    vi.advanceTimersByTime(1);
    expect(third.carrier.calls).toEqual(['write 4', 'resume', 'destroy']);
    vi.advanceTimersByTime(1000);
    expect([...first.carrier.calls, ...second.carrier.calls].includes('destroy')).toBe(false);
  });

  it('tells all that wait when the carrier is closed, and takes nothing more', () => {
    const { carrier, cipher, channel, drained, waiter } = joined();
    carrier.room = 0;
    channel.write(Buffer.from('0123456789'), waiter('a'));
    channel.write(Buffer.from('b'), waiter('b'));
    channel.send(Buffer.from('c'));
    channel.destroy();
    carrier.drain(100);
    expect([drained, cipher.used]).toEqual([[], 8]);
    channel.closed();
    expect([drained, channel.unsentBytes, channel.pendingBytes]).toEqual([['a', 'b'], 0, 0]);
    expect([channel.write(Buffer.from('d'), waiter('d')), channel.send(Buffer.from('e'))]).toEqual([true, true]);
    expect(carrier.got.length).toBe(8);
  });

  it.each([
    ['rtmp', 'rtmpe'],
    ['rtmpt', 'rtmpte'],
    ['rtmps', 'rtmps'],
    ['rtmpts', 'rtmpts'],
  ] as const)('over %s is %s', (inner, name) => {
    const { carrier, channel } = joined();
    carrier.transport = inner;
    expect(channel.transport).toBe(name);
  });

  it('has the addresses and the reads of its carrier', () => {
    const { carrier, channel } = joined();
    const { localAddress, localPort, remoteAddress, remotePort } = channel;
    expect([localAddress, localPort, remoteAddress, remotePort]).toEqual(['here', 1, 'there', 2]);
    channel.pauseReads();
    channel.resumeReads();
    expect(carrier.calls).toEqual(['pause', 'resume']);
  });
});
