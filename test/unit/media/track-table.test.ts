import { describe, expect, it } from 'vitest';
import { roundFrameRate } from '../../../src/media/frame-rate.js';
import { factsFromMetadata } from '../../../src/media/metadata.js';
import { TrackTable } from '../../../src/media/track-table.js';
import { VIDEO_CONFIGS } from '../../support/media-vectors/video-config.js';
import { LEGACY_VIDEO, VP9 } from '../../support/media-vectors/video-frame.js';

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const vector = (name: string): (typeof VIDEO_CONFIGS)[number] => VIDEO_CONFIGS.find((v) => v.name.startsWith(name))!;

describe('a measured frame rate', () => {
  it.each([
    [15, 15],
    [24000 / 1001, 23.976],
    [24, 24],
    [25, 25],
    [30000 / 1001, 29.97],
    [30, 30],
    [50, 50],
    [60000 / 1001, 59.94],
    [60, 60],
    [120, 120],
  ])('of %f frames per second is recognised from two seconds of whole milliseconds', (rate, told) => {
    const frames = Math.round(2.1 * rate);
    for (const start of [0, 0.4, 1234.5]) {
      const lastedMs = Math.floor(start + (frames * 1000) / rate) - Math.floor(start);
      expect(roundFrameRate((frames * 1000) / lastedMs)).toBe(told);
    }
  });

  it('that encoders do not use is told as measured, to two places', () => {
    expect(roundFrameRate(17)).toBe(17);
    expect(roundFrameRate(24.5049)).toBe(24.5);
    expect(roundFrameRate(0.3333)).toBe(0.33);
  });
});

describe('facts from onMetaData', () => {
  it('reads what OBS and ffmpeg write', () => {
    expect(
      factsFromMetadata({
        width: 1920,
        height: 1080,
        framerate: 29.97,
        videodatarate: 2500.4,
        audiosamplerate: 48000,
        stereo: true,
        audiodatarate: 160,
        encoder: 'obs-output module',
      }),
    ).toEqual({
      video: { width: 1920, height: 1080, fps: 29.97, kbps: 2500 },
      audio: { sampleRate: 48000, channels: 2, kbps: 160 },
      encoder: 'obs-output module',
    });
  });

  it('ignores what cannot be true', () => {
    const lies = {
      width: 0,
      height: -1,
      framerate: Number.NaN,
      audiosamplerate: 1e12,
      audiochannels: 0,
      encoder: 5,
      videodatarate: null,
    };
    expect(factsFromMetadata(lies)).toEqual({ video: {}, audio: {} });
    for (const value of [null, undefined, 5, 'x', [], new Date(0)])
      expect(factsFromMetadata(value)).toEqual({ video: {}, audio: {} });
  });

  it('cuts a long encoder name', () => {
    expect(factsFromMetadata({ encoder: 'x'.repeat(5000) }).encoder).toHaveLength(128);
  });
});

describe('the track table', () => {
  const avc = vector('constant 30, 1280x720');

  it('prefers what headers say to what metadata says, and names the rates of both as claims', () => {
    const table = new TrackTable();
    table.metadata({ width: 1, height: 1, framerate: 5, audiosamplerate: 8000, stereo: false, videodatarate: 2500 });
    table.config('video', bytes(`17 00 000000 ${avc.config}`));
    table.config('audio', bytes('AF 00 1190'));
    expect(table.tracks()).toEqual([
      { id: 0, kind: 'video', codec: avc.codec, width: 1280, height: 720, declaredFps: 5, declaredKbps: 2500 },
      { id: 0, kind: 'audio', codec: 'mp4a.40.2', sampleRate: 48000, channels: 2 },
    ]);
    expect(table.wantsFrames('video')).toBe(false);
    expect(table.wantsFrames('audio')).toBe(false);
  });

  it('names the rate of the header, constant or nominal, as a claim when the metadata has none', () => {
    for (const name of ['constant 30, 1280x720', 'high 1280x720']) {
      const table = new TrackTable();
      table.config('video', bytes(`17 00 000000 ${vector(name).config}`));
      expect(table.tracks()[0]).toMatchObject({ width: 1280, height: 720, declaredFps: 30 });
      expect(table.tracks()[0]?.fps).toBeUndefined();
      table.metadata({ framerate: 15 });
      expect(table.tracks()[0]).toMatchObject({ declaredFps: 15 });
    }
  });

  it('shows measured rates beside the claims', () => {
    const table = new TrackTable();
    table.metadata({ framerate: 1000, videodatarate: 2500 });
    table.config('video', bytes(`17 00 000000 ${avc.config}`));
    table.rates('video', 0, { fps: 25, kbps: 310 });
    expect(table.tracks()[0]).toMatchObject({ fps: 25, kbps: 310, declaredFps: 1000, declaredKbps: 2500 });
  });

  it('takes a changed header, and keeps what an empty or damaged one would have changed', () => {
    const table = new TrackTable();
    table.config('video', bytes(`17 00 000000 ${avc.config}`));
    const before = table.tracks();
    for (const empty of ['17 00 000000', '17 00', '17 00 000000 00', '17 00 000000 0164'])
      table.config('video', bytes(empty));
    for (const empty of ['af 00', 'af', 'af 00 00']) table.config('audio', bytes(empty));
    expect(table.tracks()).toEqual(before);
    table.config('video', bytes(`17 00 000000 ${vector('baseline').config}`));
    expect(table.tracks()[0]).toMatchObject({ width: 320, height: 240 });
  });

  it.each(['17 01 000000', '91 61766331 000000'])(
    'reads the size of AVC from the first parameter set in band when the record has none, behind %s',
    (prefix) => {
      const { config, width, height } = vector('baseline');
      const record = Buffer.from(bytes(config));
      const spsBytes = record.readUInt16BE(6);
      const sps = record.subarray(8, 8 + spsBytes);
      const without = Buffer.concat([record.subarray(0, 5), Buffer.from([0xe0, 0])]);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(sps.length);
      const frame = Buffer.concat([bytes(prefix), bytes('00000002 09f0'), length, sps, bytes('00000003 658884')]);
      const table = new TrackTable();
      const header = prefix.startsWith('17') ? '17 00 000000' : '90 61766331';
      table.config('video', Buffer.concat([bytes(header), without]));
      expect(table.tracks()[0]?.width).toBeUndefined();
      expect(table.wantsFrames('video')).toBe(true);
      table.frame('video', frame.subarray(0, 20));
      table.frame('video', frame);
      expect(table.tracks()[0]).toMatchObject({ width, height });
      expect(table.wantsFrames('video')).toBe(false);
    },
  );

  it('reads the size of HEVC likewise, with lengths of two bytes', () => {
    const { config, width, height } = vector('hevc main');
    const record = Buffer.from(bytes(config));
    const at = record.indexOf(Buffer.from([0x42, 0x01]), 23);
    const sps = record.subarray(at, at + record.readUInt16BE(at - 2));
    const without = Buffer.concat([record.subarray(0, 21), Buffer.from([(record[21]! & 0xfc) | 1, 0])]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(sps.length);
    const table = new TrackTable();
    table.config('video', Buffer.concat([bytes('90 68766331'), without]));
    table.frame('video', Buffer.concat([bytes('93 68766331 0004 40010c01'), length, sps]));
    expect(table.tracks()[0]).toMatchObject({ width, height });
  });

  it('forgets a track whose codec is another one now, and learns it anew from frames', () => {
    const table = new TrackTable();
    table.config('audio', bytes('AF 00 1190'));
    table.forget('audio', 0);
    expect(table.wantsFrames('audio')).toBe(true);
    table.frame('audio', bytes('2F FFFB9064'));
    expect(table.tracks()).toEqual([{ id: 0, kind: 'audio', codec: 'mp4a.40.34', sampleRate: 44100, channels: 2 }]);
  });

  it('learns codec and size of streams without a header from frames', () => {
    const table = new TrackTable();
    const [flv1] = LEGACY_VIDEO;
    table.frame('video', bytes(flv1!.inter));
    table.frame('video', bytes(flv1!.key));
    table.frame('audio', bytes('2F FFFB9064'));
    expect(table.tracks()).toMatchObject([
      { codec: 'flv1', width: flv1!.width, height: flv1!.height },
      { codec: 'mp4a.40.34', sampleRate: 44100, channels: 2 },
    ]);
  });

  it('keeps the codec string of the record and takes the size of VP9 from the frame, also when the header comes again', () => {
    const [vp9] = VP9;
    const table = new TrackTable();
    const header = bytes(`90 76703039 ${vp9!.config}`);
    table.config('video', header);
    table.frame('video', bytes(`91 76703039 ${vp9!.frame}`));
    table.config('video', header);
    expect(table.tracks()[0]).toMatchObject({ codec: vp9!.codec, width: vp9!.width, height: vp9!.height });
  });

  it('stops looking at frames that tell nothing', () => {
    const table = new TrackTable();
    for (let i = 0; i < 200; i++) table.frame('video', bytes('2F 00'));
    expect(table.wantsFrames('video')).toBe(false);
    expect(table.tracks()).toEqual([]);
  });

  it('holds at most 32 tracks', () => {
    const table = new TrackTable();
    for (let id = 0; id < 100; id++) {
      const track = id.toString(16).padStart(2, '0');
      table.config('audio', bytes(`95 00 4F707573 ${track}`));
    }
    expect(table.tracks()).toHaveLength(32);
  });
});
