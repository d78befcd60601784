import { describe, expect, it } from 'vitest';
import { KeptAnswers } from '../../../../src/transport/tunnel/kept-answers.js';

describe('KeptAnswers', () => {
  it('keeps the last sixteen', () => {
    const kept = new KeptAnswers(1000);
    for (let seq = 5; seq < 22; seq++) kept.keep(seq, Buffer.from([seq]));
    expect(kept.of(5)).toBeUndefined();
    expect(kept.of(6)).toEqual(Buffer.from([6]));
    expect(kept.of(21)).toEqual(Buffer.from([21]));
    expect(kept.of(22)).toBeUndefined();
    expect(kept.bytes).toBe(16);
  });

  it('keeps as many bytes as it may, and not one more', () => {
    const kept = new KeptAnswers(100);
    kept.keep(0, Buffer.alloc(40));
    kept.keep(1, Buffer.alloc(60));
    expect([kept.of(0)?.length, kept.of(1)?.length, kept.bytes]).toEqual([40, 60, 100]);
    kept.keep(2, Buffer.alloc(1));
    expect([kept.of(0)?.length, kept.of(1)?.length, kept.bytes]).toEqual([undefined, 60, 61]);
  });

  it('keeps the last one however long it is', () => {
    const kept = new KeptAnswers(100);
    kept.keep(0, Buffer.alloc(10));
    kept.keep(1, Buffer.alloc(500));
    expect([kept.of(0), kept.of(1)?.length, kept.bytes]).toEqual([undefined, 500, 500]);
    kept.keep(2, Buffer.alloc(7));
    expect([kept.of(1), kept.of(2)?.length, kept.bytes]).toEqual([undefined, 7, 7]);
  });
});
