import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeLegacyAudio } from '../../../src/media/legacy-audio.js';
import { mediaBodies } from '../../../src/media/payload.js';
import {
  parseAudioConfig,
  parseVideoConfig,
  trackFactsFromConfig,
  trackFactsFromFrame,
} from '../../../src/media/track-facts.js';
import { AUDIO_CONFIGS, AUDIO_FRAMES, LEGACY_AUDIO } from '../../support/media-vectors/audio.js';
import { VIDEO_CONFIGS } from '../../support/media-vectors/video-config.js';
import { LEGACY_VIDEO, VP8, VP9 } from '../../support/media-vectors/video-frame.js';

const bytes = (text: string): Uint8Array => Buffer.from(text.replaceAll(/[\s|]/g, ''), 'hex');
const fourCc = (name: string): string => Buffer.from(name, 'latin1').toString('hex');
const LEGACY_IDS: Readonly<Record<string, string>> = { avc1: '17', hvc1: '1C', av01: '1D' };

/** Binary digits, grouped by field, to hex; the last byte is filled with zeros. */
const packed = (...fields: string[]): string => {
  const digits = fields.join('').replaceAll(' ', '');
  return digits
    .match(/.{1,8}/g)!
    .map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2).toString(16).padStart(2, '0'))
    .join('');
};
const ue = (value: number): string => {
  const code = (value + 1).toString(2);
  return code.padStart(2 * code.length - 1, '0');
};
const PROGRAM_CONFIG = packed(
  '00010 0011 0000 000', // LC, 48000, channels told below; no core coder, no extension
  '0000 01 0011 0001 0000 0001 00 000 0000 000', // one front element, one back element
  '10000 10001', // both are channel pairs
  '0000 00000000', // alignment, no comment
);

describe('video sequence headers', () => {
  it.each(VIDEO_CONFIGS)('tells what ffprobe tells of $name (Enhanced RTMP)', (v) => {
    const track = trackFactsFromConfig('video', bytes(`90 ${fourCc(v.fourCc)} ${v.config}`))[0];
    expect(track).toMatchObject({ id: 0, kind: 'video', codec: v.codec, width: v.width, height: v.height });
    expect(track?.fps).toBe(v.fps);
    expect(parseVideoConfig(bytes(`90 ${fourCc(v.fourCc)} ${v.config}`))?.nominalFps).toBe(v.nominalFps);
  });

  it.each(VIDEO_CONFIGS)('tells the same of $name behind the legacy header', (v) => {
    expect(trackFactsFromConfig('video', bytes(`${LEGACY_IDS[v.fourCc]} 00 000000 ${v.config}`))).toEqual(
      trackFactsFromConfig('video', bytes(`90 ${fourCc(v.fourCc)} ${v.config}`)),
    );
  });

  it.each(VP9)('reads the record of $name with and without FullBox bytes, and the size from its key frame', (v) => {
    const header = `90 ${fourCc('vp09')}`;
    expect(parseVideoConfig(bytes(`${header} ${v.config}`))).toEqual({ kind: 'video', codec: v.codec });
    expect(parseVideoConfig(bytes(`${header} ${v.config.slice(8)}`))).toEqual({ kind: 'video', codec: v.codec });
    expect(trackFactsFromFrame('video', bytes(`91 ${fourCc('vp09')} ${v.frame}`))).toEqual([
      { id: 0, kind: 'video', codec: 'vp09', width: v.width, height: v.height },
    ]);
  });

  it.each(VP8)('reads the size of $name from its key frame', (v) => {
    expect(trackFactsFromFrame('video', bytes(`91 ${fourCc('vp08')} ${v.frame}`))).toEqual([
      { id: 0, kind: 'video', codec: 'vp08', width: v.width, height: v.height },
    ]);
  });

  it.each(LEGACY_VIDEO)('reads the size of $name from its key frame', (v) => {
    expect(trackFactsFromFrame('video', bytes(v.key))).toEqual([
      { id: 0, kind: 'video', codec: v.codec, width: v.width, height: v.height },
    ]);
  });

  it.each([
    ['VP6 whose macroblocks cover 640x368, 8 rows cut', '14', '08 | 7C 40 0000 17 28 00 00', 640, 360],
    ['VP6 with one partition and the advanced profile', '14', '00 | 7C 46 0F 14 00 00 00', 320, 240],
    ['VP6 with alpha: three offset bytes come first', '15', '00 000010 | 7D 46 0000 0F 14 00 00', 320, 240],
  ])('reads the size of %s', (_name, first, frame, width, height) => {
    expect(trackFactsFromFrame('video', bytes(first + frame))[0]).toMatchObject({ width, height });
  });

  it('reads the picture size and profile of a VVC record', () => {
    // ptl present; ols 0, 1 sub-layer, constant rate 0, 4:2:0; 10 bits; constraint bytes 1; Main 10 (1), tier 0, level
    // 67
    const record = 'FF 0010 DF 01 02 43 80 00 0780 0438 0000 00';
    expect(parseVideoConfig(bytes(`90 ${fourCc('vvc1')} ${record}`))).toEqual({
      kind: 'video',
      codec: 'vvc1.1.L67',
      width: 1920,
      height: 1080,
    });
  });

  it('tells an unknown FourCC as it is', () => {
    expect(trackFactsFromConfig('video', bytes(`90 ${fourCc('xvc9')} 0102`))).toEqual([
      { id: 0, kind: 'video', codec: 'xvc9' },
    ]);
  });

  it('tells the codec alone when the parameter set in the record is damaged', () => {
    expect(parseVideoConfig(bytes('17 00 000000 0164001fffe1001a6764'))).toEqual({
      kind: 'video',
      codec: 'avc1.64001f',
      nalLengthBytes: 4,
    });
  });

  it('gives nothing for an empty record, nor for one that is none', () => {
    const records = ['17 00 000000', '17 00 000000 00', '17 00 000000 0064001f ffe1', '17 00'];
    for (const fourCcOf of ['avc1', 'hvc1', 'vvc1', 'av01', 'vp09', 'xvc9']) records.push(`90 ${fourCc(fourCcOf)}`);
    for (const record of records) expect(trackFactsFromConfig('video', bytes(record))).toEqual([]);
    for (const record of ['af 00', 'af', 'af 00 00', `90 ${fourCc('mp4a')}`, `90 ${fourCc('fLaC')} 00`])
      expect(trackFactsFromConfig('audio', bytes(record))).toEqual([]);
  });

  it('refuses a size past 16384 pixels', () => {
    const sps = (macroblocks: number): string => {
      const nal = packed(
        '01100111 01000010 11000000 00011111',
        ue(0),
        ue(0),
        ue(2),
        ue(1),
        '0',
        ue(macroblocks - 1),
        ue(44),
        '1',
        '1',
        '0',
        '0',
        '1',
      );
      return `17 00 000000 01 42C01F FF E1 ${(nal.length / 2).toString(16).padStart(4, '0')} ${nal}`;
    };
    expect(parseVideoConfig(bytes(sps(1024)))).toMatchObject({ codec: 'avc1.42c01f', width: 16384, height: 720 });
    expect(parseVideoConfig(bytes(sps(1025)))).toEqual({ kind: 'video', codec: 'avc1.42c01f', nalLengthBytes: 4 });
  });

  it('gives nothing for frames, ends and commands', () => {
    for (const payload of [
      '17 01 000000 00000002 0910',
      '17 02 000000',
      '57 00',
      '',
      '91 68766331 000000 00',
      'D1 00',
    ]) {
      expect(trackFactsFromConfig('video', bytes(payload))).toEqual([]);
    }
  });
});

describe('audio sequence headers', () => {
  it.each(AUDIO_CONFIGS)('tells what ffprobe tells of $name', (v) => {
    const facts = { kind: 'audio', codec: v.codec, sampleRate: v.sampleRate, channels: v.channels };
    expect(parseAudioConfig(bytes(`90 ${fourCc(v.fourCc)} ${v.bytes}`))).toEqual(facts);
    if (v.fourCc === 'mp4a') expect(parseAudioConfig(bytes(`AF 00 ${v.bytes}`))).toEqual(facts);
  });

  it.each([
    ['LC with 960 samples', '11 94', 'mp4a.40.2', 48000, 2],
    ['explicit hierarchical SBR, 24000 to 48000', '2B 11 88 00', 'mp4a.40.5', 48000, 2],
    ['explicit hierarchical PS, mono to stereo', 'EB 09 88 00', 'mp4a.40.29', 48000, 2],
    ['backward compatible SBR, 22050 to 44100', '13 90 56 E5 A0', 'mp4a.40.5', 44100, 2],
    ['backward compatible SBR and PS', '13 88 56 E5 A5 48 80', 'mp4a.40.29', 44100, 2],
    ['SBR sync extension that says no SBR', '11 90 56 E5 00', 'mp4a.40.2', 48000, 2],
    ['an escaped sample rate of 37000', '17 80 48 44 10', 'mp4a.40.2', 37000, 2],
    ['AAC-LD (23)', 'B9 90', 'mp4a.40.23', 48000, 2],
    ['USAC (42), escaped object type', 'F9 46 40', 'mp4a.40.42', 48000, 2],
    ['channels told by a program config element', PROGRAM_CONFIG, 'mp4a.40.2', 48000, 4],
  ])('reads AAC: %s', (_name, config, codec, sampleRate, channels) => {
    expect(parseAudioConfig(bytes(`AF 00 ${config}`))).toEqual({ kind: 'audio', codec, sampleRate, channels });
  });

  it('reads STREAMINFO behind the fLaC marker and block header', () => {
    const flac = AUDIO_CONFIGS.find((v) => v.fourCc === 'fLaC')!;
    expect(parseAudioConfig(bytes(`90 ${fourCc('fLaC')} ${fourCc('fLaC')} 80000022 ${flac.bytes}`))).toMatchObject({
      codec: 'flac',
      sampleRate: flac.sampleRate,
    });
  });

  it('takes an empty OpusHead', () => {
    expect(parseAudioConfig(bytes(`90 ${fourCc('Opus')}`))).toEqual({
      kind: 'audio',
      codec: 'opus',
      sampleRate: 48000,
    });
  });
});

describe('audio frames', () => {
  it.each(AUDIO_FRAMES)('tells what ffprobe tells of $name', (v) => {
    expect(trackFactsFromFrame('audio', bytes(`91 ${fourCc(v.fourCc)} ${v.bytes}`))).toEqual([
      { id: 0, kind: 'audio', codec: v.codec, sampleRate: v.sampleRate, channels: v.channels },
    ]);
  });

  it.each(LEGACY_AUDIO)('tells what ffprobe tells of $name from its FLV tag', (v) => {
    expect(trackFactsFromFrame('audio', bytes(v.bytes))).toEqual([
      { id: 0, kind: 'audio', codec: v.codec, sampleRate: v.sampleRate, channels: v.channels },
    ]);
  });

  it('does not believe the rate and channels in the first byte of AAC', () => {
    expect(describeLegacyAudio(0xaf)).toEqual({ kind: 'audio', codec: 'mp4a.40.2' });
  });

  it('knows no reserved sound format', () => {
    expect(describeLegacyAudio(0xc0)).toBeUndefined();
    expect(describeLegacyAudio(0x90)).toBeUndefined();
  });

  it('ignores the silence marker', () => {
    expect(trackFactsFromFrame('audio', bytes(''))).toEqual([]);
  });
});

describe('Enhanced RTMP headers', () => {
  const hvc1 = fourCc('hvc1');
  const body = (over: object): object => ({
    trackId: 0,
    codec: 'hvc1',
    packet: 'frames',
    frameType: 1,
    compositionMs: 0,
    ...over,
  });

  it.each([
    ['SequenceStart', `90 ${hvc1} 0102`, [body({ packet: 'config', start: 5, end: 7 })]],
    [
      'CodedFrames with a composition time',
      `A1 ${hvc1} FFFFD8 0102`,
      [body({ frameType: 2, compositionMs: -40, start: 8, end: 10 })],
    ],
    ['CodedFramesX without one', `93 ${hvc1} 0102`, [body({ start: 5, end: 7 })]],
    ['SequenceEnd', `92 ${hvc1}`, [body({ packet: 'end', start: 5, end: 5 })]],
    [
      'colorInfo metadata from ffmpeg with frame type 5',
      `D4 ${hvc1} 02`,
      [body({ packet: 'metadata', frameType: 5, start: 5, end: 6 })],
    ],
    ['a ModEx timestamp offset before CodedFramesX', `97 02 00000A 03 ${hvc1} 01`, [body({ start: 10, end: 11 })]],
    [
      'two ModEx prefixes, one of 256 bytes',
      `97 00 05 17 FF 00FF ${'00'.repeat(256)} 03 ${hvc1} 01`,
      [body({ start: 268, end: 269 })],
    ],
    ['one track', `96 01 ${hvc1} 07 000028 0102`, [body({ trackId: 7, compositionMs: 40, start: 10, end: 12 })]],
    [
      'many tracks of one codec',
      `96 13 ${hvc1} 00 000002 0102 | 03 000001 09`,
      [body({ start: 10, end: 12 }), body({ trackId: 3, start: 16, end: 17 })],
    ],
    [
      'many tracks of many codecs',
      `96 23 ${hvc1} 00 000002 0102 | ${fourCc('av01')} 03 000001 09`,
      [body({ start: 10, end: 12 }), body({ codec: 'av01', trackId: 3, start: 20, end: 21 })],
    ],
    [
      'many tracks, the second cut short',
      `96 13 ${hvc1} 00 000002 0102 | 03 000009 09`,
      [body({ start: 10, end: 12 })],
    ],
    ['a command', 'D0 00', [body({ codec: '', packet: 'command', frameType: 5, start: 1, end: 2 })]],
    ['an unknown packet type', `9F ${hvc1} 00`, [body({ packet: 'other', start: 5, end: 6 })]],
    ['nothing behind the first byte', '90', [body({ codec: '', packet: 'other', start: 0, end: 1 })]],
  ])('finds the bodies of video: %s', (_name, payload, bodies) => {
    expect(mediaBodies('video', bytes(payload))).toEqual(bodies);
  });

  it.each([
    [
      'AAC multitrack',
      `95 01 ${fourCc('mp4a')} 02 2110`,
      { trackId: 2, codec: 'mp4a', packet: 'frames', start: 7, end: 9 },
    ],
    ['MultichannelConfig', `94 ${fourCc('Opus')} 01 02 00000003`, { codec: 'Opus', packet: 'metadata', start: 5 }],
    ['ModEx', `97 02 00000A 01 ${fourCc('ac-3')} 0B77`, { codec: 'ac-3', packet: 'frames', start: 10 }],
  ])('finds the bodies of audio: %s', (_name, payload, expected) => {
    expect(mediaBodies('audio', bytes(payload))).toMatchObject([{ frameType: 0, compositionMs: 0, ...expected }]);
  });

  it('tells each configured track of a multitrack header', () => {
    const avc = VIDEO_CONFIGS.find((v) => v.fourCc === 'avc1')!;
    const hevc = VIDEO_CONFIGS.find((v) => v.fourCc === 'hvc1')!;
    const size = (config: string): string => (config.length / 2).toString(16).padStart(6, '0');
    const payload = `96 20 ${fourCc('avc1')} 00 ${size(avc.config)} ${avc.config} ${hvc1} 01 ${size(hevc.config)} ${hevc.config}`;
    expect(trackFactsFromConfig('video', bytes(payload))).toMatchObject([
      { id: 0, codec: avc.codec, width: avc.width },
      { id: 1, codec: hevc.codec, width: hevc.width },
    ]);
  });
});

describe('hostile headers', () => {
  const real = [
    ...VIDEO_CONFIGS.map((v) => ['video', `90${fourCc(v.fourCc)}${v.config}`] as const),
    ...LEGACY_VIDEO.map((v) => ['video', v.key] as const),
    ...VP9.map((v) => ['video', `91${fourCc('vp09')}${v.frame}`] as const),
    ...AUDIO_CONFIGS.map((v) => ['audio', `90${fourCc(v.fourCc)}${v.bytes}`] as const),
    ...AUDIO_FRAMES.map((v) => ['audio', `91${fourCc(v.fourCc)}${v.bytes}`] as const),
  ];
  const sane = (kind: 'audio' | 'video', payload: Uint8Array): void => {
    for (const track of [...trackFactsFromConfig(kind, payload), ...trackFactsFromFrame(kind, payload)]) {
      for (const value of [track.width, track.height, track.fps, track.sampleRate, track.channels]) {
        if (value !== undefined) expect(value).toBeGreaterThan(0);
      }
      expect(track.codec.length).toBeGreaterThan(0);
      expect(track.codec.length).toBeLessThan(40);
    }
  };

  it('gives sane facts or none for every real header cut at every length', () => {
    for (const [kind, text] of real) {
      const whole = bytes(text);
      for (let length = 0; length <= whole.length; length++) sane(kind, whole.subarray(0, length));
    }
  });

  it('gives sane facts or none for real headers with any byte changed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...real), fc.nat(), fc.integer({ min: 0, max: 255 }), ([kind, text], at, value) => {
        const payload = bytes(text);
        payload[at % payload.length] = value;
        sane(kind, payload);
      }),
      { seed: 20260611, numRuns: 3000 },
    );
  });

  it('gives sane facts or none for random bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom('audio' as const, 'video' as const), fc.uint8Array({ maxLength: 80 }), sane),
      { seed: 20260612, numRuns: 3000 },
    );
  });
});
