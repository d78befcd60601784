/**
 * Headers written by ffmpeg 5.1.9 (libx264, libx265, libaom, SVT-AV1, libvpx and its own encoders) from test sources, each beside what
 * ffprobe, and for `codec` ffmpeg's DASH muxer, say about the file it came from.
 */
export interface ConfigVector {
  readonly name: string;
  readonly fourCc: string;
  /** The decoder configuration record alone, hex. */
  readonly config: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** What the header states as a fixed rate; absent when it states none. */
  readonly fps?: number;
  /** What the header states without promising that it is fixed. */
  readonly nominalFps?: number;
}

export const VIDEO_CONFIGS: readonly ConfigVector[] = [
  {
    name: 'baseline 320x240',
    fourCc: 'avc1',
    config: '0142c00dffe100166742c00dda0507ec0440000003004000000c83c50aa801000468ce0fc8',
    codec: 'avc1.42c00d',
    width: 320,
    height: 240,
    nominalFps: 25,
  },
  {
    name: 'main 640x360 30000/1001',
    fourCc: 'avc1',
    config: '014d401effe10017674d401eeca05017fcb808800001f480007530078b16cb01000568ebe3cb20',
    codec: 'avc1.4d401e',
    width: 640,
    height: 360,
    nominalFps: 29.97,
  },
  {
    name: 'high 1280x720 30',
    fourCc: 'avc1',
    config: '0164001fffe1001a6764001facd9405005bb0110000003001000000303c0f183196001000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64001f',
    width: 1280,
    height: 720,
    nominalFps: 30,
  },
  {
    name: 'high 1920x1080 progressive, cropped',
    fourCc: 'avc1',
    config: '0164002affe1001b6764002aacd940780227e5c044000003000400000301e03c60c65801000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64002a',
    width: 1920,
    height: 1080,
    nominalFps: 60,
  },
  {
    name: 'high 1920x1080 interlaced',
    fourCc: 'avc1',
    config: '01640028ffe1001a67640028acd94078044fde0220000003002000000643e2c5b2c001000668fba3cb22c0fdf8f800',
    codec: 'avc1.640028',
    width: 1920,
    height: 1080,
    nominalFps: 25,
  },
  {
    name: 'high 854x480 odd width',
    fourCc: 'avc1',
    config: '0164001effe100196764001eacd940d83de6f01100000303e90000bb800f162d9601000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64001e',
    width: 854,
    height: 480,
    nominalFps: 23.976,
  },
  {
    name: 'high422 10 bit 1918x1078',
    fourCc: 'avc1',
    config: '017a002affe1001c677a002ab6cd940780227a8bc044000003000400000301903c60c65801000668ebe3cb22c0fefafa00',
    codec: 'avc1.7a002a',
    width: 1918,
    height: 1078,
    nominalFps: 50,
  },
  {
    name: 'high422 interlaced 1920x1080',
    fourCc: 'avc1',
    config: '017a0028ffe1001b677a0028bcd94078044fcb808800000300080000030190f8b16cb001000668fba3cb22c0fef8f800',
    codec: 'avc1.7a0028',
    width: 1920,
    height: 1080,
    nominalFps: 25,
  },
  {
    name: 'high444 odd 635x477',
    fourCc: 'avc1',
    config: '01f40016ffe1001b67f40016919b281407bcf2e0220000030002000003003c1e2c5b2c01000668ebe3c44844fff8f800',
    codec: 'avc1.f40016',
    width: 634,
    height: 476,
    nominalFps: 15,
  },
  {
    name: 'high mono 642x362',
    fourCc: 'avc1',
    config: '01640016ffe1001a67640016f3650290bf8f9f016c80000003008000000a078b16cb01000668ebe3cb22c0fcf8f800',
    codec: 'avc1.640016',
    width: 642,
    height: 362,
    nominalFps: 10,
  },
  {
    name: 'high with custom scaling matrices',
    fourCc: 'avc1',
    config: '0164001fffe1001a6764001facd9405005bb0110000003001000000303c0f183196001000768ebe3cb3002c0fdf8f800',
    codec: 'avc1.64001f',
    width: 1280,
    height: 720,
    nominalFps: 30,
  },
  {
    name: 'vertical 1080x1920',
    fourCc: 'avc1',
    config: '01640028ffe1001b67640028acd9404403c797c044000003000400000300f03c60c65801000668ebe3cb22c0fdf8f800',
    codec: 'avc1.640028',
    width: 1080,
    height: 1920,
    nominalFps: 30,
  },
  {
    name: 'high444 with scaling matrices',
    fourCc: 'avc1',
    config: '01f40015ffe1001967f40015919b283213fcb80880000003008000001e078b16cb01000868ebe3c44c000440fff8f800',
    codec: 'avc1.f40015',
    width: 400,
    height: 300,
    nominalFps: 30,
  },
  {
    name: 'vfr (frames at growing distance)',
    fourCc: 'avc1',
    config: '0164000cffe1001a6764000cacd941419f9f011000000300100000030320f142996001000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64000c',
    width: 320,
    height: 180,
    nominalFps: 25,
  },
  {
    name: 'constant 30, 1280x720',
    fourCc: 'avc1',
    config: '0164001fffe1001a6764001facd9405005bb0110000003001000000303c8f183196001000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64001f',
    width: 1280,
    height: 720,
    fps: 30,
  },
  {
    name: 'constant 29.97, 640x360',
    fourCc: 'avc1',
    config: '0164001effe100196764001eacd940a02ff9701100000303e90000ea608f162d9601000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64001e',
    width: 640,
    height: 360,
    fps: 29.97,
  },
  {
    name: 'constant 25 interlaced, 1920x1080',
    fourCc: 'avc1',
    config: '01640028ffe1001a67640028acd94078044fde0220000003002000000653e2c5b2c001000668fba3cb22c0fdf8f800',
    codec: 'avc1.640028',
    width: 1920,
    height: 1080,
    fps: 25,
  },
  {
    name: 'constant 59.94, 854x480',
    fourCc: 'avc1',
    config: '0164001fffe100196764001facd940d83de6f01100000303e90001d4c08f18319601000668ebe3cb22c0fdf8f800',
    codec: 'avc1.64001f',
    width: 854,
    height: 480,
    fps: 59.94,
  },
  {
    name: 'hevc main 1280x720',
    fourCc: 'hvc1',
    config:
      '0101600000009000000000005df000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003005d959409210001002b42010101600000030090000003000003005da00280802d16595952930bc05a020000030002000003003c1022000100064401c073c189',
    codec: 'hvc1.1.6.L93.90',
    width: 1280,
    height: 720,
  },
  {
    name: 'hevc main10 1920x1080',
    fourCc: 'hvc1',
    config:
      '0102200000009000000000007bf000fcfdfafa00000f03200001001840010c01ffff02200000030090000003000003007b959409210001002d42010102200000030090000003000003007ba003c0801107cad965654a4c2f016808000003000800000301904022000100064401c073c189',
    codec: 'hvc1.2.4.L123.90',
    width: 1920,
    height: 1080,
  },
  {
    name: 'hevc 422 10 1366x768',
    fourCc: 'hvc1',
    config:
      '0104080000009d080000000078f000fcfefafa00000f03200001001740010c01ffff0408000003009d08000003000078959409210001002b4201010408000003009d08000003000078b002b080301cdb6595952930bc05a0200000030020000003032122000100064401c073c189',
    codec: 'hvc1.4.10.L120.9D.8',
    width: 1366,
    height: 768,
  },
  {
    name: 'hevc 444 635x477',
    fourCc: 'hvc1',
    config:
      '0104080000009e08000000005af000fcfff8f800000f03200001001740010c01ffff0408000003009e0800000300005a959409210001002a4201010408000003009e0800000300005a9000a0403c39e5cb2b2a5261780b404000000300400000064222000100084401c07318301890',
    codec: 'hvc1.4.10.L90.9E.8',
    width: 634,
    height: 476,
  },
  {
    name: 'hevc high tier',
    fourCc: 'hvc1',
    config:
      '01216000000090000000000099f000fcfdf8f800000f03200001001840010c01ffff216000000300900000030000030099959409210001002c420101216000000300900000030000030099a001e020021c5965654a4c2f016808000003000800000300f04022000100064401c073c189',
    codec: 'hvc1.1.6.H153.90',
    width: 3840,
    height: 2160,
  },
  {
    name: 'hevc small 426x240',
    fourCc: 'hvc1',
    config:
      '0101600000009000000000003cf000fcfdf8f800000f03200001001840010c01ffff01600000030090000003000003003c959409210001002942010101600000030090000003000003003ca00d880f1c9e595952930bc05a02000007d20000ea601022000100064401c073c189',
    codec: 'hvc1.1.6.L60.90',
    width: 426,
    height: 240,
  },
  {
    name: 'hevc monochrome',
    fourCc: 'hvc1',
    config:
      '0104080000009fc8000000003ff000fcfcf8f800000f03200001001740010c01ffff0408000003009fc800000300003f959409210001002b4201010408000003009fc800000300003fc0148805c71f3e595952930bc05b02000003000200000300321022000100064401c073c189',
    codec: 'hvc1.4.10.L63.9F.C8',
    width: 642,
    height: 362,
  },
  {
    name: 'av1 aom 640x360',
    fourCc: 'av01',
    config: '81010c000a0b0000000cc4ff6736be4010',
    codec: 'av01.0.01M.08',
    width: 640,
    height: 360,
  },
  {
    name: 'av1 aom 10 bit 426x240',
    fourCc: 'av01',
    config: '81004c000a0b000000043ea7bcdaf94040',
    codec: 'av01.0.00M.10',
    width: 426,
    height: 240,
  },
  {
    name: 'av1 svt 1280x720',
    fourCc: 'av01',
    config: '81080c000a0b00000042a67fd9e017c002',
    codec: 'av01.0.08M.08',
    width: 1280,
    height: 720,
  },
  {
    name: 'av1 aom 444',
    fourCc: 'av01',
    config: '812400000a0b20000024c4f3db36be4080',
    codec: 'av01.1.04M.08',
    width: 634,
    height: 476,
  },
  {
    name: 'av1 mono',
    fourCc: 'av01',
    config: '81011c000a0b0000000cc5036936be4a80',
    codec: 'av01.0.01M.08',
    width: 642,
    height: 362,
  },
];

export interface Vp9Vector {
  readonly name: string;
  readonly config: string;
  readonly codec: string;
  readonly frame: string;
  readonly width: number;
  readonly height: number;
}

/** VP9: `vpcC` with its FullBox bytes as MP4 has it, and the first bytes of the first key frame. */
export const VP9: readonly Vp9Vector[] = [
  {
    name: 'libvpx-vp9 640x360 yuv420p',
    config: '010000000015820202020000',
    codec: 'vp09.00.21.08',
    frame: '824983420027f016760638241c184a1009005fcd',
    width: 640,
    height: 360,
  },
  {
    name: 'libvpx-vp9 854x480 yuv444p',
    config: '01000000011e860202020000',
    codec: 'vp09.01.30.08',
    frame: 'a24983420006aa03bec0c7048383094201695fcd',
    width: 854,
    height: 480,
  },
  {
    name: 'libvpx-vp9 854x480 yuv420p10le',
    config: '01000000021ea20202020000',
    codec: 'vp09.02.30.10',
    frame: '92498342001aa80efb031c120e0c2c0804c05ffb',
    width: 854,
    height: 480,
  },
];

export interface FrameVector {
  readonly name: string;
  readonly frame: string;
  readonly width: number;
  readonly height: number;
}

/** VP8: the first bytes of a key frame. */
export const VP8: readonly FrameVector[] = [
  { name: 'libvpx 640x360 yuv420p', frame: '10ae009d012a800268010087088585889984880a', width: 640, height: 360 },
  { name: 'libvpx 1366x768 yuv420p', frame: 'b0b6019d012a5605000303070885858899848831', width: 1366, height: 768 },
];

export interface LegacyVideoVector {
  readonly name: string;
  readonly codec: string /** First bytes of the first two FLV video tags. */;
  readonly key: string;
  readonly inter: string;
  readonly width: number;
  readonly height: number;
}

export const LEGACY_VIDEO: readonly LegacyVideoVector[] = [
  {
    name: 'flv1 320x240',
    codec: 'flv1',
    key: '1200008402921e73e80c0070f80387c24807f07aac10a602',
    inter: '2200008406b1029e252af4aab73b52b16c28e16922bc4eca',
    width: 320,
    height: 240,
  },
  {
    name: 'flv1 352x288',
    codec: 'flv1',
    key: '1200008401121e73e80c0070f80387c24807f07aac10a602',
    inter: '220000840531029e252af4aa93d4ac5b0a385a48af13b2b3',
    width: 352,
    height: 288,
  },
  {
    name: 'flv1 200x150 custom 8 bit',
    codec: 'flv1',
    key: '1200008400644b121e73e80c0070f80387c24807f07aac10',
    inter: '2200008404644b31029e3e2ef7a976df76a7ac5b21570b49',
    width: 200,
    height: 150,
  },
  {
    name: 'flv1 854x480 custom 16 bit',
    codec: 'flv1',
    key: '120000840081ab00f0129e732006170422e1f843e0f7e07a',
    inter: '220000840481ab00f031029e252a9146e6d6f9703ae16c26',
    width: 854,
    height: 480,
  },
  {
    name: 'flashsv 320x240',
    codec: 'flashsv',
    key: '13314030f0004e78daedce410900000804b0ebdf59b1816f',
    inter: '23314030f00000005578daedceb10d00200c04b11f9dc513',
    width: 320,
    height: 240,
  },
  {
    name: 'flashsv2 640x480',
    codec: 'flashsv2',
    key: '16328031e000001c1078daedc1310d000000c3a0bffe05cf',
    inter: '26328031e000000000000000000000000000000000000000',
    width: 640,
    height: 480,
  },
];

export interface AudioVector {
  readonly name: string;
  readonly codec: string;
  readonly bytes: string;
  readonly sampleRate: number;
  readonly channels: number;
}

/** AudioSpecificConfigs, OpusHeads and STREAMINFO blocks. */
export const AUDIO_CONFIGS: readonly (AudioVector & { readonly fourCc: string })[] = [
  {
    name: 'aac lc 44100 mono',
    fourCc: 'mp4a',
    codec: 'mp4a.40.2',
    bytes: '120856e500',
    sampleRate: 44100,
    channels: 1,
  },
  {
    name: 'aac lc 48000 stereo',
    fourCc: 'mp4a',
    codec: 'mp4a.40.2',
    bytes: '119056e500',
    sampleRate: 48000,
    channels: 2,
  },
  { name: 'aac lc 96000 5.1', fourCc: 'mp4a', codec: 'mp4a.40.2', bytes: '103056e500', sampleRate: 96000, channels: 6 },
  { name: 'aac lc 8000', fourCc: 'mp4a', codec: 'mp4a.40.2', bytes: '158856e500', sampleRate: 8000, channels: 1 },
  { name: 'aac lc 7.1', fourCc: 'mp4a', codec: 'mp4a.40.2', bytes: '11b856e500', sampleRate: 48000, channels: 8 },
  { name: 'aac main', fourCc: 'mp4a', codec: 'mp4a.40.1', bytes: '0a9056e500', sampleRate: 32000, channels: 2 },
  {
    name: 'opus stereo',
    fourCc: 'Opus',
    codec: 'opus',
    bytes: '4f707573486561640102380180bb0000000000',
    sampleRate: 48000,
    channels: 2,
  },
  {
    name: 'opus 5.1',
    fourCc: 'Opus',
    codec: 'opus',
    bytes: '4f707573486561640106380180bb00000000010402000401020305',
    sampleRate: 48000,
    channels: 6,
  },
  {
    name: 'opus 16k mono',
    fourCc: 'Opus',
    codec: 'opus',
    bytes: '4f7075734865616401013801803e0000000000',
    sampleRate: 48000,
    channels: 1,
  },
  {
    name: 'flac 44100 stereo',
    fourCc: 'fLaC',
    codec: 'flac',
    bytes: '120012000004a30005080ac442f0000022745d105ceb212ad5d36e4f5608def3d8b7',
    sampleRate: 44100,
    channels: 2,
  },
  {
    name: 'flac 96000 24 bit 5.1',
    fourCc: 'fLaC',
    codec: 'flac',
    bytes: '20002000000b5500206817700b7000004b00d91e7ccb4685192b9a080f739f9b0927',
    sampleRate: 96000,
    channels: 6,
  },
];

/** First bytes of the first frame of codecs without a configuration. */
export const AUDIO_FRAMES: readonly (AudioVector & { readonly fourCc: string })[] = [
  {
    name: 'mp3 44100 stereo',
    fourCc: '.mp3',
    codec: 'mp4a.40.34',
    bytes: 'fffb90640000026b0bce9d6060000000',
    sampleRate: 44100,
    channels: 2,
  },
  {
    name: 'mp3 22050 mono',
    fourCc: '.mp3',
    codec: 'mp4a.40.34',
    bytes: 'fff340c40014688670175818007fe4a0',
    sampleRate: 22050,
    channels: 1,
  },
  {
    name: 'mp3 48000 joint',
    fourCc: '.mp3',
    codec: 'mp4a.40.34',
    bytes: 'fffb94640000021c0850bd3c60080000',
    sampleRate: 48000,
    channels: 2,
  },
  {
    name: 'mp3 8000 mono',
    fourCc: '.mp3',
    codec: 'mp4a.40.34',
    bytes: 'ffe318c4000d20969c794c0000080b77',
    sampleRate: 8000,
    channels: 1,
  },
  {
    name: 'ac3 48000 5.1',
    fourCc: 'ac-3',
    codec: 'ac-3',
    bytes: '0b77d0f81e40ebf8403eff99ff0841fc',
    sampleRate: 48000,
    channels: 6,
  },
  {
    name: 'ac3 44100 stereo',
    fourCc: 'ac-3',
    codec: 'ac-3',
    bytes: '0b77c2ea544043e106f575f0c0c21818',
    sampleRate: 44100,
    channels: 2,
  },
  {
    name: 'ac3 32000 mono',
    fourCc: 'ac-3',
    codec: 'ac-3',
    bytes: '0b772fde8c402f842bf1cefab0fdf437',
    sampleRate: 32000,
    channels: 1,
  },
  {
    name: 'eac3 48000 5.1',
    fourCc: 'ec-3',
    codec: 'ec-3',
    bytes: '0b77037f3f87c00020f8200002004000',
    sampleRate: 48000,
    channels: 6,
  },
  {
    name: 'eac3 44100 stereo',
    fourCc: 'ec-3',
    codec: 'ec-3',
    bytes: '0b7701a07487c000208401003900ae06',
    sampleRate: 44100,
    channels: 2,
  },
];

/** First bytes of the first FLV audio tag of codecs whose first byte says all. */
export const LEGACY_AUDIO: readonly AudioVector[] = [
  { name: 'speex', codec: 'speex', bytes: 'b630549822d2000068e8e8e8e8e8e8e8', sampleRate: 16000, channels: 1 },
  {
    name: 'nellymoser 44100',
    codec: 'nellymoser',
    bytes: '6e372e8835e7de6bef3de7de830e3ef8',
    sampleRate: 44100,
    channels: 1,
  },
  {
    name: 'nellymoser 8k',
    codec: 'nellymoser',
    bytes: '52639472d23dc962cdb9e69c73ae3527',
    sampleRate: 8000,
    channels: 1,
  },
  { name: 'adpcm_swf', codec: 'adpcm_swf', bytes: '1b800f40003d01dddddddddddd540044', sampleRate: 22050, channels: 2 },
  { name: 'pcm_s16le', codec: 'pcm_s16le', bytes: '3f00000000b500b500690169011d021d', sampleRate: 44100, channels: 2 },
  { name: 'pcm_alaw', codec: 'pcm_alaw', bytes: '72c7e1919e9a9a9990e2d266161e1a1a', sampleRate: 8000, channels: 1 },
  { name: 'pcm_mulaw', codec: 'pcm_mulaw', bytes: '82e5c8bab3afafb2b9c6f04a3b332f2f', sampleRate: 8000, channels: 1 },
  { name: 'mp3', codec: 'mp4a.40.34', bytes: '2ffffb90640000026b0bce9d60600000', sampleRate: 44100, channels: 2 },
];
