/** A box: size, type, body. */
export function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + body.length);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, body]);
}

/** Big-endian numbers of 32 bits; negative ones too. */
export function u32(...values: readonly number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) out.writeUInt32BE(value >>> 0, i * 4);
  return out;
}

/** For each value the sum of all before it. */
export function sumsBefore(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum - value;
  });
}

/** A box with version 0 and no flags. */
export function fullBox(type: string, ...parts: readonly Uint8Array[]): Buffer {
  return box(type, u32(0), ...parts);
}

/** One track of {@link mp4File}; every sample is a chunk of its own. */
export interface TestTrack {
  readonly handler: 'vide' | 'soun';
  readonly entry: Buffer;
  readonly timescale: number;
  readonly delta: number;
  readonly samples: readonly Buffer[];
  /** From 1; undefined: no stss. */
  readonly keys?: readonly number[];
  readonly compositions?: readonly number[];
  readonly edits?: Buffer;
}

/** The record of an H.264 track, its parameter sets left out. */
export const AVC_CONFIG = Buffer.from('014d401effe00100', 'hex');
/** The record of an HEVC track, its arrays left out. */
export const HEVC_CONFIG = Buffer.from('01016000000090000000000078f000fcfdf8f800000f00', 'hex');
/** AAC-LC, 48 kHz, stereo. */
export const AAC_CONFIG = Buffer.from('1190', 'hex');

export function videoEntry(type: string, configType: string, config: Buffer): Buffer {
  const fixed = Buffer.alloc(78);
  fixed.writeUInt16BE(640, 24);
  fixed.writeUInt16BE(360, 26);
  return box(type, fixed, box(configType, config));
}

export const AVC_ENTRY = videoEntry('avc1', 'avcC', AVC_CONFIG);
export const HEVC_ENTRY = videoEntry('hvc1', 'hvcC', HEVC_CONFIG);

export function audioEntry(objectType = 0x40): Buffer {
  const specific = Buffer.concat([Buffer.from([5, AAC_CONFIG.length]), AAC_CONFIG]);
  const config = Buffer.concat([Buffer.from([4, 13 + specific.length, objectType]), Buffer.alloc(12), specific]);
  const es = Buffer.concat([Buffer.from([3, 0x80, 0x80, 3 + config.length, 0, 1, 0]), config]);
  return box('mp4a', Buffer.alloc(28), fullBox('esds', es));
}

function trak(track: TestTrack, offsets: readonly number[]): Buffer {
  const { samples, keys, compositions, timescale, delta, edits } = track;
  const stbl = box(
    'stbl',
    fullBox('stsd', u32(1), track.entry),
    fullBox('stts', u32(1, samples.length, delta)),
    ...(compositions === undefined
      ? []
      : [fullBox('ctts', u32(compositions.length, ...compositions.flatMap((offset) => [1, offset])))]),
    fullBox('stsc', u32(1, 1, 1, 1)),
    fullBox('stsz', u32(0, samples.length, ...samples.map(({ length }) => length))),
    fullBox('stco', u32(offsets.length, ...offsets)),
    ...(keys === undefined ? [] : [fullBox('stss', u32(keys.length, ...keys))]),
  );
  const hdlr = fullBox('hdlr', u32(0), Buffer.from(track.handler), u32(0, 0, 0), Buffer.from('x\0'));
  const mdhd = fullBox('mdhd', u32(0, 0, timescale, samples.length * delta, 0));
  return box('trak', ...(edits === undefined ? [] : [box('edts', edits)]), box('mdia', mdhd, hdlr, box('minf', stbl)));
}

/** A whole file: ftyp, moov, mdat. @param more boxes at the end of moov */
export function mp4File(tracks: readonly TestTrack[], ...more: readonly Buffer[]): Buffer {
  const ftyp = box('ftyp', Buffer.from('isom'), u32(0));
  const moov = (mediaAt: number): Buffer => {
    const lengths = tracks.map(({ samples }) => samples.map(({ length }) => length));
    const offsets = sumsBefore(lengths.flat());
    const traks = tracks.map((track) => {
      const own = offsets.splice(0, track.samples.length);
      return trak(
        track,
        own.map((offset) => mediaAt + offset),
      );
    });
    return box('moov', fullBox('mvhd', u32(0, 0, 1000, 0), Buffer.alloc(80)), ...traks, ...more);
  };
  const mediaAt = ftyp.length + moov(0).length + 8;
  return Buffer.concat([ftyp, moov(mediaAt), box('mdat', ...tracks.flatMap(({ samples }) => samples))]);
}

/** Reads a file that is in memory, as `ReadAt`, and counts. */
export function readerOf(file: Buffer) {
  const counts = { reads: 0, longest: 0 };
  const read = async (position: number, bytes: number): Promise<Buffer> => {
    counts.reads++;
    counts.longest = Math.max(counts.longest, bytes);
    return file.subarray(position, position + bytes);
  };
  return { read, counts };
}
