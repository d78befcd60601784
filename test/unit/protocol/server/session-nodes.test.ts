import { describe, expect, it } from 'vitest';
import type { NodeEntry, NodeHello } from '../../../../src/model/node-link.js';
import { type AmfInput, writeAmf0 } from '../../../../src/protocol/messages/amf0-writer.js';
import { audienceReport, helloObject } from '../../../../src/protocol/messages/node-link.js';
import type { Action } from '../../../../src/protocol/server/actions.js';
import { ServerSession } from '../../../../src/protocol/server/session.js';
import { writeSharedObject } from '../../../../src/protocol/shared-objects/message.js';
import { readAmf } from '../../../support/amf.js';
import { commandMessage, inbound } from '../../../support/protocol/messages.js';
import { Transcript } from '../../../support/protocol/transcript.js';

const BOOT = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';
const HELLO: NodeHello = { nodeId: 'edge', bootId: BOOT, ticket: 'a.b', path: ['edge'] };
const ENTRY: NodeEntry = {
  client: { nodeId: 'edge', bootId: BOOT, streamId: BOOT, app: 'live', name: 'cam' },
  welcome: {
    nodeId: 'origin',
    bootId: BOOT,
    streamId: BOOT,
    epoch: { registry: '2026-11-27T02:00:00Z', revision: 3 },
    hops: 1,
  },
};

/** A session that has read a connect. */
function connecting(sluice: AmfInput) {
  const session = new ServerSession({ nowMs: 0 });
  const actions = session.message(commandMessage(0, 'connect', 1, { app: 'live', sluice }), 0);
  return { session, request: actions.find((action) => action.kind === 'connectRequested')! };
}

/** A session whose client plays, as a node or not. */
function playing(node: NodeEntry | undefined) {
  const { session, request } = connecting(helloObject(HELLO));
  const answer = session.answerConnect(request.requestId, { accept: true, node }, 0);
  session.message(commandMessage(0, 'createStream', 2, null), 0);
  const [asked] = session.message(commandMessage(1, 'play', 0, null, 'cam'), 0);
  if (asked?.kind !== 'playRequested') throw new Error('no play');
  session.answerPlay(asked.requestId, { accept: true }, 0);
  const data = (payload: Buffer, messageStreamId = 1): Action[] =>
    session.message(inbound(18, messageStreamId, payload), 0);
  return { session, answer, data };
}

describe('a connect with an object of a node', () => {
  it('asks with what the node says', () => {
    expect(connecting(helloObject(HELLO)).request).toMatchObject({ hello: HELLO });
  });

  it.each<[string, AmfInput]>([
    ['none', undefined],
    ['a text', 'relay'],
    ['another version', { ...(helloObject(HELLO) as object), v: 2 }],
    ['no ticket', { ...(helloObject(HELLO) as object), ticket: null }],
  ])('that is %s is one of an ordinary client', (_what, sluice) => {
    expect(connecting(sluice).request).not.toHaveProperty('hello');
  });

  it('is answered with what this node is, once it is let in', () => {
    const { session, answer } = playing(ENTRY);
    const result = new Transcript().messages(answer).find(({ type }) => type === 20)!;
    const { epoch, ...welcome } = ENTRY.welcome;
    expect((readAmf(result.payload)[3] as Record<string, unknown>)['sluice']).toEqual({
      ...{ v: 1, ...welcome, epoch: epoch.revision, registry: epoch.registry },
    });
    expect(session.info.node).toEqual(ENTRY.client);
  });

  it('is answered like every other where it was not', () => {
    const { session, answer } = playing(undefined);
    const result = new Transcript().messages(answer).find(({ type }) => type === 20)!;
    const info = readAmf(result.payload)[3] as Record<string, unknown>;
    expect([info['code'], 'sluice' in info]).toEqual(['NetConnection.Connect.Success', false]);
    expect(session.info.node).toBeUndefined();
  });
});

describe('the report of an audience', () => {
  it('is taken from a node, on the message stream of its play', () => {
    const { data } = playing(ENTRY);
    expect(data(audienceReport(12))).toEqual([{ kind: 'audienceTold', messageStreamId: 1, players: 12 }]);
    expect(data(audienceReport(0), 1)).toMatchObject([{ players: 0 }]);
  });

  it.each<[string, Buffer]>([
    ['of too many players', audienceReport(1_000_001)],
    ['of no number', writeAmf0('sluiceAudience', { players: 'many' })],
    ['under another name', writeAmf0('onMetaData', { players: 1 })],
    ['that cannot be read', Buffer.from([2, 0])],
    ['that is empty', Buffer.alloc(0)],
  ])('%s is dropped, and counted', (_what, payload) => {
    expect(playing(ENTRY).data(payload)).toEqual([{ kind: 'dropped', cause: 'audience_unreadable' }]);
  });

  it('is dropped where nothing is played, and from an ordinary client', () => {
    const dropped = [{ kind: 'dropped', cause: 'data_without_publish' }];
    expect(playing(ENTRY).data(audienceReport(1), 2)).toEqual(dropped);
    expect(playing(undefined).data(audienceReport(1))).toEqual(dropped);
  });

  it('costs a node like a command', () => {
    const { data } = playing(ENTRY);
    const taken = Array.from({ length: 200 }, () => data(audienceReport(1))[0]?.kind);
    expect(taken.filter((kind) => kind === 'audienceTold').length).toBeLessThan(100);
  });
});

describe('a node that was let in', () => {
  it('has nothing to do with shared objects', () => {
    const { session } = playing(ENTRY);
    const use = writeSharedObject({ name: 'scores', version: 0, isPersistent: false, events: [{ kind: 'use' }] });
    expect(session.message(inbound(19, 0, use), 0)).toEqual([{ kind: 'dropped', cause: 'node_unfit' }]);
  });

  it.each(['scores', 'getStreamLength'])('calls nothing: %s', (method) => {
    const { session } = playing(ENTRY);
    const actions = session.message(commandMessage(0, method, 3, null, 'cam'), 0);
    expect(actions.map(({ kind }) => kind)).toEqual(['send', 'dropped']);
    expect(actions).toContainEqual({ kind: 'dropped', cause: 'node_unfit' });
  });
});
