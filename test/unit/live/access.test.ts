import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Plain } from '../../../src/core/plain.js';
import type { Answer, Ask, Order, Report } from '../../../src/live/access.js';
import { ADMIT_ALL } from '../../../src/live/admission.js';
import { clonedByteSide } from '../../../src/live/cloned-border.js';
import { BothSides } from '../../support/doors/both-sides.js';
import { batch, message } from '../../support/hub/media.js';

/**
 * Every kind of message there is. A new kind does not compile before it is named here, and fails the test below until
 * it is sent.
 */
const KINDS: Readonly<Record<(Ask | Answer | Report | Order)['kind'], true>> = {
  connect: true,
  publish: true,
  play: true,
  length: true,
  lengthAnswered: true,
  call: true,
  callAnswered: true,
  connectAccepted: true,
  connectRefused: true,
  publishAccepted: true,
  publishRefused: true,
  playAccepted: true,
  playRefused: true,
  askFailed: true,
  nameWon: true,
  nameReleased: true,
  endStream: true,
  yieldStream: true,
  readPublisher: true,
  endPlay: true,
  stopPlay: true,
  requestReconnect: true,
  sendData: true,
  callClient: true,
  clientAnswered: true,
  audienceTold: true,
  connectionOpened: true,
  connectionRefused: true,
  connectionClosed: true,
  askWithdrawn: true,
  playEnded: true,
  publisherRead: true,
  codecRefused: true,
  limitStream: true,
  messagesDropped: true,
  messagesCounted: true,
  sharedObjectNews: true,
  streamReady: true,
  streamChanged: true,
  streamSampled: true,
  trackHealth: true,
  streamData: true,
  streamHeld: true,
  streamYielded: true,
  streamEnded: true,
};

describe('the messages between byte side and fact side', () => {
  it('are plain data: what holds a function or an object of a class does not compile', () => {
    expectTypeOf<
      Plain<{ readonly a: number; readonly b?: readonly { readonly c: Date | undefined }[] }>
    >().not.toBeNever();
    expectTypeOf<Plain<{ readonly kind: 'x'; readonly act: () => void }>>().toBeNever();
    expectTypeOf<Plain<{ readonly kind: 'x'; readonly inner: { readonly bytes: Buffer } }>>().toBeNever();
    expectTypeOf<Plain<{ readonly counts: Map<string, number> }>>().toBeNever();
    expectTypeOf<Ask>().not.toBeNever();
    expectTypeOf<Answer>().not.toBeNever();
    expectTypeOf<Report>().not.toBeNever();
    expectTypeOf<Order>().not.toBeNever();
  });

  it('all cross as clones in later turns, each kind of them', async () => {
    let mayConnect = true;
    let mayPlay = true;
    const denial = { decision: 'deny', code: 'ERR_AUTH_DENIED', message: 'not you' } as const;
    const sides = new BothSides('cloned, in a later turn', {
      ...{ waitForPublisher: false, resumeWindowMs: 1000 },
      admission: {
        ...ADMIT_ALL,
        decide: (question) => {
          if (question.action === 'connect' && !mayConnect) return denial;
          if (question.action === 'play' && !mayPlay) throw new Error('a defect');
          return ADMIT_ALL.decide(question);
        },
      },
    });
    const { door } = sides;
    const facts = sides.facts();
    const connects: unknown[] = [];
    const asker = { answered: (decision: object) => void connects.push(decision), failed: () => {} };
    door.opened(facts);
    door.refused('192.0.2.9', 'ERR_LIMIT_CONNECTIONS');
    door.connect(facts, { query: '' }, asker);
    await sides.settle();
    mayConnect = false;
    door.connect(facts, { query: '' }, asker);
    await sides.settle();
    expect(connects).toMatchObject([{ accept: true }, { accept: false, refusal: { code: 'ERR_AUTH_DENIED' } }]);
    // A start that cannot be kept, and a name that somebody has.
    sides.journal = () => Promise.reject(new Error('a full disk'));
    expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: false } });
    sides.journal = () => Promise.resolve();
    const run = await sides.run();
    expect(await sides.decided(sides.publish())).toMatchObject({ decision: { accept: false } });
    expect(await sides.decided(sides.ask('nobody'))).toMatchObject({ decision: { accept: false } });
    const { run: play } = await sides.play();
    door.audienceTold(play.player.id, 3);
    mayPlay = false;
    expect(await sides.decided(sides.ask())).toMatchObject({ failure: { code: 'ERR_INTERNAL' } });
    mayPlay = true;
    const cue = { type: 18, payload: Buffer.from([2, 0, 1, 0x61]), timestamp: 0 };
    run.data({ ...cue, name: 'onMetaData', values: [{ encoder: 'e' }] });
    run.data({ ...cue, name: 'onCuePoint', values: ['a', new Date(0), { b: [null, undefined, 1] }] });
    run.publication.append(batch(message('audio', 1), message('audio', 2)), sides.nowMs);
    await sides.pass(12_000);
    run.data({ ...cue, name: 'onMetaData', payload: Buffer.from([2, 0, 1, 0x62]), values: [{ encoder: 'f' }] });
    await sides.pass(250);
    play.end('client_closed');
    const { player } = (await sides.play()).run;
    const replies: unknown[] = [];
    door.call(facts, { app: 'live', streamId: run.streamId, method: 'hello', args: [1, { a: null }] }, (reply) => {
      replies.push(reply);
    });
    const lengths: number[] = [];
    door.length(facts, { app: 'live', name: 'film', query: '', start: -2 }, (seconds) => lengths.push(seconds));
    sides.live.clients.send(run.streamId, 'onText', [{ text: 'hi' }, undefined]);
    const answered = sides.live.clients.call({ playId: player.id }, 'ping', [[1], 'a'], 1000);
    await sides.settle();
    expect(await answered).toEqual({ kind: 'result', values: ['ping', [1], 'a'] });
    expect(lengths).toEqual([0]);
    expect(replies).toEqual([
      { kind: 'error', code: 'NetConnection.Call.Failed', message: 'There is no such method.' },
    ]);
    const told = { status: 'NetStream.Play.Failed', code: 'ERR_SESSION_KICKED', description: 'out' } as const;
    const toBytes = clonedByteSide(sides.toDoor);
    toBytes.order({ kind: 'requestReconnect', of: { playId: player.id }, tcUrl: undefined, description: 'again' });
    toBytes.order({ kind: 'stopPlay', playId: player.id, reason: 'kicked', told });
    await sides.settle();
    expect([sides.reconnects, sides.clientsTold]).toEqual([[[undefined, 'again']], [told]]);
    // Another stream may have HEVC only, and shows another codec.
    const guarded = await sides.run('guarded');
    sides.live.commands.limit(guarded.streamId, { codecs: ['hvc1'] });
    await sides.settle();
    guarded.publication.append(batch(message('audio', 1)), sides.nowMs);
    await sides.settle();
    expect(sides.last('streamEnded')).toMatchObject({ reason: 'limit', detail: 'ERR_LIMIT_CODEC' });
    // One that goes to another node is held, and ends.
    const leaving = await sides.run('leaving');
    toBytes.order({ kind: 'yieldStream', streamId: leaving.streamId });
    await sides.settle();
    expect(sides.live.streams().find(({ name }) => name === 'leaving')).toMatchObject({ state: 'suspended' });
    // The fact side accepts a play whose stream has ended on the byte side.
    const late = sides.ask();
    run.end('client_unpublish');
    await sides.settle();
    expect(late.decision === undefined || late.sink.notices.includes('gone')).toBe(true);
    (await sides.run('held')).end('client_closed');
    await sides.settle();
    await sides.pass(1000);
    const waiting = sides.publish('gone');
    waiting.request.withdraw('client_closed', 'client_closed');
    door.dropped(facts, 'message_type', 1, true);
    door.dropped(facts, 'message_type', 2, false);
    door.dataRefused('ERR_AMF_DEPTH');
    door.dataMended();
    door.closed(facts, 'ERR_PEER_CLOSED', '', 0);
    const object = { app: 'live', name: 'chat', isPersistent: false, version: 1, slots: 1, bytes: 1200, users: 2 };
    sides.toFacts.report({ kind: 'sharedObjectNews', news: { verb: 'changed', ...object, changes: 1, sends: 0 } });
    await sides.settle();
    expect(sides.told.filter(([name]) => name === 'signal')).toEqual([
      ['signal', ['so', 'live', 'chat', 'changed'], { ...object, changes: 1, sends: 0 }],
    ]);
    expect(Object.keys(KINDS).filter((kind) => !sides.kinds.has(kind))).toEqual([]);
    const { droppedBy, dataMessagesMended, dataRefusedBy, closedBy } = sides.live.connections;
    expect([droppedBy.get('message_type'), dataMessagesMended, dataRefusedBy.size, closedBy.size]).toEqual([
      3, 1, 1, 1,
    ]);
    expect(sides.told.filter(([name]) => name === 'streamData').map((call) => call[2])).toMatchObject([
      { values: ['a', new Date(0), { b: [null, undefined, 1] }] },
    ]);
  });
});
