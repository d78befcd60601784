import { describe, expect, it } from 'vitest';
import { endWords, eventWords } from '../../../src/page/event-words.js';

const words = (name: string, data: Record<string, unknown>): string => {
  const told = eventWords({ id: '1', type: `io.sluice.${name}`, subject: 'live/cam1', time: '', data });
  return `${told.tone} ${told.name}: ${told.detail}`;
};
const peer = { address: '192.0.2.7', port: 50_000 };

describe('an event in words', () => {
  it('tells who publishes, and what came of it', () => {
    expect(words('stream.started', { peer, transport: 'rtmp', encoder: 'OBS' })).toBe(
      'good stream started: from 192.0.2.7:50000, over rtmp, by OBS',
    );
    const tracks = [{ id: 0, kind: 'video', codec: 'avc1.64001f', width: 640, height: 360 }];
    expect(words('stream.ready', { tracks, timeToReadyMs: 186, gopMs: 2000, missing: ['audio'] })).toBe(
      'good stream ready: H.264 640x360, without audio, after 186 ms, a keyframe every 2.0 s',
    );
    expect(words('stream.stalled', { kind: 'video', trackId: 0, gapMs: 5000 })).toBe(
      'warn stream stalled: video track 0 without frames for 5.0 s',
    );
    expect(words('stream.ended', { reason: 'client_closed', durationMs: 123_000, bytes: 12_345 })).toBe(
      'warn stream ended: client closed, after 2:03, 12.3 kB',
    );
  });

  it('tells of players and files', () => {
    expect(words('play.ended', { reason: 'kicked', durationMs: 1500, bytes: 10, drops: 2 })).toBe(
      'quiet play ended: kicked, after 1.5 s, 10 B, 2 dropped frames',
    );
    expect(words('record.started', { file: 'live/cam1.mp4' })).toBe('good record started: live/cam1.mp4');
  });

  it('has the name alone where the type is not known, or nothing of what was expected', () => {
    expect(words('stream.levitated', { reason: 'x' })).toBe('quiet stream levitated: ');
    expect(words('constructor', {})).toBe('quiet constructor: ');
    expect(words('stream.resumed', { peer: null })).toBe('good stream resumed: after 0 ms');
    expect(words('stream.updated', { after: null })).toBe('quiet stream updated: ');
    expect(words('stream.data', {})).toBe('quiet stream data: null');
  });
});

describe('the end of a stream', () => {
  it('is told as a sentence goes on', () => {
    expect([endWords('client_closed'), endWords('new_reason'), endWords('toString')]).toEqual([
      'its publisher disconnected',
      'new reason',
      'toString',
    ]);
  });
});
