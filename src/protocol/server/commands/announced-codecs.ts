import type { AnnouncedCodecs } from '../../../model/connection-info.js';
import { type AmfObject, type AmfValue, isAmfObject } from '../../../wasm/amf-value.js';

/** FourCCs of one kind that are kept. The specification names a dozen, and a client may write what it likes. */
const MAX_FOUR_CCS = 32;
/** FourCcInfoMask: what a plain list of FourCCs says of each. */
const CAN_DECODE = 1;
/** The bits of FourCcInfoMask: decode, encode, forward. */
const MASK = 7;
const AUDIO = new Set(['ac-3', 'ec-3', 'Opus', '.mp3', 'fLaC', 'mp4a']);

/**
 * Reads which codecs a client announced with connect: `fourCcList` (Enhanced RTMP v1), which names codecs of both kinds
 * and says no more of them, and `videoFourCcInfoMap` and `audioFourCcInfoMap` (v2), which have masks. What is neither a
 * FourCC nor `*` is left out, and so is what comes after the first 32 of a kind.
 *
 * @returns undefined when the client announced none
 */
export function announcedCodecs(object: AmfObject): AnnouncedCodecs | undefined {
  const video = new Map<string, number>();
  const audio = new Map<string, number>();
  const list = object['fourCcList'];
  for (const fourCc of Array.isArray(list) ? list.slice(0, 2 * MAX_FOUR_CCS) : []) {
    if (fourCc === '*' || !AUDIO.has(String(fourCc))) add(video, fourCc, CAN_DECODE);
    if (fourCc === '*' || AUDIO.has(String(fourCc))) add(audio, fourCc, CAN_DECODE);
  }
  addMap(video, object['videoFourCcInfoMap']);
  addMap(audio, object['audioFourCcInfoMap']);
  if (video.size + audio.size === 0) return undefined;
  return { video: Object.fromEntries(video), audio: Object.fromEntries(audio) };
}

function addMap(codecs: Map<string, number>, map: AmfValue): void {
  if (!isAmfObject(map)) return;
  for (const [fourCc, mask] of Object.entries(map)) if (typeof mask === 'number') add(codecs, fourCc, mask & MASK);
}

function add(codecs: Map<string, number>, fourCc: AmfValue, mask: number): void {
  if (typeof fourCc !== 'string' || !/^(?:\*|[\x20-\x7e]{4})$/.test(fourCc)) return;
  if (codecs.size < MAX_FOUR_CCS || codecs.has(fourCc)) codecs.set(fourCc, mask);
}
