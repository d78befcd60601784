import { describe, expect, it } from 'vitest';
import { newId } from '../../../../src/core/ids.js';
import { stateOf } from '../../../../src/events/open-streams.js';
import { SIGNALS } from '../../../../src/events/schemas/index.js';
import { ManualClock } from '../../../support/events-parts.js';
import { ListSink, lifecycleOn } from '../../../support/every-event.js';
import { schemaProblems, signalSchema } from '../../../support/schemas.js';

describe('the schemas', () => {
  it('fit every signal and every state that a lifecycle tells', async () => {
    const [clock, sink] = [new ManualClock(), new ListSink()];
    const { lifecycle, signals } = lifecycleOn(sink, clock);
    const [streamId, connectionId, peer] = [newId(), newId(), { address: '::1', port: 1 }];
    const states = () => [...lifecycle.openStreams.values()].map(stateOf);
    lifecycle.connection('opened', connectionId, { peer, transport: 'rtmp' });
    lifecycle.connection('rejected', newId(), { peer: { ...peer, port: 0 }, code: 'ERR_LIMIT_ACCEPT_RATE' });
    lifecycle.want('wanted', { app: 'live', name: 'cam', urls: { rtmp: 'rtmp://127.0.0.1/live/cam' } });
    await lifecycle.streamStarted({ streamId, app: 'live', name: 'cam', connectionId, peer, transport: 'rtmp' });
    lifecycle.want('unwanted', { app: 'live', name: 'cam', urls: { rtmp: 'rtmp://127.0.0.1/live/cam' } });
    const seen = states();
    lifecycle.streamReady(streamId, { tracks: [{ id: 0, kind: 'audio', codec: 'mp4a.40.2' }], timeToReadyMs: 5 });
    const totals = { bytes: 1, audioFrames: 1, videoFrames: 0, drops: 0 };
    lifecycle.telemetry(streamId, { totals, kbpsIn: 1, kbpsOut: 0, fps: 0, players: 0 });
    seen.push(...states());
    lifecycle.streamSuspended(streamId, { resumeWindowMs: 1000 });
    seen.push(...states());
    const object = { app: 'live', name: 'chat', isPersistent: true, version: 1, slots: 1, bytes: 1200, users: 2 };
    for (const verb of ['created', 'changed', 'released'])
      lifecycle.signal(['so', 'live', 'chat', verb], { ...object, changes: 1, sends: 0 });
    lifecycle.connection('closed', connectionId, { peer, code: 'ERR_PEER_CLOSED', detail: '' });
    for (const state of seen) expect(schemaProblems('kv.stream-state', state)).toEqual([]);
    expect(seen.map(({ state }) => state)).toEqual(['live', 'ready', 'suspended']);
    const told = new Set<string>();
    for (const { tokens, data } of signals) {
      told.add(signalSchema(tokens));
      expect(schemaProblems(signalSchema(tokens), data), tokens.join('.')).toEqual([]);
      expect(schemaProblems(signalSchema(tokens), { ...data, nodeId: 1 })).not.toEqual([]);
    }
    // Those of the ring are told by the bus itself.
    const ofLifecycle = Object.keys(SIGNALS).filter((name) => !name.startsWith('signal.ring.'));
    expect([...told].sort()).toEqual(ofLifecycle.sort());
  });
});
