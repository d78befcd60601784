import { describe, expect, it } from 'vitest';
import type { SharedObjectEvent } from '../../../src/protocol/shared-objects/message.js';
import { SharedObject } from '../../../src/shared-objects/shared-object.js';
import { amf } from '../../support/amf.js';
import { TestUser } from '../../support/shared-objects/user.js';

const BOUNDS = { maxSlots: 4, maxSlotBytes: 100, maxObjectBytes: 4096 };
const TRUE = amf(true);
const FALSE = amf(false);

const set = (name: string, value: Buffer): SharedObjectEvent => ({ kind: 'requestChange', slots: [{ name, value }] });
const volatile = (): SharedObject => new SharedObject({ app: 'live', name: 'chat', isPersistent: false });

/** An object with two users who have taken what they were sent. */
function used(): { object: SharedObject; ann: TestUser; bob: TestUser } {
  const object = volatile();
  const [ann, bob] = [new TestUser(), new TestUser()];
  for (const user of [ann, bob]) {
    object.use(user);
    user.take();
  }
  return { object, ann, bob };
}

describe('a shared object', () => {
  it('tells a client that begins to use it so, and then every slot', () => {
    const { object, ann } = used();
    object.apply(ann, [set('x', TRUE), set('y', FALSE)], BOUNDS);
    const late = new TestUser();
    object.use(late);
    expect(late.take()).toEqual(['useSuccess', 'clear', 'change x=0101', 'change y=0100']);
    expect([late.version, object.version, object.users]).toEqual([1, 1, 3]);
  });

  it('confirms a change to who asked for it, and tells all others', () => {
    const { object, ann, bob } = used();
    const done = object.apply(ann, [set('x', TRUE)], BOUNDS);
    expect([ann.take(), bob.take(), done]).toEqual([
      ['success x'],
      ['change x=0101'],
      { changes: 1, sends: 0, refused: 0 },
    ]);
  });

  it('tells everybody of a removal, a null value being one, and of a clear', () => {
    const { object, ann, bob } = used();
    object.apply(ann, [set('x', TRUE), set('y', TRUE), set('z', TRUE)], BOUNDS);
    for (const user of [ann, bob]) user.take();
    object.apply(ann, [{ kind: 'requestRemove', name: 'x' }, set('y', amf(null))], BOUNDS);
    expect([ann.take(), bob.take()]).toEqual(Array(2).fill(['remove x', 'remove y']));
    expect([...object.slots.keys()]).toEqual(['z']);
    object.apply(bob, [{ kind: 'requestClear' }], BOUNDS);
    expect([ann.take(), bob.take(), object.slots.size]).toEqual([['clear'], ['clear'], 0]);
    expect(object.bytes).toBe(volatile().bytes);
  });

  it('sends a message to everybody, its sender included', () => {
    const { object, ann, bob } = used();
    const values = amf('say', 'hi');
    object.apply(ann, [{ kind: 'send', values }], BOUNDS);
    expect([ann.take(), bob.take()]).toEqual(Array(2).fill([`send ${values.toString('hex')}`]));
    expect(object.version).toBe(0);
  });

  it('counts messages that change it, not the changes in them', () => {
    const { object, ann } = used();
    object.apply(ann, [set('x', TRUE), set('y', TRUE)], BOUNDS);
    object.apply(ann, [{ kind: 'requestRemove', name: 'nothing' }], BOUNDS);
    object.apply(ann, [set('x', FALSE)], BOUNDS);
    expect(object.version).toBe(2);
  });

  it('ignores what only servers send', () => {
    const { object, ann, bob } = used();
    const change = { kind: 'change', slots: [{ name: 'x', value: TRUE }] } as const;
    object.apply(ann, [change, { kind: 'clear' }, { kind: 'remove', name: 'x' }, { kind: 'other' }], BOUNDS);
    expect([ann.take(), bob.take(), object.slots.size]).toEqual([[], [], 0]);
  });

  it.each([
    [
      'a slot too many',
      (object: SharedObject, user: TestUser) => {
        object.apply(
          user,
          ['a', 'b', 'c', 'd'].map((name) => set(name, TRUE)),
          BOUNDS,
        );
      },
      set('e', TRUE),
      'remove e',
    ],
    ['a value that is too long', () => {}, set('e', amf('x'.repeat(98))), 'remove e'],
    [
      'an object that would be too large',
      (object: SharedObject, user: TestUser) => {
        object.apply(user, [set('e', TRUE)], BOUNDS);
      },
      set('e', amf('x'.repeat(90))),
      'change e=0101',
    ],
  ] as const)('refuses %s, and tells what the slot is instead', (what, prepare, event, told) => {
    const { object, ann, bob } = used();
    prepare(object, ann);
    for (const user of [ann, bob]) user.take();
    const bounds = what.includes('large') ? { ...BOUNDS, maxObjectBytes: object.bytes + 80 } : BOUNDS;
    expect(object.apply(ann, [event], bounds)).toMatchObject({ changes: 0, refused: 1 });
    expect([ann.take(), bob.take()]).toEqual([['status SharedObject.NoWriteAccess', told], []]);
  });

  it('takes values and slots up to their bounds', () => {
    const { object, ann } = used();
    object.apply(ann, [set('a', amf('x'.repeat(97))), set('b', TRUE), set('c', TRUE), set('d', TRUE)], BOUNDS);
    expect(ann.take()).toEqual(['success a', 'success b', 'success c', 'success d']);
    object.apply(ann, [set('a', FALSE)], { ...BOUNDS, maxObjectBytes: 1 });
    expect(ann.take()).toEqual([
      'status SharedObject.NoWriteAccess',
      `change a=${amf('x'.repeat(97)).toString('hex')}`,
    ]);
  });

  it('sends a client that does not read the newest value only, once it reads again', () => {
    const { object, ann, bob } = used();
    bob.pendingBytes = 65_537;
    for (let i = 0; i < 100; i++) object.apply(ann, [set('x', amf(i)), set('y', amf(i))], BOUNDS);
    object.apply(
      ann,
      [
        { kind: 'requestRemove', name: 'y' },
        { kind: 'send', values: amf('say') },
      ],
      BOUNDS,
    );
    expect(bob.take()).toEqual([`send ${amf('say').toString('hex')}`]);
    object.tick();
    expect(bob.take()).toEqual([]);
    bob.pendingBytes = 65_536;
    object.tick();
    expect(bob.take()).toEqual([`change x=${amf(99).toString('hex')}`, 'remove y']);
    object.apply(ann, [set('x', TRUE)], BOUNDS);
    expect(bob.take()).toEqual(['change x=0101']);
  });

  it('tells a client nothing of the value before of a slot that it has set itself meanwhile', () => {
    const { object, ann, bob } = used();
    bob.pendingBytes = 65_537;
    object.apply(ann, [set('x', TRUE)], BOUNDS);
    object.apply(bob, [set('x', FALSE)], BOUNDS);
    bob.pendingBytes = 0;
    object.tick();
    expect(bob.take()).toEqual(['success x']);
  });

  it('sends a large object in parts, and never more than a client may have waiting', () => {
    const { object, ann } = used();
    const bounds = { maxSlots: 1000, maxSlotBytes: 4000, maxObjectBytes: 2 ** 20 };
    for (let i = 0; i < 200; i++) object.apply(ann, [set(`s${i}`, amf('x'.repeat(2000)))], bounds);
    const late = new TestUser();
    late.isSlow = true;
    object.use(late);
    expect(late.pendingBytes).toBeGreaterThan(65_536);
    expect(late.pendingBytes).toBeLessThan(90_000);
    expect(Math.max(...late.sizes)).toBeLessThan(20_000);
    while (late.pendingBytes > 0) {
      late.pendingBytes = 0;
      object.tick();
    }
    const got = late.take().filter((event) => event.startsWith('change '));
    expect(new Set(got).size).toBe(200);
    expect(got).toHaveLength(200);
  });

  it('is kept and restored whole', () => {
    const object = new SharedObject({ app: 'live', name: 'chat', isPersistent: true });
    const ann = new TestUser();
    object.use(ann);
    const bounds = { ...BOUNDS, maxSlots: 1000, maxObjectBytes: 2 ** 20 };
    for (let i = 0; i < 300; i++) object.apply(ann, [set(`s${i}`, amf(i))], bounds);
    const again = SharedObject.restored('live', object.kept());
    expect([again?.name, again?.isPersistent, again?.version, again?.bytes]).toEqual(['chat', true, 300, object.bytes]);
    expect([...(again?.slots ?? [])]).toEqual([...object.slots]);
    expect(SharedObject.restored('live', Buffer.of(1, 2))).toBeUndefined();
  });

  it('is used by nobody once all have let go of it', () => {
    const { object, ann, bob } = used();
    expect([object.release(ann), object.release(ann), object.users]).toEqual([true, false, 1]);
    object.apply(bob, [set('x', TRUE)], BOUNDS);
    expect(ann.take()).toEqual([]);
  });

  it('notes no more for a client that is behind than there are slots, about, and sends it everything anew', () => {
    const { object, ann, bob } = used();
    object.apply(ann, [set('x', TRUE), set('gone', TRUE)], BOUNDS);
    bob.take();
    bob.pendingBytes = 65_537;
    object.apply(ann, [{ kind: 'requestRemove', name: 'gone' }], BOUNDS);
    for (let n = 0; n < 1100; n++)
      object.apply(ann, [set(`n${n}`, TRUE), { kind: 'requestRemove', name: `n${n}` }], BOUNDS);
    object.apply(ann, [set('y', TRUE)], BOUNDS);
    object.apply(bob, [set('z', FALSE)], BOUNDS);
    expect(bob.take()).toEqual(['success z']);
    bob.pendingBytes = 0;
    object.tick();
    const told = bob.take();
    expect(told[0]).toBe('clear');
    expect(told.filter((event) => !event.startsWith('remove'))).toEqual([
      ...['clear', 'change x=0101', 'change y=0101', 'change z=0100'],
    ]);
    expect(told.length).toBeLessThan(100);
    expect(told).not.toContain('remove gone');
    object.apply(ann, [set('x', FALSE)], BOUNDS);
    expect(bob.take()).toEqual(['change x=0100']);
  });
});
