import { describe, expect, it } from 'vitest';
import {
  readSharedObject,
  type SharedObjectEvent,
  writeSharedObject,
} from '../../src/protocol/shared-objects/message.js';
import { ObjectReplica } from '../../src/protocol/shared-objects/replica.js';
import { SharedObject, type Subscriber } from '../../src/shared-objects/shared-object.js';
import { amf } from '../support/amf.js';
import { seeded } from '../support/random.js';

const BOUNDS = { maxSlots: 5, maxSlotBytes: 60, maxObjectBytes: 2400 };
const SLOTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** A client with a copy of the object; what it sends and what it is sent is on its way for a while, in order. */
class Client implements Subscriber {
  pendingBytes = 0;
  readonly copy = new ObjectReplica();
  readonly toServer: SharedObjectEvent[][] = [];
  readonly fromServer: Buffer[] = [];
  readonly heard: string[] = [];

  deliver(payload: Buffer): void {
    this.fromServer.push(payload);
    this.pendingBytes += payload.length;
  }

  /** Takes the oldest message that is on its way. */
  read(): void {
    const payload = this.fromServer.shift();
    if (payload === undefined) return;
    this.pendingBytes -= payload.length;
    for (const news of this.copy.take(readSharedObject(19, payload)!))
      if (news.kind === 'message') this.heard.push(news.values.toString('hex'));
  }
}

function randomEvent(random: () => number, { copy }: Client, count: number): SharedObjectEvent {
  const slot = SLOTS[Math.floor(random() * SLOTS.length)]!;
  const kind = random();
  if (kind < 0.65) return copy.set(slot, amf('x'.repeat(Math.floor(random() * 70)) + count));
  if (kind < 0.85) return copy.set(slot, undefined);
  return kind < 0.92 ? { kind: 'send', values: amf('say', count) } : { kind: 'requestClear' };
}

describe('shared objects', () => {
  it('become the same for all clients, whatever they do, in whatever order it arrives', () => {
    let messages = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = seeded(seed);
      const object = new SharedObject({ app: 'live', name: 'game', isPersistent: false });
      const clients = Array.from({ length: 4 }, () => new Client());
      for (const client of clients) object.use(client);
      const apply = (client: Client): void => {
        const events = client.toServer.shift();
        if (events !== undefined) object.apply(client, events, BOUNDS);
      };
      for (let step = 0; step < 300; step++) {
        const client = clients[Math.floor(random() * clients.length)]!;
        const what = random();
        // Now and then a client seems to read nothing, and is told of changes late.
        client.pendingBytes = random() < 0.1 ? 100_000 : 0;
        if (what < 0.4) {
          const size = 1 + Math.floor(random() * 3);
          client.toServer.push(Array.from({ length: size }, () => randomEvent(random, client, step)));
        } else if (what < 0.7) apply(client);
        else if (what < 0.95) client.read();
        else object.tick();
      }
      while (clients.some(({ toServer }) => toServer.length > 0)) for (const client of clients) apply(client);
      for (const client of clients) client.pendingBytes = 0;
      object.tick();
      for (const client of clients) while (client.fromServer.length > 0) client.read();
      const truth = [...object.slots].map(([name, value]) => [name, value.toString('hex')]).sort();
      for (const { copy, heard } of clients) {
        const got = copy.slots().map((slot) => [slot, copy.get(slot)!.toString('hex')]);
        expect(got.sort(), `seed ${seed}`).toEqual(truth);
        expect(heard, `messages, seed ${seed}`).toEqual(clients[0]!.heard);
      }
      messages += clients[0]!.heard.length;
      expect(SharedObject.restored('live', object.kept())?.bytes).toBe(object.bytes);
    }
    expect(messages).toBeGreaterThan(50);
  });

  it('survive mutated messages: what is read is whole, and can be written again', () => {
    const random = seeded(7);
    const events: SharedObjectEvent[] = [
      { kind: 'use' },
      { kind: 'requestChange', slots: [{ name: 'x', value: amf({ a: [1, 'text', null, { b: true }] }) }] },
      { kind: 'send', values: amf('say', [1, 2], 'hi') },
      { kind: 'requestRemove', name: 'x' },
      { kind: 'status', code: 'code', level: 'error' },
    ];
    const whole = writeSharedObject({ name: 'game', version: 3, isPersistent: true, events });
    const object = new SharedObject({ app: 'live', name: 'game', isPersistent: false });
    const client = new Client();
    object.use(client);
    let read = 0;
    for (let i = 0; i < 6000; i++) {
      const bytes = Buffer.from(whole.subarray(0, random() < 0.2 ? Math.floor(random() * whole.length) : whole.length));
      for (let flips = Math.floor(random() * 4); flips > 0 && bytes.length > 0; flips--)
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      const type = random() < 0.5 ? 16 : 19;
      const message = readSharedObject(type, type === 16 ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
      if (message === undefined) continue;
      read++;
      object.apply(client, message.events, BOUNDS);
      expect(object.bytes).toBeLessThanOrEqual(BOUNDS.maxObjectBytes);
      for (const payload of client.fromServer.splice(0)) expect(readSharedObject(19, payload)).toBeDefined();
      client.pendingBytes = 0;
    }
    expect(read).toBeGreaterThan(200);
  });
});
