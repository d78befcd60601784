import { describe, expect, it, vi } from 'vitest';
import { TrackList } from '../../../src/hub/track-list.js';
import { TrackTable } from '../../../src/media/track-table.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');
/** AVC decoder configuration: Constrained Baseline, level 1.3, 320 by 240. */
const AVC = hex(
  '17 00 000000 01 42c00d ff e1 0016 6742c00dd90141fb0110000003001000000303c0f1429920 01 0005 68cb83cb20',
);
const AAC = hex('af 00 1210');
const MP3 = hex('2f fffb9064 00000000');

const START = 10_000;

function seeAudio(tracks: TrackList, nowMs = START): void {
  tracks.observe({ kind: 'audio', trackId: 0, header: true, timestamp: 0, payload: AAC }, nowMs);
}

function seeVideo(tracks: TrackList, nowMs = START): void {
  tracks.observe({ kind: 'video', trackId: 0, header: true, timestamp: 0, payload: AVC }, nowMs);
}

describe('the tracks of a publication', () => {
  it('are not ready before anything has come, however long it takes', () => {
    const tracks = new TrackList(10_000);
    expect(tracks.isReady(START + 60_000)).toBe(false);
    tracks.noteMetadata({ videocodecid: 7 });
    expect(tracks.isReady(START + 60_000)).toBe(false);
  });

  it('are ready at once when both kinds have shown their facts and video its keyframe', () => {
    const tracks = new TrackList(10_000);
    seeVideo(tracks);
    seeAudio(tracks);
    expect(tracks.isReady(START)).toBe(false);
    tracks.noteKeyframe();
    expect(tracks.isReady(START)).toBe(true);
    expect(tracks.list().map(({ kind, codec }) => [kind, codec])).toEqual([
      ['video', 'avc1.42c00d'],
      ['audio', 'mp4a.40.2'],
    ]);
  });

  it('wait for video to show its keyframe, and say that it is missing when the time is over', () => {
    const tracks = new TrackList(10_000);
    seeVideo(tracks);
    seeAudio(tracks);
    expect(tracks.isReady(START + 9999)).toBe(false);
    expect(tracks.isReady(START + 10_000)).toBe(true);
    expect(tracks.missing).toEqual(['video']);
    tracks.noteKeyframe();
    expect(tracks.missing).toEqual([]);
  });

  it('are ready without any when nothing but data has come for the whole time', () => {
    const tracks = new TrackList(10_000);
    tracks.noteMetadata({ title: 'positions' });
    tracks.noteData(START);
    tracks.noteData(START + 9000);
    expect(tracks.isReady(START + 9999)).toBe(false);
    expect(tracks.isReady(START + 10_000)).toBe(true);
    expect([tracks.list(), tracks.missing, tracks.dataMs]).toEqual([[], [], START + 9000]);
    seeVideo(tracks, START + 10_000);
    expect([tracks.isReady(START + 10_000), tracks.dataMs]).toEqual([false, 0]);
  });

  it('are awaited when metadata promises them, whatever data comes', () => {
    const tracks = new TrackList(10_000);
    tracks.noteData(START);
    tracks.noteMetadata({ videocodecid: 7 });
    expect([tracks.isReady(START + 60_000), tracks.dataMs]).toEqual([false, 0]);
  });

  it('are never ready while nobody can play anything of them', () => {
    const tracks = new TrackList(10_000);
    seeVideo(tracks);
    expect(tracks.isReady(START + 60_000)).toBe(false);
  });

  it('are ready at once with one kind when the metadata promises no other', () => {
    const video = new TrackList(10_000);
    video.noteMetadata({ videocodecid: 7, width: 320 });
    seeVideo(video);
    video.noteKeyframe();
    expect(video.isReady(START)).toBe(true);
    const audio = new TrackList(10_000);
    audio.noteMetadata({ audiocodecid: 10, hasVideo: false, width: 0 });
    seeAudio(audio);
    expect(audio.isReady(START)).toBe(true);
  });

  it.each([0, 4000, 10_000])('wait %i milliseconds for a kind that the metadata promises, and then no longer', (ms) => {
    const tracks = new TrackList(ms);
    tracks.noteMetadata({ videocodecid: 7, audiocodecid: 10 });
    seeVideo(tracks);
    tracks.noteKeyframe();
    if (ms > 0) expect(tracks.isReady(START + ms - 1)).toBe(false);
    expect(tracks.isReady(START + ms)).toBe(true);
    expect(tracks.missing).toEqual(['audio']);
  });

  it('wait 0.7 seconds for the second kind when there is no metadata', () => {
    const tracks = new TrackList(10_000);
    tracks.observe({ kind: 'audio', trackId: 0, header: false, timestamp: 0, payload: MP3 }, START);
    expect(tracks.isReady(START + 699)).toBe(false);
    expect(tracks.isReady(START + 700)).toBe(true);
    expect(tracks.list()[0].codec).toBe('mp4a.40.34');
  });

  it('expect video when it was seen or promised', () => {
    const tracks = new TrackList(10_000);
    expect(tracks.expectsVideo).toBe(false);
    tracks.noteMetadata({ videocodecid: 7 });
    expect(tracks.expectsVideo).toBe(true);
    const seen = new TrackList(10_000);
    seeVideo(seen);
    expect(seen.expectsVideo).toBe(true);
  });

  it('look at frames of a kind only until its facts are known', () => {
    const tracks = new TrackList(10_000);
    expect(tracks.wants('audio', 0)).toBe(true);
    seeAudio(tracks);
    expect(tracks.wants('audio', 0)).toBe(false);
    expect(tracks.wants('audio', 1)).toBe(true);
    expect(tracks.wants('video', 0)).toBe(true);
  });

  it('keep the same shape until something but a measured rate changes', () => {
    const tracks = new TrackList(10_000);
    seeVideo(tracks);
    const { shape } = tracks.facts;
    seeVideo(tracks);
    expect(tracks.facts.shape).toBe(shape);
    seeAudio(tracks);
    expect(tracks.facts.shape).not.toBe(shape);
  });

  it('change their shape with what the metadata says, not with metadata that says the same', () => {
    const tracks = new TrackList(10_000);
    seeVideo(tracks);
    tracks.noteMetadata({ framerate: 29.97, videodatarate: 1000, encoder: 'e' });
    const { shape, metadata } = tracks.facts;
    expect(metadata).toEqual({ encoder: 'e', fps: 29.97, videoKbps: 1000 });
    tracks.noteMetadata({ framerate: '29.97', videodatarate: 1000.2, encoder: 'e', comment: 'new' });
    expect(tracks.facts.shape).toBe(shape);
    tracks.noteMetadata({ framerate: 29.97, videodatarate: 2000, encoder: 'e' });
    expect(tracks.facts.shape).not.toBe(shape);
    tracks.noteMetadata(null);
    expect(tracks.facts.metadata).toEqual({});
  });

  it('believe the media before the metadata, which only fills gaps', () => {
    const tracks = new TrackList(10_000);
    tracks.noteMetadata({ width: 1, height: 2, framerate: 25 });
    seeVideo(tracks);
    expect(tracks.list()[0]).toMatchObject({ width: 320, height: 240, declaredFps: 25 });
  });

  it('change their shape with a measured rate that is more than a tenth from what was told or claimed, and not with less', () => {
    const tracks = new TrackList(10_000);
    tracks.noteMetadata({ framerate: 25, videodatarate: 1000 });
    seeVideo(tracks);
    let { shape } = tracks.facts;
    const measured = (fps: number, kbps: number, tellKbps = true): boolean => {
      tracks.noteRates('video', 0, { fps, kbps }, tellKbps);
      expect(tracks.list()[0]).toMatchObject({ fps, kbps });
      const changed = tracks.facts.shape !== shape;
      shape = tracks.facts.shape;
      return changed;
    };
    expect(measured(27.5, 1100)).toBe(false);
    expect(measured(27.6, 1000)).toBe(true);
    expect(measured(30, 1000)).toBe(false);
    expect(measured(25, 1000)).toBe(false);
    expect(measured(24, 1000)).toBe(true);
    expect(measured(24, 1101, false)).toBe(false);
    expect(measured(24, 1101)).toBe(true);
  });

  it('change their shape with the first measured rate when nothing was claimed', () => {
    const tracks = new TrackList(10_000);
    seeVideo(tracks);
    const { shape } = tracks.facts;
    tracks.noteRates('video', 0, { fps: 5 }, false);
    expect(tracks.facts.shape).not.toBe(shape);
    tracks.noteRates('audio', 0, { kbps: 64 }, true);
    expect(tracks.list()).toHaveLength(1);
  });

  it('change their shape with the first measured frame rate though the header states the same', () => {
    const tracks = new TrackList(10_000);
    tracks.noteMetadata({ framerate: 0, videocodecid: 7 });
    seeVideo(tracks);
    const { declaredFps } = tracks.list()[0];
    expect(declaredFps).toBeGreaterThan(0);
    const { shape } = tracks.facts;
    tracks.noteRates('video', 0, { fps: declaredFps! }, false);
    expect(tracks.facts.shape).not.toBe(shape);
  });

  it('describe themselves once for any number of observations, when they are asked', () => {
    const tracks = new TrackList(10_000);
    const described = vi.spyOn(TrackTable.prototype, 'tracks');
    for (let n = 0; n < 500; n++) {
      seeVideo(tracks);
      tracks.noteMetadata({ width: n + 1, height: 2 });
      tracks.isReady(START);
    }
    expect(described).not.toHaveBeenCalled();
    void [tracks.facts, tracks.list(), tracks.facts];
    expect(described).toHaveBeenCalledTimes(1);
    described.mockRestore();
  });

  it('survive metadata and headers of any shape', () => {
    const tracks = new TrackList(10_000);
    for (const odd of [null, undefined, 5, 'x', [1], new Date(0), { width: null, hasAudio: 'no' }]) {
      tracks.noteMetadata(odd as never);
    }
    for (const kind of ['audio', 'video'] as const) {
      for (const bytes of ['', 'af', '1700', '90', '9568', 'ffffffff']) {
        tracks.observe({ kind, trackId: 0, header: true, timestamp: 0, payload: hex(bytes) }, START);
        tracks.observe({ kind, trackId: 0, header: false, timestamp: 0, payload: hex(bytes) }, START);
      }
    }
    expect(Array.isArray(tracks.list())).toBe(true);
  });
});
