import fc from 'fast-check';
import { amfValue } from './amf-values.js';

/** A U29 in its shortest form. */
export function u29(value: number): number[] {
  if (value < 0x80) return [value];
  if (value < 0x4000) return [(value >> 7) | 0x80, value & 0x7f];
  if (value < 0x200000) return [(value >> 14) | 0x80, ((value >> 7) & 0x7f) | 0x80, value & 0x7f];
  return [((value >> 22) & 0x7f) | 0x80, ((value >> 15) & 0x7f) | 0x80, ((value >> 8) & 0x7f) | 0x80, value & 0xff];
}

/** An inline string. */
export function text3(text: string): number[] {
  const bytes = Buffer.from(text);
  return [...u29((bytes.length << 1) | 1), ...bytes];
}

const string = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'width', '__proto__', 'größe', 'toString', '0').map(text3) },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }).map(text3) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }).map((index) => u29(index << 1)) },
);
const bytes = (least: number, most = least): fc.Arbitrary<number[]> =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((b) => [...b]);
const className = fc.oneof(
  string,
  fc.constant([1]),
  fc
    .constantFrom('ArrayCollection', 'ArrayList', 'ObjectProxy', 'Unknown')
    .map((name) => text3(`flex.messaging.io.${name}`)),
);

function vector(marker: number, size: number): fc.Arbitrary<number[]> {
  return fc
    .integer({ min: 0, max: 4 })
    .chain((count) => bytes(count * size).map((data) => [marker, ...u29((count << 1) | 1), 0, ...data]));
}

/** Bytes of one AMF3 value, mostly well formed, of every marker, with references of every kind. */
export const { value: amf3Value } = fc.letrec<{ value: number[]; members: number[]; object: number[] }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<number[]>([0], [1], [2], [3]),
    fc.integer({ min: 0, max: 2 ** 29 - 1 }).map((n) => [4, ...u29(n)]),
    fc.constantFrom<number[]>([4, 0x80, 0x01], [4, 0xff, 0xff, 0xff, 0xff], [4, 0x80, 0x80, 0x80, 0]),
    bytes(8).map((b) => [5, ...b]),
    string.map((s) => [6, ...s]),
    fc.tuple(fc.constantFrom(7, 11, 12), bytes(0, 6)).map(([m, b]) => [m, ...u29((b.length << 1) | 1), ...b]),
    bytes(8).map((b) => [8, 1, ...b]),
    fc.tuple(fc.integer({ min: 7, max: 17 }), fc.nat(5)).map(([m, index]) => [m, ...u29(index << 1)]),
    fc.array(tie('value'), { maxLength: 4 }).map((v) => [9, ...u29((v.length << 1) | 1), 1, ...v.flat()]),
    fc
      .tuple(tie('members'), fc.array(tie('value'), { maxLength: 3 }))
      .map(([m, v]) => [9, ...u29((v.length << 1) | 1), ...m, 1, ...v.flat()]),
    { weight: 3, arbitrary: tie('object') },
    vector(13, 4),
    vector(14, 4),
    vector(15, 8),
    fc
      .tuple(className, fc.array(tie('value'), { maxLength: 3 }))
      .map(([name, v]) => [16, ...u29((v.length << 1) | 1), 0, ...name, ...v.flat()]),
    fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map((pairs) => [17, ...u29((pairs.length << 1) | 1), 0, ...pairs.flat(2)]),
  ),
  object: fc.oneof(
    // Traits that stand here, sealed members, dynamic ones.
    fc
      .tuple(className, fc.array(fc.tuple(string, tie('value')), { maxLength: 3 }), fc.boolean(), tie('members'))
      .map(([name, sealed, dynamic, members]) => [
        10,
        ...u29((sealed.length << 4) | (dynamic ? 8 : 0) | 3),
        ...name,
        ...sealed.flatMap(([key]) => key),
        ...sealed.flatMap(([, value]) => value),
        ...(dynamic ? [...members, 1] : []),
      ]),
    // Traits by reference; how many members they have is a guess.
    fc
      .tuple(fc.nat(2), fc.array(tie('value'), { maxLength: 3 }))
      .map(([index, values]) => [10, ...u29((index << 2) | 1), ...values.flat(), 1]),
    fc.tuple(className, tie('value')).map(([name, value]) => [10, 7, ...name, ...value]),
  ),
  members: fc.array(fc.tuple(string, tie('value')), { maxLength: 3 }).map((pairs) => pairs.flat(2)),
}));

/** A value in AMF3, in a message of AMF0. */
const switched = amf3Value.map((value) => [0x11, ...value]);

function inObject(values: number[][]): number[] {
  return [3, ...values.flatMap((member, index) => [0, 1, 97 + index, ...member]), 0, 0, 9];
}

/** Messages of one to four values of both kinds; some AMF3 ones are members of an AMF0 object. */
export const amf3Message: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: switched },
      { weight: 1, arbitrary: amfValue },
      { weight: 1, arbitrary: fc.array(switched, { maxLength: 3 }).map(inObject) },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((values) => Uint8Array.from(values.flat()));
