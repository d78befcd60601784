import fc from 'fast-check';

const u16 = (n: number): number[] => [n >> 8, n & 255];
const u32 = (n: number): number[] => [(n >>> 24) & 255, (n >> 16) & 255, (n >> 8) & 255, n & 255];
const text = fc
  .oneof(fc.string({ maxLength: 12 }), fc.constantFrom('__proto__', 'onMetaData', 'größe', ''))
  .map((s) => [...Buffer.from(s)]);

/** Bytes of one AMF0 value, mostly well formed, of every marker. */
export const { value: amfValue } = fc.letrec<{ value: number[]; entries: number[] }>((tie) => ({
  value: fc.oneof(
    fc.uint8Array({ minLength: 8, maxLength: 8 }).map((b) => [0, ...b]),
    fc.constantFrom<number[]>([1, 0], [1, 1], [5], [6], [13]),
    text.map((t) => [2, ...u16(t.length), ...t]),
    text.map((t) => [12, ...u32(t.length), ...t]),
    text.map((t) => [15, ...u32(t.length), ...t]),
    fc.uint8Array({ minLength: 10, maxLength: 10 }).map((b) => [11, ...b]),
    fc.integer({ min: 0, max: 4 }).map((n) => [7, ...u16(n)]),
    tie('entries').map((e) => [3, ...e, 0, 0, 9]),
    fc.tuple(fc.nat(9), tie('entries')).map(([n, e]) => [8, ...u32(n), ...e, 0, 0, 9]),
    fc.tuple(text, tie('entries')).map(([t, e]) => [16, ...u16(t.length), ...t, ...e, 0, 0, 9]),
    fc.array(tie('value'), { maxLength: 4 }).map((v) => [10, ...u32(v.length), ...v.flat()]),
  ),
  entries: fc
    .array(fc.tuple(text, tie('value')), { maxLength: 4 })
    .map((pairs) => pairs.flatMap(([key, v]) => [...u16(key.length), ...key, ...v])),
}));

/** Bytes of a few AMF0 values, one after the other. */
export const amfBytes: fc.Arbitrary<Buffer> = fc
  .array(amfValue, { minLength: 1, maxLength: 4 })
  .map((values) => Buffer.from(values.flat()));
