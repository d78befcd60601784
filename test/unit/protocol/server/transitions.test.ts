import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../../src/protocol/server/commands/index.js';
import type { InputDetails } from '../../../../src/protocol/server/net-stream.js';
import { NET_STREAM_EFFECTS, streamInput } from '../../../../src/protocol/server/net-stream-effects.js';
import { SessionCore } from '../../../../src/protocol/server/session-core.js';
import { sessionSettings } from '../../../../src/protocol/server/session-options.js';
import {
  ACTIVE_STATES,
  CONNECTION_TABLE,
  NET_STREAM_TABLE,
  type NetStreamInput,
  type NetStreamState,
} from '../../../../src/protocol/server/transitions.js';
import { ServerPeer } from '../../../support/protocol/server-peer.js';
import { Transcript } from '../../../support/protocol/transcript.js';

const STATES = Object.keys(NET_STREAM_TABLE) as NetStreamState[];
const INPUTS = Object.keys(NET_STREAM_TABLE.idle) as NetStreamInput[];

/** Every input with what comes with it. */
function detailsOf(input: NetStreamInput): InputDetails {
  switch (input) {
    case 'publish':
      return { input, requestedName: 'a', app: 'live', name: 'a', query: '', publishType: 'live' };
    case 'play':
      return {
        ...{ input, requestedName: 'a', app: 'live', name: 'a', query: '' },
        ...{ start: -2, duration: -1, reset: true },
      };
    case 'play_accepted':
      return { input, isRecorded: false };
    case 'seek':
      return { input, positionMs: 0 };
    case 'play_completed':
      return { input, seconds: 1, bytes: 1 };
    case 'publish_rejected':
      return { input, code: 'NetStream.Publish.BadName', description: 'no' };
    case 'play_rejected':
      return { input, code: 'NetStream.Failed', description: 'no' };
    case 'receive':
      return { input, audio: false };
    case 'data':
      return { input, timestamp: 0, name: 'onMetaData', type: 18, payload: Buffer.alloc(0), values: [] };
    case 'kick':
      return { input, status: 'NetStream.Publish.Rejected', description: 'out' };
    default:
      return { input };
  }
}

/** How to get from a fresh NetStream into each state. */
const PATHS: Readonly<Record<NetStreamState, readonly NetStreamInput[]>> = {
  idle: [],
  publish_pending: ['publish'],
  publishing: ['publish', 'publish_accepted'],
  play_pending: ['play'],
  playing: ['play', 'play_accepted'],
  paused: ['play', 'play_accepted', 'pause'],
  deleted: ['delete'],
};

function streamIn(state: NetStreamState) {
  const core = new SessionCore(sessionSettings({ nowMs: 0 }));
  core.connectionInput('connect');
  core.connectionInput('connect_accepted');
  const stream = core.createStream()!;
  for (const input of PATHS[state]) streamInput(core, stream, detailsOf(input));
  core.takeActions();
  return { core, stream };
}

describe('the NetStream table', () => {
  for (const state of STATES) {
    it(`is reached in the way these tests go: ${state}`, () => {
      expect(streamIn(state).stream.state).toBe(state);
    });
    for (const input of INPUTS) {
      const { to, effect } = NET_STREAM_TABLE[state][input];
      it(`${state} × ${input}: goes to ${to} and does ${effect}`, () => {
        const { core, stream } = streamIn(state);
        streamInput(core, stream, detailsOf(input));
        expect(stream.state).toBe(to);
        expect(core.streams.has(stream.id)).toBe(to !== 'deleted');
        expect(core.isActive).toBe(ACTIVE_STATES.has(to));
        const lines = new Transcript().lines(core.takeActions());
        expect(lines.length > 0).toBe(effect !== 'ignore' && !(effect === 'change_receive' && isSilent(to)));
        expect(lines.slice(0, -1).filter((line) => line.startsWith('! close'))).toEqual([]);
      });
    }
  }

  function isSilent(state: NetStreamState): boolean {
    return state !== 'playing' && state !== 'paused';
  }

  it('changes state on ignore never', () => {
    for (const state of STATES) {
      for (const input of INPUTS) {
        const { to, effect } = NET_STREAM_TABLE[state][input];
        if (effect === 'ignore' && to !== 'deleted') expect([state, input, to]).toEqual([state, input, state]);
      }
    }
  });

  it('accepts data, and so media, in no state but publishing', () => {
    const accepting = STATES.filter((state) => NET_STREAM_TABLE[state].data.effect === 'accept_data');
    expect(accepting).toEqual(['publishing']);
  });

  it('enters publishing by an accepted answer only', () => {
    const entries = STATES.flatMap((state) =>
      INPUTS.filter((input) => state !== 'publishing' && NET_STREAM_TABLE[state][input].to === 'publishing').map(
        (input) => `${state} × ${input}`,
      ),
    );
    expect(entries).toEqual(['publish_pending × publish_accepted']);
  });

  it('uses every effect there is', () => {
    const used = new Set(STATES.flatMap((state) => INPUTS.map((input) => NET_STREAM_TABLE[state][input].effect)));
    expect([...used].sort()).toEqual(Object.keys(NET_STREAM_EFFECTS).sort());
  });

  it('lets nothing out of deleted', () => {
    for (const input of INPUTS) expect(NET_STREAM_TABLE.deleted[input]).toEqual({ to: 'deleted', effect: 'ignore' });
  });
});

describe('the connection table', () => {
  it('has exactly these cells', () => {
    const cells = Object.entries(CONNECTION_TABLE).flatMap(([state, row]) =>
      Object.entries(row).map(([input, { to, effect }]) => `${state} × ${input} → ${to}, ${effect}`),
    );
    expect(cells).toEqual([
      'awaiting_connect × connect → connect_pending, request_connect',
      'awaiting_connect × connect_accepted → awaiting_connect, ignore',
      'awaiting_connect × command → closed, refuse_early',
      'awaiting_connect × data → closed, refuse_early',
      'awaiting_connect × control → awaiting_connect, dispatch',
      'awaiting_connect × close → closed, close',
      'connect_pending × connect → closed, refuse_connect',
      'connect_pending × connect_accepted → connected, accept_connect',
      'connect_pending × command → closed, refuse_early',
      'connect_pending × data → closed, refuse_early',
      'connect_pending × control → connect_pending, dispatch',
      'connect_pending × close → closed, close',
      'connected × connect → closed, refuse_connect',
      'connected × connect_accepted → connected, ignore',
      'connected × command → connected, dispatch',
      'connected × data → connected, dispatch',
      'connected × control → connected, dispatch',
      'connected × close → closed, close',
      'closed × connect → closed, ignore',
      'closed × connect_accepted → closed, ignore',
      'closed × command → closed, ignore',
      'closed × data → closed, ignore',
      'closed × control → closed, ignore',
      'closed × close → closed, ignore',
    ]);
  });

  it('lets no command do anything once closed', () => {
    for (const name of ['connect', ...COMMANDS.keys()]) {
      const peer = new ServerPeer().publish();
      peer.session.shutdown('out');
      expect(peer.call(1, name, 5, null, 'cam')).toEqual([]);
    }
  });
});
