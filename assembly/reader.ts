import { turnAggregate } from './aggregate';
import { addSegment, beginBatch, conflicts } from './batch';
import { releaseChains } from './blocks';
import {
  CS_DELTA,
  CS_DEST,
  CS_EXT,
  CS_FRAMED,
  CS_HEAD,
  CS_HEADER_BYTES,
  CS_ID,
  CS_KNOWN,
  CS_LEN,
  CS_MSID,
  CS_OUT_TS,
  CS_RAW,
  CS_REMAINING,
  CS_RUN,
  CS_SINK,
  CS_TS,
  CS_TYPE,
  findLargeChunkStream,
  SINK_DISCARD,
} from './chunk-stream';
import { completeMessage, takePending } from './completion';
import * as C from './constants';
import { applyControl } from './control';
import { copyBytes } from './copy';
import { frameFastRun } from './fast-run';
import { aim, evictOpen, roomFor } from './frame-in-place';
import { frameWholeMessage } from './frame-whole-message';
import { appendPayload, framedBytes } from './framer';
import { get, set } from './header';
import { stash, takeInput } from './input';
import { AGGREGATE, isSurfaced, openMessage, outgoing, surface, unwrap } from './message';
import { newestFrame } from './timeline';

/**
 * Reads the chunk stream (RTMP 1.0 §5.3) in INPUT[start,end), or with (0,0) goes on with what the last call left
 * unread. Returns a STATUS_* or a negative ERR_* (sticky). The batch may hold media whatever it returns.
 */
export function read(start: u32, end: u32): i32 {
  beginBatch();
  const failed = get(C.FAILED) as i32;
  if (failed !== 0) return failed;
  if (end > start) {
    const refused = takeInput(start, end);
    if (refused !== 0) return refused;
  }
  releaseChains();
  let pos = get(C.READ_POS);
  const limit = get(C.READ_END);

  let status: i32 = C.STATUS_NEED_INPUT;
  let cs = get(C.CURRENT_CS);
  let left = get(C.CHUNK_LEFT); // payload bytes of the current chunk still to come
  let chunkSize = get(C.IN_CHUNK_SIZE);

  const pending = get(C.PENDING_CS);
  // A host that was asked for room and did not answer gets the batch as segments.
  if (get(C.NEEDED_BYTES) !== 0 || (pending !== 0 && !roomFor(pending, get(C.OUT_PTR)))) aim(0, 0);
  const inPlace = get(C.OUT_LIMIT) !== 0;
  let out: u32 = inPlace ? get(C.OUT_PTR) : C.OUT; // end of what is framed
  let segment = out; // start of its part that no segment names yet
  const outLimit: u32 = inPlace ? get(C.OUT_LIMIT) : 0xffffffff;
  const stay: u32 = inPlace ? 0xffffffff : C.STAY_BYTES;
  const longest: u32 = inPlace ? 0xffffff : C.STAY_BYTES - 1; // of those that frameFastRun() takes
  set(C.BATCH_ADDRESS, inPlace ? out : 0);
  if (pending !== 0) out = takePending(pending, out, inPlace);

  while (true) {
    if (left === 0) {
      if (pos >= limit) break;
      pos = frameFastRun(pos, limit, out, outLimit, chunkSize, longest);
      out = get(C.OUT_POS);
      if (pos >= limit) break;
      if (get(C.BATCH_COUNT) === C.MAX_RECORDS || get(C.BATCH_SEGMENTS) > (C.SEGMENTS_STOP as u32)) {
        status = C.STATUS_MORE;
        break;
      }
      // ---- chunk header (RTMP 1.0 §5.3.1). Nothing is changed before all of it is there.
      const available = limit - pos;
      const b0: u32 = load<u8>(pos);
      const fmt = b0 >> 6;
      let csid = b0 & 63;
      let p = pos + 1;
      if (csid > 1) {
        cs = C.CS_TABLE + (csid << C.CS_SHIFT);
      } else {
        if (available < csid + 2) break;
        p += csid + 1;
        csid = csid === 0 ? 64 + (load<u8>(pos, 1) as u32) : 64 + (load<u16>(pos, 1) as u32);
        cs = findLargeChunkStream(csid);
      }
      const known = load<u32>(cs, CS_KNOWN);
      let remaining = load<u32>(cs, CS_REMAINING);
      if (fmt === 3) {
        if (known === 0) {
          status = C.ERR_CHUNK_FRESH_HEADER;
          break;
        }
        if (load<u32>(cs, CS_EXT) !== 0) {
          // OBS before 30.1 and old librtmp forks leave the extended timestamp out of fmt 3 chunks, so it is compared
          // first.
          if (limit - p < 4) break;
          const value = bswap<u32>(load<u32>(p));
          if (value === load<u32>(cs, CS_RAW) || value === (load<u64>(cs, CS_TS) as u32)) p += 4;
        }
        if (remaining === 0) {
          const ts: i64 = (load<u64>(cs, CS_TS) as i64) + (load<i32>(cs, CS_DELTA) as i64);
          store<i64>(cs, ts < 0 ? ts + 0x100000000 : ts, CS_TS);
        }
      } else {
        if (remaining !== 0) {
          status = C.ERR_CHUNK_MID_MESSAGE;
          break;
        }
        if (fmt === 2 && known === 0) {
          status = C.ERR_CHUNK_FRESH_HEADER;
          break;
        }
        const size: u32 = fmt === 0 ? 11 : fmt === 1 ? 7 : 3;
        if (limit - p < size) break;
        let raw = bswap<u32>(load<u32>(p)) >> 8;
        const ext = raw === 0xffffff;
        if (ext) {
          if (limit - p < size + 4) break;
          raw = bswap<u32>(load<u32>(p + size));
        }
        if (known === 0) {
          const streams = get(C.CHUNK_STREAMS);
          if (streams >= get(C.LIMIT_CHUNK_STREAMS)) {
            status = C.ERR_CHUNK_STREAM_LIMIT;
            break;
          }
          set(C.CHUNK_STREAMS, streams + 1);
          if (csid > 63) set(C.LARGE_CS_COUNT, get(C.LARGE_CS_COUNT) + 1);
          store<u32>(cs, csid, CS_ID);
          store<u32>(cs, 1, CS_KNOWN);
        }
        if (fmt === 0 || known === 0) {
          // librtmp sends its first ping answer and acknowledgement as fmt 1 (42 000000 000006 04): their time counts
          // from 0.
          const base = known !== 0 ? load<u64>(cs, CS_TS) : load<u64>(C.HEADER + (C.LAST_MEDIA_TS << 2));
          const seen = known !== 0 || get(C.MEDIA_SEEN) !== 0;
          store<u64>(cs, seen ? unwrap(base, raw) : (raw as u64), CS_TS);
          store<u32>(cs, fmt === 0 ? load<u32>(p, 7) : 0, CS_MSID);
        } else {
          const ts: i64 = (load<u64>(cs, CS_TS) as i64) + (raw as i32 as i64);
          store<i64>(cs, ts < 0 ? ts + 0x100000000 : ts, CS_TS);
        }
        if (fmt !== 2) {
          const word = bswap<u32>(load<u32>(p, 3));
          store<u32>(cs, word >> 8, CS_LEN);
          store<u32>(cs, word & 255, CS_TYPE);
        }
        store<u32>(cs, ext as u32, CS_EXT);
        store<u32>(cs, raw, CS_RAW);
        store<u32>(cs, raw, CS_DELTA);
        p += ext ? size + 4 : size;
      }
      pos = p;
      if (!inPlace && get(C.OPEN_CS) !== 0 && get(C.OPEN_CS) !== cs) evictOpen();

      if (remaining === 0) {
        // ---- a message begins: every limit is checked before any byte of it is kept
        const type = load<u32>(cs, CS_TYPE);
        const len = load<u32>(cs, CS_LEN);
        const media = (type & ~1) === 8;
        if (media) {
          if (len > get(C.LIMIT_MEDIA_BYTES)) {
            status = C.ERR_CHUNK_MEDIA_TOO_LONG;
            break;
          }
        } else if (len > get(C.LIMIT_CONTROL_BYTES)) {
          status = C.ERR_CHUNK_MESSAGE_TOO_LONG;
          break;
        }
        let ts = load<u64>(cs, CS_TS);
        if (media) ts = outgoing(cs, ts);
        const header: u32 = (ts as u32) >= 0xffffff ? 16 : 12;
        const wait = media && conflicts(load<u32>(cs, CS_MSID));
        left = min<u32>(len, chunkSize);
        if (len !== 0) {
          if (get(C.PARTIALS) >= get(C.LIMIT_PARTIALS)) {
            status = C.ERR_CHUNK_PARTIAL_LIMIT;
            break;
          }
          if (get(C.REASSEMBLY) + left > get(C.LIMIT_REASSEMBLY)) {
            status = C.ERR_CHUNK_REASSEMBLY_LIMIT;
            break;
          }
        }
        if (limit - pos >= len && !wait) {
          if (media) {
            const fits = out + header + len <= outLimit && len <= get(C.OUT_CHUNK_SIZE);
            if (fits && get(C.OPEN_CS) !== 0 && !evictOpen()) {
              status = C.ERR_CHUNK_REASSEMBLY_LIMIT;
              break;
            }
            if (fits && get(C.REASSEMBLY) + len <= get(C.LIMIT_REASSEMBLY)) {
              const more: u32 = csid < 64 && load<u32>(cs, CS_EXT) === 0 ? 0xc0 | csid : 0x100;
              const next = frameWholeMessage(cs, ts, len, header, out, segment, pos, limit, chunkSize, more, stay);
              if (next !== 0) {
                left = 0;
                pos = next;
                out = get(C.OUT_POS);
                segment = get(C.SEGMENT_START);
                continue;
              }
            }
          } else if (left === len && (type !== AGGREGATE || len === 0)) {
            const payload = pos;
            left = 0;
            pos += len;
            if (type === 1 || type === 2) {
              status = applyControl(type, payload, len);
              if (status < 0) break;
              chunkSize = get(C.IN_CHUNK_SIZE);
            } else if (!isSurfaced(type)) {
              set(C.DROPPED, get(C.DROPPED) + 1);
            } else {
              surface(cs, payload, len);
              status = C.STATUS_MESSAGE;
              break;
            }
            continue;
          }
        }
        store<u32>(cs, header, CS_HEADER_BYTES);
        store<u64>(cs, ts, CS_OUT_TS);
        if (media) store<u32>(cs, framedBytes(len, header), CS_FRAMED);
        if (len === 0) {
          store<u32>(cs, 0, CS_HEAD);
          set(C.PENDING_CS, cs);
          if (out + header > outLimit) set(C.NEEDED_BYTES, header);
          status = C.STATUS_MORE;
          break;
        }
        remaining = len;
        store<u32>(cs, len, CS_REMAINING);
        set(C.PARTIALS, get(C.PARTIALS) + 1);
        set(C.REASSEMBLY, get(C.REASSEMBLY) + left);
        openMessage(cs, type, limit - pos >= len + (len - 1) / chunkSize, wait, out);
        if (get(C.NEEDED_BYTES) !== 0) {
          status = C.STATUS_MORE;
          break;
        }
      } else {
        left = min<u32>(remaining, chunkSize);
        if (get(C.REASSEMBLY) + left > get(C.LIMIT_REASSEMBLY)) {
          left = 0;
          status = C.ERR_CHUNK_REASSEMBLY_LIMIT;
          break;
        }
        set(C.REASSEMBLY, get(C.REASSEMBLY) + left);
      }
    }

    // ---- payload: the rest of this chunk, and following chunks of the same message behind a plain fmt 3 byte
    const csid = load<u32>(cs, CS_ID);
    const len = load<u32>(cs, CS_LEN);
    const sink = load<u32>(cs, CS_SINK);
    const more: u32 = csid < 64 && load<u32>(cs, CS_EXT) === 0 ? 0xc0 | csid : 0x100;
    let remaining = load<u32>(cs, CS_REMAINING);
    let dest = load<u32>(cs, CS_DEST);
    let run = load<u32>(cs, CS_RUN);
    let held = get(C.REASSEMBLY);
    const room = get(C.LIMIT_REASSEMBLY);
    while (true) {
      const n = min<u32>(left, limit - pos);
      if (sink === SINK_DISCARD) {
        remaining -= n;
      } else if (n <= run) {
        copyBytes(dest, pos, n);
        dest += n;
        run -= n;
        remaining -= n;
      } else {
        store<u32>(cs, dest, CS_DEST);
        store<u32>(cs, run, CS_RUN);
        store<u32>(cs, remaining, CS_REMAINING);
        const taken = appendPayload(cs, len, pos, n);
        dest = load<u32>(cs, CS_DEST);
        run = load<u32>(cs, CS_RUN);
        remaining = load<u32>(cs, CS_REMAINING);
        if (taken < n) {
          pos += taken;
          left -= taken;
          status = get(C.RELEASE_HEAD) !== 0 ? C.STATUS_MORE : C.ERR_CHUNK_REASSEMBLY_LIMIT;
          break;
        }
      }
      pos += n;
      left -= n;
      if (left !== 0 || remaining === 0 || pos >= limit || (load<u8>(pos) as u32) !== more) break;
      const next = min<u32>(remaining, chunkSize);
      if (held + next > room) break; // the header above reports it
      held += next;
      left = next;
      pos += 1;
    }
    set(C.REASSEMBLY, held);
    store<u32>(cs, dest, CS_DEST);
    store<u32>(cs, run, CS_RUN);
    store<u32>(cs, remaining, CS_REMAINING);
    if (status !== 0 || left !== 0) break;
    if (remaining !== 0) continue;

    // ---- the message is complete
    status = completeMessage(cs, out, segment, inPlace);
    out = get(C.OUT_POS);
    segment = get(C.SEGMENT_START);
    if (status !== 0) break;
    chunkSize = get(C.IN_CHUNK_SIZE);
  }

  // ---- leave: what is left of a header waits in the stash, an unfinished message in a block
  if (status === C.STATUS_NEED_INPUT) {
    if (left === 0 && pos < limit) stash(pos, limit);
    pos = limit;
  }
  addSegment(segment, out - segment);
  if (inPlace) {
    set(C.OUT_PTR, out);
  } else {
    evictOpen();
    if (out > get(C.OUT_HIGH)) set(C.OUT_HIGH, out);
  }
  if (get(C.BATCH_COUNT) !== 0)
    store<u64>(C.HEADER + (C.BATCH_NEWEST_TS << 2), newestFrame(get(C.BATCH_MESSAGE_STREAM_ID)));
  if (get(C.BATCH_COUNT) > get(C.RECORDS_HIGH)) set(C.RECORDS_HIGH, get(C.BATCH_COUNT));
  if (get(C.BATCH_SEGMENTS) > get(C.SEGMENTS_HIGH)) set(C.SEGMENTS_HIGH, get(C.BATCH_SEGMENTS));
  set(C.CURRENT_CS, cs);
  set(C.CHUNK_LEFT, left);
  set(C.READ_POS, pos);
  set(C.READ_END, limit);
  if (get(C.AGGREGATE) !== 0) status = turnAggregate(status);
  if (status < 0) set(C.FAILED, status);
  return status;
}
