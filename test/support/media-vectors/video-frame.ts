/** Key frames and records written by ffmpeg 5.1.9, each beside what ffprobe says about its file. */
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
