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
