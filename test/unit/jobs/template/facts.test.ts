import { describe, expect, it } from 'vitest';
import type { StreamReady, StreamStarted, StreamState, StreamUpdated } from '../../../../src/events/event-types.js';
import {
  factsOfStarted,
  factsOfState,
  factsOfWanted,
  factsWithReady,
  factsWithUpdate,
} from '../../../../src/jobs/template/facts.js';

const ref = {
  ...{ streamId: '01JZ8Z4M1R3S5T7V9WBCDEFGHJ', app: 'live', name: 'cam1', connectionId: 'c1', nodeId: 'n1' },
  bootId: '01JZ8Z4M1R3S5T7V9WBCDEFGHK',
};
const startedAt = '2026-01-31T12:00:00.000Z';
const video = { id: 0, kind: 'video', codec: 'avc1.64001f', width: 1920, height: 1080, fps: 25, kbps: 4000 } as const;
const audio = { id: 0, kind: 'audio', codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, kbps: 128 } as const;
const ofTracks = {
  ...{ width: 1920, height: 1080, fps: 25, videoCodec: 'avc1.64001f', audioCodec: 'mp4a.40.2' },
  ...{ sampleRate: 48_000, channels: 2, kbps: 4128 },
};
const ofStream = { streamId: ref.streamId, app: 'live', name: 'cam1', startedAt, transport: 'rtmp' };
const peer = { address: '192.0.2.7', port: 5000 } as unknown as StreamStarted['peer'];
const started: StreamStarted = { ...ref, peer, transport: 'rtmp', encoder: 'OBS', labels: { site: 'a' } };
const ready: StreamReady = { ...ref, tracks: [video, audio], timeToReadyMs: 400, gopMs: 2000 };

describe('facts of a stream', () => {
  it('come from its state', () => {
    const state: StreamState = {
      ...{ ...ref, state: 'live', seq: 5, startedAt, transport: 'rtmp', tracks: [audio, video] },
      ...{ readyAt: '2026-01-31T12:00:00.400Z', encoder: 'OBS', labels: { site: 'a' } },
    };
    expect(factsOfState(state)).toEqual({
      ...{ ...ofStream, ...ofTracks, labels: { site: 'a' }, encoder: 'OBS', timeToReadyMs: 400 },
    });
  });

  it('are missing from a state that does not know them', () => {
    const state: StreamState = { ...ref, state: 'live', seq: 1, startedAt, transport: 'rtmp', tracks: [] };
    expect(Object.entries(factsOfState(state)).sort()).toEqual(Object.entries({ ...ofStream, labels: {} }).sort());
  });

  it('come from its events, one after the other', () => {
    const first = factsOfStarted(started, startedAt);
    expect(first).toEqual({ ...ofStream, labels: { site: 'a' }, encoder: 'OBS' });
    const second = factsWithReady(first, ready);
    expect(second).toEqual({ ...first, ...ofTracks, timeToReadyMs: 400, gopMs: 2000 });
    const relabelled = factsWithUpdate(second, {
      ...ref,
      before: {},
      after: { labels: { room: 'b' } },
    } as StreamUpdated);
    expect(relabelled).toEqual({ ...second, labels: { room: 'b' } });
  });

  it('lose those of tracks that are gone', () => {
    const facts = factsWithReady(factsOfStarted(started, startedAt), ready);
    const update: StreamUpdated = { ...ref, before: { tracks: [video, audio] }, after: { tracks: [audio] } };
    expect(factsWithUpdate(facts, update)).toEqual({
      ...{ ...ofStream, labels: { site: 'a' }, encoder: 'OBS', timeToReadyMs: 400, gopMs: 2000 },
      ...{ audioCodec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, kbps: 128 },
    });
  });

  it('are those of the default tracks where there are several, else of the first', () => {
    const second = { ...video, id: 1, width: 640, height: 360 };
    expect(factsWithReady(factsOfWanted('live', 'a'), { ...ready, tracks: [second, video] })).toMatchObject({
      width: 1920,
    });
    const only = factsWithReady(factsOfWanted('live', 'a'), {
      ...ready,
      tracks: [second, { ...second, id: 2, width: 1 }],
    });
    expect(only).toMatchObject({ width: 640, kbps: 8000 });
  });
});

describe('facts of a name that is wanted', () => {
  it('are the name, and where it can be published', () => {
    expect(factsOfWanted('live', 'cam1', 'rtmp://h/live/cam1')).toEqual({
      ...{ app: 'live', name: 'cam1', labels: {}, publishUrl: 'rtmp://h/live/cam1' },
    });
    expect(factsOfWanted('live', 'cam1')).not.toHaveProperty('publishUrl');
  });
});
