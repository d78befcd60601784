import {
  readSharedObject,
  type SharedObjectEvent,
  type SharedObjectMessage,
  writeSharedObject,
} from '../../../src/protocol/shared-objects/message.js';
import { ObjectReplica } from '../../../src/protocol/shared-objects/replica.js';
import { SharedObject, type Subscriber } from '../../../src/shared-objects/shared-object.js';
import { amf } from '../../support/amf.js';
import { seeded } from '../../support/random.js';
import { type FuzzTarget, same } from '../target.js';

const BOUNDS = { maxSlots: 4, maxSlotBytes: 200, maxObjectBytes: 2400 };
/** Plain AMF0; AMF3 behind its marker; an object that is referred to. */
const VALUES = [
  amf({ a: [1, 'text', null, { b: true }] }),
  amf('text'),
  amf(null),
  Buffer.from('110a0b0103610602620401', 'hex'),
  Buffer.from('0a00000002030001610100000009070001', 'hex'),
];

/** A client that has used the object from its beginning. */
class Follower implements Subscriber {
  readonly pendingBytes = 0;
  readonly copy = new ObjectReplica();

  deliver(payload: Buffer): void {
    const message = readSharedObject(19, payload);
    if (message === undefined) throw new Error(`the server has sent ${payload.toString('hex')}`);
    this.copy.take(message);
  }
}

function inWords(message: SharedObjectMessage | undefined): string {
  return JSON.stringify(message, (_key, value: unknown) => value) ?? 'refused';
}

const slotsInWords = (slots: Iterable<readonly [string, Buffer]>): string =>
  JSON.stringify([...slots].map(([name, value]) => [name, value.toString('hex')]).sort());

function samples(seed: number): Uint8Array[] {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const slot = () => ({ name: pick(['a', 'b', 'größe', '__proto__', 'x'.repeat(250)]), value: pick(VALUES) });
  const event = (): SharedObjectEvent =>
    pick<() => SharedObjectEvent>([
      () => ({ kind: pick(['use', 'release', 'useSuccess', 'clear', 'requestClear', 'other']) }),
      () => ({ kind: pick(['requestChange', 'change']), slots: [slot(), slot()] }),
      () => ({ kind: 'requestChange', slots: [slot()] }),
      () => ({ kind: pick(['success', 'remove', 'requestRemove']), name: slot().name }),
      () => ({ kind: 'send', values: Buffer.concat([amf('say'), pick(VALUES)]) }),
      () => ({ kind: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' }),
    ])();
  return Array.from({ length: 10 }, () =>
    writeSharedObject({
      name: pick(['game', 'room/1', 'ä']),
      version: Math.floor(random() * 2 ** 32),
      isPersistent: random() < 0.5,
      events: Array.from({ length: 1 + Math.floor(random() * 4) }, event),
    }),
  );
}

/** Messages of shared objects, and what they do to an object and the clients that use it. */
export const sharedObjects: FuzzTarget = {
  name: 'shared-objects',
  what: 'messages of shared objects: read as they are written; a client and a kept copy have what the object has',
  sources: ['/src/protocol/shared-objects/', '/src/shared-objects/shared-object'],
  tokens: [...VALUES, ...['03', '04', '05', '06', '09', '0a', '0b', '0d', '0e'].map((hex) => Buffer.from(hex, 'hex'))],
  maxBytes: 3000,
  samples,
  run: (input) => {
    const message = readSharedObject(19, input);
    same(inWords(readSharedObject(16, Buffer.concat([Buffer.of(0), input]))), inWords(message), 'types 16 and 19');
    if (message === undefined) return;
    same(inWords(readSharedObject(19, writeSharedObject(message))), inWords(message), 'read again and read');
    const object = new SharedObject({ app: 'live', name: message.name, isPersistent: message.isPersistent });
    const follower = new Follower();
    object.use(follower);
    for (let times = 0; times < 2; times++) object.apply(new Follower(), message.events, BOUNDS);
    if (object.bytes > BOUNDS.maxObjectBytes) throw new Error(`an object of ${object.bytes} bytes`);
    const { copy } = follower;
    const kept = SharedObject.restored('live', object.kept());
    const slots = slotsInWords(object.slots);
    same(slotsInWords(copy.slots().map((name) => [name, copy.get(name)!])), slots, 'a client and the object');
    same(slotsInWords(kept?.slots ?? []), slots, 'what is kept and the object');
  },
};
