import { describe, expect, it } from 'vitest';
import type { SharedObjectEvent } from '../../../../src/protocol/shared-objects/message.js';
import { ObjectReplica } from '../../../../src/protocol/shared-objects/replica.js';
import { amf } from '../../../support/amf.js';

const [ONE, TWO, THREE] = [amf(1), amf(2), amf(3)];
const message = (...events: SharedObjectEvent[]) => ({ name: 'chat', version: 0, isPersistent: false, events });
const change = (name: string, value: Buffer): SharedObjectEvent => ({ kind: 'change', slots: [{ name, value }] });
const success = (name: string): SharedObjectEvent => ({ kind: 'success', name });
const remove = (name: string): SharedObjectEvent => ({ kind: 'remove', name });

describe('a copy of a shared object', () => {
  it('has what the server tells, and says so', () => {
    const copy = new ObjectReplica();
    const news = copy.take(message({ kind: 'useSuccess' }, { kind: 'clear' }, change('x', ONE), change('y', TWO)));
    expect(news).toEqual([
      { kind: 'used' },
      { kind: 'cleared' },
      { kind: 'changed', slot: 'x', value: ONE },
      { kind: 'changed', slot: 'y', value: TWO },
    ]);
    expect(copy.take(message(remove('x'), remove('nothing')))).toEqual([
      { kind: 'changed', slot: 'x', value: undefined },
    ]);
    expect([copy.slots(), copy.get('x'), copy.get('y')]).toEqual([['y'], undefined, TWO]);
    copy.take(message({ kind: 'clear' }));
    expect(copy.slots()).toEqual([]);
  });

  it('has its own changes at once, and asks the server for them', () => {
    const copy = new ObjectReplica();
    expect(copy.set('x', ONE)).toEqual({ kind: 'requestChange', slots: [{ name: 'x', value: ONE }] });
    expect(copy.get('x')).toEqual(ONE);
    expect(copy.set('x', undefined)).toEqual({ kind: 'requestRemove', name: 'x' });
    expect([copy.get('x'), copy.slots()]).toEqual([undefined, []]);
  });

  it('shows no change of a slot that the server has made before its own', () => {
    const copy = new ObjectReplica();
    copy.set('x', ONE);
    copy.set('x', TWO);
    expect(copy.take(message(change('x', THREE)))).toEqual([]);
    expect(copy.get('x')).toEqual(TWO);
    expect(copy.take(message(success('x'), success('x')))).toEqual([]);
    expect(copy.get('x')).toEqual(TWO);
    expect(copy.take(message(change('x', THREE)))).toEqual([{ kind: 'changed', slot: 'x', value: THREE }]);
  });

  it('tells a confirmed removal from that of somebody else', () => {
    const copy = new ObjectReplica();
    copy.set('x', ONE);
    copy.set('x', undefined);
    copy.set('x', TWO);
    // Somebody else has removed it before anything of this copy was applied.
    copy.take(message(remove('x'), success('x'), remove('x'), success('x')));
    expect(copy.get('x')).toEqual(TWO);
    expect(copy.take(message(remove('x')))).toEqual([{ kind: 'changed', slot: 'x', value: undefined }]);
  });

  it('takes a refused change back', () => {
    const copy = new ObjectReplica();
    copy.take(message(change('x', ONE)));
    copy.set('x', TWO);
    copy.set('y', TWO);
    const status = { kind: 'status', code: 'SharedObject.NoWriteAccess', level: 'error' } as const;
    expect(copy.take(message(status, change('x', ONE), status, remove('y')))).toEqual([
      { kind: 'refused', slot: 'x', value: ONE },
      { kind: 'refused', slot: 'y', value: undefined },
    ]);
    expect([copy.get('x'), copy.slots()]).toEqual([ONE, ['x']]);
  });

  it('hands messages on, and says why it cannot be used', () => {
    const copy = new ObjectReplica();
    const values = amf('say', 'hi');
    const status = { kind: 'status', code: 'SharedObject.BadPersistence', level: 'error' } as const;
    expect(copy.take(message({ kind: 'send', values }, status, { kind: 'other' }))).toEqual([
      { kind: 'message', values },
      { kind: 'failed', code: 'SharedObject.BadPersistence' },
    ]);
  });
});
