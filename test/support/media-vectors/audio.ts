/** Audio headers and frames written by ffmpeg 5.1.9, each beside what ffprobe says about its file. */
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
