import { openAggregate } from './aggregate';
import { addSegment, conflicts, joinShort, record, recordChain } from './batch';
import { freeChain, releaseLater } from './blocks';
import {
  CS_DEST,
  CS_FRAMED,
  CS_HEAD,
  CS_HEADER_BYTES,
  CS_LEN,
  CS_MSID,
  CS_OUT_TS,
  CS_SINK,
  CS_START,
  CS_TAIL,
  CS_TYPE,
  SINK_DISCARD,
  SINK_MEDIA_BLOCKS,
  SINK_OUT,
} from './chunk-stream';
import * as C from './constants';
import { applyControl } from './control';
import { joinChain, roomFor } from './frame-in-place';
import { writeHeader } from './framer';
import { get, set } from './header';
import { AGGREGATE, surface } from './message';

/**
 * Ends the message of `cs`, whose last byte is there: media joins the batch, or waits in PENDING_CS for one that it may
 * join; control acts; what the host sees is surfaced.
 *
 * @param out - the end of what is framed, and `segment` the start of its part that no segment names yet
 * @param inPlace - whether media is framed where the host has aimed
 * @returns a status; OUT_POS and SEGMENT_START hold `out` and `segment` as they are now
 */
export function completeMessage(cs: u32, out: u32, segment: u32, inPlace: bool): i32 {
  const len = load<u32>(cs, CS_LEN);
  const sink = load<u32>(cs, CS_SINK);
  set(C.PARTIALS, get(C.PARTIALS) - 1);
  set(C.REASSEMBLY, get(C.REASSEMBLY) - len);
  set(C.OUT_POS, out);
  set(C.SEGMENT_START, segment);
  if (sink === SINK_OUT) {
    const end = load<u32>(cs, CS_DEST);
    record(cs, load<u64>(cs, CS_OUT_TS), len, load<u32>(cs, CS_START) + load<u32>(cs, CS_HEADER_BYTES), end - out);
    set(C.OUT_POS, end);
    set(C.OPEN_CS, 0);
    return C.STATUS_NEED_INPUT;
  }
  if (sink === SINK_MEDIA_BLOCKS) return completeChain(cs, out, segment, inPlace);
  if (sink === SINK_DISCARD) {
    set(C.DROPPED, get(C.DROPPED) + 1);
    return C.STATUS_NEED_INPUT;
  }
  const type = load<u32>(cs, CS_TYPE);
  const head = load<u32>(cs, CS_HEAD);
  const payload: u32 = head + C.BLOCK_HEADER;
  store<u32>(cs, 0, CS_HEAD);
  if (type <= 2) {
    const status = applyControl(type, payload, len);
    freeChain(head, load<u32>(cs, CS_TAIL));
    return status;
  }
  if (type === AGGREGATE) return openAggregate(cs, head, len);
  surface(cs, payload, len);
  releaseLater(head, load<u32>(cs, CS_TAIL));
  return C.STATUS_MESSAGE;
}

/** {@link completeMessage} for media that lies in blocks. */
function completeChain(cs: u32, out: u32, segment: u32, inPlace: bool): i32 {
  if (conflicts(load<u32>(cs, CS_MSID))) {
    set(C.PENDING_CS, cs);
    return C.STATUS_MORE;
  }
  if (inPlace) {
    if (!roomFor(cs, out)) {
      const framed = load<u32>(cs, CS_FRAMED);
      set(C.PENDING_CS, cs);
      if (framed <= (C.IN_PLACE_MAX_BYTES as u32)) set(C.NEEDED_BYTES, framed);
      return C.STATUS_MORE;
    }
    set(C.OUT_POS, joinChain(cs, out));
    return C.STATUS_NEED_INPUT;
  }
  const joined = joinShort(cs, out);
  if (joined !== 0) {
    set(C.OUT_POS, joined);
  } else {
    addSegment(segment, out - segment);
    set(C.SEGMENT_START, out);
    recordChain(cs);
  }
  return C.STATUS_NEED_INPUT;
}

/** Begins a batch with the complete message that waits in `cs`. Returns the end of what is framed. */
export function takePending(cs: u32, out: u32, inPlace: bool): u32 {
  set(C.PENDING_CS, 0);
  if (load<u32>(cs, CS_HEAD) !== 0) {
    if (inPlace) return joinChain(cs, out);
    recordChain(cs);
    return out;
  }
  // A message without payload.
  const header = load<u32>(cs, CS_HEADER_BYTES);
  const ts = load<u64>(cs, CS_OUT_TS);
  writeHeader(out, load<u32>(cs, CS_TYPE), ts as u32, 0);
  record(cs, ts, 0, out, header);
  return out + header;
}
