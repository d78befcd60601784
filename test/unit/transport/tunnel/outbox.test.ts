import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../../src/transport/tunnel/outbox.js';

/** Takes all that it may, as one text. */
const take = (outbox: Outbox, most: number): string => Buffer.concat(outbox.take(most)).toString();

describe('Outbox', () => {
  it('gives bytes of both kinds in the order in which they were written, and no more than was asked for', () => {
    const outbox = new Outbox();
    const drained: string[] = [];
    outbox.put(Buffer.from('abc'), undefined);
    outbox.put(Buffer.from('defg'), { drained: () => drained.push('defg') });
    outbox.put(Buffer.from('h'), undefined);
    expect([outbox.bytes, outbox.controlBytes]).toEqual([8, 4]);
    expect(take(outbox, 4)).toBe('abcd');
    expect([outbox.bytes, outbox.controlBytes, drained]).toEqual([4, 1, []]);
    expect(take(outbox, 3)).toBe('efg');
    expect([outbox.bytes, drained]).toEqual([1, ['defg']]);
    expect(take(outbox, 100)).toBe('h');
    expect([outbox.bytes, outbox.controlBytes]).toEqual([0, 0]);
    expect(take(outbox, 100)).toBe('');
  });

  it('has copied bytes before their writer may change them', () => {
    const outbox = new Outbox();
    const shared = Buffer.from('media');
    outbox.put(shared, { drained: () => shared.fill('x') });
    expect(take(outbox, 100)).toBe('media');
  });

  it('takes along what a writer writes when it hears that its bytes have gone', () => {
    const outbox = new Outbox();
    let left = 3;
    const writer = {
      drained: (): void => {
        if (left-- > 0) outbox.put(Buffer.from('ab'), writer);
      },
    };
    outbox.put(Buffer.from('ab'), writer);
    expect(take(outbox, 5)).toBe('ababa');
    expect(take(outbox, 5)).toBe('bab');
  });

  it('holds senders of control messages back from 64 KiB on, until there is room', () => {
    const outbox = new Outbox();
    let told = 0;
    outbox.put(Buffer.alloc(65_535), undefined);
    expect(outbox.whenSent({ drained: () => told++ })).toBe(true);
    outbox.put(Buffer.alloc(1), undefined);
    expect(outbox.whenSent({ drained: () => told++ })).toBe(false);
    expect(told).toBe(0);
    outbox.take(1);
    expect(told).toBe(1);
    outbox.take(1);
    expect(told).toBe(1);
  });

  it('tells writers when their bytes are discarded', () => {
    const outbox = new Outbox();
    const drained: number[] = [];
    outbox.put(Buffer.from('ab'), { drained: () => drained.push(1) });
    outbox.put(Buffer.from('c'), undefined);
    outbox.put(Buffer.from('d'), { drained: () => drained.push(2) });
    outbox.take(1);
    outbox.clear();
    expect([drained, outbox.bytes, outbox.controlBytes]).toEqual([[1, 2], 0, 0]);
  });
});
