/** The beginning of a codec string, and the name by which people know the codec. */
const CODECS: Readonly<Record<string, string>> = {
  ...{ avc1: 'h264', avc3: 'h264', hvc1: 'hevc', hev1: 'hevc', vvc1: 'vvc', vvi1: 'vvc', av01: 'av1' },
  ...{
    vp08: 'vp8',
    vp09: 'vp9',
    mp4a: 'aac',
    '.mp3': 'mp3',
    'ac-3': 'ac3',
    'ec-3': 'eac3',
    Opus: 'opus',
    fLaC: 'flac',
  },
};

/** The name by which people know a codec: `h264` for `avc1.64001F`. One that is not known stays as it is. */
export function codecName(codec: string): string {
  const [, beginning = ''] = /^(\.?[^. ]*)/.exec(codec) ?? [];
  return CODECS[beginning] ?? codec;
}
