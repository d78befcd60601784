import fc from 'fast-check';
import type { BegunPublish } from '../../reference/timelines.js';

/** One thing a generated peer does. */
export type Step =
  | {
      readonly kind: 'message';
      readonly csid: number;
      readonly type: number;
      readonly length: number;
      readonly fmt: number;
      readonly ts: number;
      readonly msid: number;
      readonly fill: number;
    }
  | { readonly kind: 'chunkSize'; readonly size: number }
  | { readonly kind: 'abort'; readonly csid: number };

/** How the peer writes. */
export interface Peer {
  readonly steps: readonly Step[];
  /** How many messages are in flight at a time, and in which order their chunks are sent. */
  readonly order: readonly number[];
  /** Whether fmt 3 chunks repeat the extended timestamp (OBS before 30.1 does not). */
  readonly repeatsExtended: boolean;
}

interface Unsent {
  readonly step: Extract<Step, { kind: 'message' }>;
  readonly payload: Buffer;
  sent: number;
  header: Buffer;
  ext: Buffer;
}

interface Inherited {
  length: number;
  type: number;
  ts: number;
}

const csid = fc.constantFrom(2, 3, 4, 4, 5, 6, 6, 8, 63, 64, 65, 319, 320, 65599);
const timestamp = fc.oneof(
  fc.integer({ min: 0, max: 5000 }),
  fc.constantFrom(0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff),
  // As deltas: steps that a publish may take, and the first that are jumps.
  fc.constantFrom(0, 20, 33, 10_000, 10_001, 0xfffffe0c, 0xfffffe0b),
);

/**
 * Publishes that are begun before the first byte: none, one or both of a peer's message streams, some with a timeline
 * to carry on.
 */
export const publishes: fc.Arbitrary<BegunPublish[]> = fc.constantFrom(
  [],
  [{ messageStreamId: 1 }],
  [{ messageStreamId: 1, from: 0xffffff00 }, { messageStreamId: 2 }],
  [{ messageStreamId: 2, from: 7 }],
);

/** Generates what a peer sends. */
export const peer: fc.Arbitrary<Peer> = fc.record({
  steps: fc.array(
    fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          kind: fc.constant('message' as const),
          csid,
          type: fc.constantFrom(8, 8, 9, 9, 9, 18, 20, 3, 4, 22, 21, 7, 255),
          length: fc.oneof(
            fc.integer({ min: 0, max: 40 }),
            fc.integer({ min: 100, max: 700 }),
            fc.integer({ min: 1000, max: 9000 }),
          ),
          fmt: fc.integer({ min: 0, max: 3 }),
          ts: timestamp,
          msid: fc.constantFrom(1, 1, 1, 2),
          fill: fc.integer({ min: 0, max: 255 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          kind: fc.constant('chunkSize' as const),
          size: fc.constantFrom(1, 5, 64, 128, 129, 1000, 4096, 60000),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), csid }) },
    ),
    { minLength: 1, maxLength: 25 },
  ),
  order: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
  repeatsExtended: fc.boolean(),
});

function basicHeader(fmt: number, id: number): Buffer {
  if (id < 64) return Buffer.from([(fmt << 6) | id]);
  if (id < 320) return Buffer.from([fmt << 6, id - 64]);
  return Buffer.from([(fmt << 6) | 1, (id - 64) & 255, (id - 64) >> 8]);
}

/** Writes the peer's chunks: messages of different chunk stream ids interleaved, up to four at a time. */
export function encode(what: Peer): Buffer {
  const out: Buffer[] = [];
  const seen = new Map<number, Inherited>();
  const flying: Unsent[] = [];
  let chunkSize = 128;
  let turn = 0;
  const sendOne = (): void => {
    const index = what.order[turn++ % what.order.length] % flying.length;
    const message = flying[index];
    const n = Math.min(chunkSize, message.payload.length - message.sent);
    if (message.sent === 0) out.push(message.header);
    else out.push(basicHeader(3, message.step.csid), what.repeatsExtended ? message.ext : Buffer.alloc(0));
    out.push(message.payload.subarray(message.sent, message.sent + n));
    message.sent += n;
    if (message.sent === message.payload.length) flying.splice(index, 1);
  };
  for (const step of what.steps) {
    if (step.kind === 'message') {
      while (flying.length > 3 || flying.some((m) => m.step.csid === step.csid)) sendOne();
      const message = begin(step, seen);
      flying.push(message);
      // The header goes out at once: a later one on this chunk stream id may inherit from it.
      sendHead(message, out, flying, chunkSize);
      continue;
    }
    const control = Buffer.alloc(16);
    control[0] = 2;
    control[6] = 4;
    control[7] = step.kind === 'chunkSize' ? 1 : 2;
    while (flying.some((m) => m.step.csid === 2)) sendOne();
    control.writeUInt32BE(step.kind === 'chunkSize' ? step.size : step.csid, 12);
    out.push(control);
    seen.set(2, { length: 4, type: control[7], ts: 0 });
    if (step.kind === 'chunkSize') chunkSize = step.size;
    else dropFlying(flying, step.csid);
    // A chunk size of 1 with the control message itself cut into chunks is left to the conformance tests.
    if (chunkSize < 4) chunkSize = restore(out, seen);
  }
  while (flying.length > 0) sendOne();
  return Buffer.concat(out);
}

function restore(out: Buffer[], seen: Map<number, Inherited>): number {
  const bytes = Buffer.from('02000000000004010000000000' + 'c200' + 'c200' + 'c280', 'hex');
  out.push(bytes);
  seen.set(2, { length: 4, type: 1, ts: 0 });
  return 128;
}

function dropFlying(flying: Unsent[], id: number): void {
  const index = flying.findIndex((m) => m.step.csid === id);
  if (index >= 0) flying.splice(index, 1);
}

function begin(step: Extract<Step, { kind: 'message' }>, seen: Map<number, Inherited>): Unsent {
  const old = seen.get(step.csid);
  let fmt = step.fmt;
  if (old === undefined && fmt > 1) fmt = 0;
  if (old !== undefined && fmt > 1 && (old.length !== step.length || old.type !== step.type)) fmt = 1;
  // fmt 3 begins a message only with the inherited delta; its timestamp then is whatever it is.
  const field = fmt === 3 ? old!.ts : step.ts;
  const ext = Buffer.alloc(field >= 0xffffff ? 4 : 0);
  if (ext.length > 0) ext.writeUInt32BE(field);
  const header = Buffer.alloc([11, 7, 3, 0][fmt]);
  if (fmt < 3) header.writeUIntBE(Math.min(field, 0xffffff), 0, 3);
  if (fmt < 2) {
    header.writeUIntBE(step.length, 3, 3);
    header[6] = step.type;
  }
  if (fmt === 0) header.writeUInt32LE(step.msid, 7);
  seen.set(step.csid, { length: step.length, type: step.type, ts: field });
  const plain = filled(step.length, step.fill);
  const payload = step.type === 22 ? aggregateOf(plain, step.fill) : plain;
  return { step, payload, sent: 0, header: Buffer.concat([basicHeader(fmt, step.csid), header, ext]), ext };
}

function filled(length: number, fill: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (fill + i * 7) & 255;
  return bytes;
}

/** Writes FLV tags over `bytes`: of all types, with times that go on, jump and go back; the last may be cut off. */
function aggregateOf(bytes: Buffer, fill: number): Buffer {
  let time = fill * 0x10000;
  for (let at = 0, tag = fill; at + 11 <= bytes.length; tag++) {
    const size = (tag * 37) % (tag % 5 === 0 ? 1500 : 120);
    bytes[at] = [8, 9, 18, 9, 8, 15, 22, 20, 9, 1][tag % 10]!;
    bytes.writeUIntBE(size, at + 1, 3);
    bytes.writeUIntBE(time & 0xffffff, at + 4, 3);
    bytes[at + 7] = time >>> 24;
    time += tag % 11 === 0 ? 0x1000000 : tag % 7 === 0 ? -40 : 20;
    at += 11 + size + 4;
  }
  return bytes;
}

function sendHead(message: Unsent, out: Buffer[], flying: Unsent[], chunkSize: number): void {
  const n = Math.min(chunkSize, message.payload.length);
  out.push(message.header, message.payload.subarray(0, n));
  message.sent = n;
  if (n === message.payload.length) flying.splice(flying.indexOf(message), 1);
}
