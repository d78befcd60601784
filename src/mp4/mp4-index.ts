import { SluiceError } from '../core/errors.js';
import type { ReadAt } from '../core/read-at.js';
import { BOX_HEADER_BYTES, type BoxPlace, boxAt, boxesIn, findBox } from './box-walk.js';
import { readCodec, type TrackCodec } from './codecs.js';
import { flattenTables, SAMPLE_BYTES, type TrackSamples, type TrackTables } from './sample-tables.js';
import { type Edit, readEdits, readHandler, readSizes, readTable, readTimescale } from './tables.js';

/** Most boxes at the top of a file that are looked at; a plain file has four or five. */
const MAX_TOP_BOXES = 4096;

/** One track that is played. */
export interface Mp4Track {
  readonly codec: TrackCodec;
  readonly samples: TrackSamples;
}

/** Where everything is in an MP4 file. */
export interface Mp4Index {
  readonly video: Mp4Track | undefined;
  readonly audio: Mp4Track | undefined;
  /** From 0 to the last sample, in ms. */
  readonly durationMs: number;
  /** Memory that the index takes, in bytes. */
  readonly heldBytes: number;
}

/**
 * Reads the index of an MP4 file (ISO/IEC 14496-12): the first video and the first audio track, with a position and a
 * time for each sample. Nothing of the media is read. Times begin at 0, with the earliest sample of both tracks.
 *
 * @param size of the file, in bytes
 * @param maxBytes of the moov box, and of the index that is made of it
 * @throws SluiceError `ERR_MP4_FRAGMENTED`, `ERR_MP4_CODEC`, `ERR_MP4_DAMAGED`, `ERR_VOD_INDEX`
 */
export async function indexMp4(read: ReadAt, size: number, maxBytes: number): Promise<Mp4Index> {
  const place = await findMovie(read, size);
  const moovBytes = place.end - place.start;
  if (moovBytes > maxBytes) throw new SluiceError('ERR_VOD_INDEX', `a moov box of ${moovBytes} bytes`);
  const bytes = await read(place.start, moovBytes);
  const moov = boxAt(bytes, 0, bytes.length);
  if (moov === undefined || bytes.length < moovBytes) throw damaged('the moov box is cut');
  if (findBox(bytes, moov, 'mvex') !== undefined) throw new SluiceError('ERR_MP4_FRAGMENTED');
  const found = findTracks(bytes, moov);
  const most = Math.floor(maxBytes / SAMPLE_BYTES);
  const mvhd = findBox(bytes, moov, 'mvhd');
  const movieScale = mvhd === undefined ? 1000 : readTimescale(bytes, mvhd);
  const read1 = (trak: BoxPlace | undefined): TrackParts | undefined =>
    trak === undefined ? undefined : readTrack(bytes, trak, movieScale, most);
  const video = read1(found.video);
  const audio = read1(found.audio);
  // Both move by the same, so that they stay together and no time is negative.
  const earliest = Math.min(video?.startMs ?? Number.POSITIVE_INFINITY, audio?.startMs ?? Number.POSITIVE_INFINITY);
  const shiftMs = Math.max(0, -earliest);
  const index = { video: track(video, shiftMs, size), audio: track(audio, shiftMs, size) };
  const both = [index.video, index.audio].filter((each) => each !== undefined);
  const samples = both.reduce((sum, each) => sum + each.samples.count, 0);
  if (samples === 0) throw damaged('there is nothing to play in it');
  return {
    ...index,
    durationMs: Math.max(...both.map(({ samples: { times, count } }) => times[count - 1] ?? 0)),
    heldBytes: samples * SAMPLE_BYTES,
  };
}

/** Finds moov among the boxes at the top, by their headers alone. */
async function findMovie(read: ReadAt, size: number): Promise<BoxPlace> {
  let at = 0;
  for (let boxes = 0; at < size && boxes < MAX_TOP_BOXES; boxes++) {
    const header = await read(at, BOX_HEADER_BYTES);
    const box = boxAt(header, 0, size - at);
    if (box === undefined) break;
    if (box.type === 'moov') return { ...box, start: at, body: at + box.body, end: at + box.end };
    if (box.type === 'moof') throw new SluiceError('ERR_MP4_FRAGMENTED');
    at += box.end;
  }
  throw damaged('no moov box');
}

function findTracks(bytes: Buffer, moov: BoxPlace): { video?: BoxPlace; audio?: BoxPlace } {
  const found: { video?: BoxPlace; audio?: BoxPlace } = {};
  for (const trak of boxesIn(bytes, moov.body, moov.end)) {
    const hdlr = trak.type === 'trak' ? findBox(bytes, trak, 'mdia', 'hdlr') : undefined;
    if (hdlr === undefined) continue;
    const handler = readHandler(bytes, hdlr);
    if (handler === 'vide') found.video ??= trak;
    if (handler === 'soun') found.audio ??= trak;
  }
  return found;
}

/** What the boxes of a track say. */
interface TrackParts {
  readonly codec: TrackCodec;
  readonly tables: TrackTables;
  /** When its first sample is decoded, in ms; negative where an edit list leaves the beginning out. */
  readonly startMs: number;
}

function readTrack(bytes: Buffer, trak: BoxPlace, movieScale: number, most: number): TrackParts {
  const need = (...path: string[]): BoxPlace => {
    const place = findBox(bytes, trak, ...path);
    if (place === undefined) throw damaged(`a track without ${path.at(-1)}`);
    return place;
  };
  const stbl = need('mdia', 'minf', 'stbl');
  const optional = (type: string): BoxPlace | undefined => findBox(bytes, stbl, type);
  const inTable = (type: string): BoxPlace => need('mdia', 'minf', 'stbl', type);
  const codec = readCodec(bytes, inTable('stsd'));
  const timescale = readTimescale(bytes, need('mdia', 'mdhd'));
  const stts = readTable(bytes, inTable('stts'), 'stts');
  const stsc = readTable(bytes, inTable('stsc'), 'stsc');
  if (stsc.sample_description_index.some((index) => index !== 1))
    throw new SluiceError('ERR_MP4_CODEC', 'the description of a track changes on the way');
  const co64 = optional('co64');
  const offsets = co64 === undefined ? readTable(bytes, inTable('stco'), 'stco') : readTable(bytes, co64, 'co64');
  const ctts = optional('ctts');
  const stss = optional('stss');
  const compositions = ctts && readTable(bytes, ctts, 'ctts');
  const elst = findBox(bytes, trak, 'edts', 'elst');
  const startMs = elst === undefined ? 0 : startOf(readEdits(bytes, elst), movieScale, timescale);
  return {
    codec,
    startMs,
    tables: {
      sizes: readSizes(bytes, inTable('stsz'), most),
      times: { counts: stts.sample_counts, deltas: stts.sample_deltas },
      compositions: compositions && { counts: compositions.sample_counts, offsets: compositions.sample_offsets },
      chunks: { first: stsc.first_chunk, samples: stsc.samples_per_chunk },
      chunkOffsets: offsets.chunk_offsets,
      keys: stss && readTable(bytes, stss, 'stss').sample_numbers,
      timescale,
      shiftMs: 0,
    },
  };
}

/**
 * When the first sample is decoded by an edit list that says no more than where a track begins: empty edits, which
 * delay it, and one edit of the rest, which may leave out the beginning (the delay of B-frames, or what an audio
 * encoder puts in front). Other edit lists are not followed: then everything is played from the first sample on.
 */
function startOf(edits: readonly Edit[], movieScale: number, timescale: number): number {
  let delayMs = 0;
  for (const [i, { media_time, segment_duration }] of edits.entries()) {
    if (media_time !== -1) return i === edits.length - 1 ? delayMs - (media_time * 1000) / timescale : 0;
    delayMs += (segment_duration * 1000) / movieScale;
  }
  return 0;
}

function track(parts: TrackParts | undefined, shiftMs: number, fileBytes: number): Mp4Track | undefined {
  if (parts === undefined) return undefined;
  const { codec, startMs, tables } = parts;
  return { codec, samples: flattenTables({ ...tables, shiftMs: shiftMs + startMs }, fileBytes) };
}

function damaged(detail: string): SluiceError {
  return new SluiceError('ERR_MP4_DAMAGED', detail);
}
