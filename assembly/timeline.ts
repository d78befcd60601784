import * as C from './constants';
import { get, set } from './header';

// One entry of the timeline table, 48 bytes. The pair of audio comes first; the pair of video is 16 bytes further.
export const TL_MSID = 0;
export const TL_STATE = 4;
export const TL_OFFSET = 8; // i64, added to a timestamp of this kind on its way out
export const TL_FLOOR = 16; // i64, TS_BACK_MS before the newest timestamp of this kind as players got it
const TL_SPARE = 40; // the last offset that was given up; when armed, the timestamp of the first message

// States; 0: the entry is free.
const OPEN: u32 = 1; // no frame yet: timestamps pass as they are
const ARMED: u32 = 2; // the next message gets the timestamp in TL_SPARE
export const RUNNING: u32 = 3;

/**
 * A floor at or above this value means that the kind has had no frame yet. The difference to this value is the least
 * timestamp that its first frame may get, where a publish goes on with another one's timeline.
 */
const UNSEEN: i64 = 0x4000000000000000;

/** A timestamp may come next unchanged when it is, unsigned, at most this far above the floor of its kind. */
export const TL_SPAN: u64 = C.TS_BACK_MS + C.TS_FORWARD_MS;

/** Messages without a frame do not say where a timeline is: encoders stamp headers and ends of sequences with 0. */
export const NO_FRAME: u32 =
  C.FLAG_SEQUENCE_HEADER | C.FLAG_CONFIG | C.FLAG_END_OF_SEQUENCE | C.FLAG_COMMAND | C.FLAG_EMPTY;

function entry(index: u32): u32 {
  return C.TIMELINES + index * C.TIMELINE_BYTES;
}

function reset(timeline: u32, msid: u32, state: u32): void {
  store<u32>(timeline, msid, TL_MSID);
  store<u32>(timeline, state, TL_STATE);
  store<u64>(timeline, 0, TL_OFFSET);
  store<i64>(timeline, UNSEEN, TL_FLOOR);
  store<u64>(timeline, 0, TL_OFFSET + 16);
  store<i64>(timeline, UNSEEN, TL_FLOOR + 16);
  store<u64>(timeline, 0, TL_SPARE);
}

/** The timeline that the host began for a message stream, or 0. */
function timelineOf(msid: u32): u32 {
  for (let index: u32 = 1; index <= get(C.TIMELINES_HIGH); index++) {
    const timeline = entry(index);
    if (load<u32>(timeline, TL_MSID) === msid && load<u32>(timeline, TL_STATE) !== 0) return timeline;
  }
  return 0;
}

/**
 * Makes the timeline of `msid` the current one. Ids for which the host has begun no timeline share entry 0: their
 * timestamps pass as they are.
 */
export function selectTimeline(msid: u32): u32 {
  let timeline = timelineOf(msid);
  if (timeline === 0) {
    timeline = C.TIMELINES;
    reset(timeline, msid, RUNNING);
  }
  set(C.TIMELINE, timeline);
  return timeline;
}

/**
 * A publish on `msid` begins: from here on its timestamps are guarded, apart from those of other message streams.
 * `from` ≥ 0: its first message gets this timestamp, because it goes on from what players have seen. Below 0:
 * timestamps pass as they come.
 */
export function beginTimeline(msid: u32, from: f64): void {
  endTimeline(msid);
  set(C.TIMELINE, 0);
  set(C.LAST_BEGUN, 0);
  const high = get(C.TIMELINES_HIGH);
  let index: u32 = 1;
  while (index <= high && load<u32>(entry(index), TL_STATE) !== 0) index++;
  if (index > (C.MAX_TIMELINES as u32)) return;
  if (index > high) set(C.TIMELINES_HIGH, index);
  const timeline = entry(index);
  reset(timeline, msid, from >= 0 ? ARMED : OPEN);
  if (from >= 0) store<u64>(timeline, from as u64, TL_SPARE);
}

/** The publish on `msid` is over. */
export function endTimeline(msid: u32): void {
  const timeline = timelineOf(msid);
  if (timeline === 0) return;
  store<u32>(timeline, 0, TL_STATE);
  set(C.LAST_BEGUN, 0);
  if (get(C.TIMELINE) === timeline) set(C.TIMELINE, 0);
}

/**
 * Returns the floor of the newest timestamp of any kind, for a timeline that runs; UNSEEN or more when it has had no
 * frame.
 */
function highestFloor(timeline: u32): i64 {
  const audio = load<i64>(timeline, TL_FLOOR);
  const video = load<i64>(timeline, TL_FLOOR + 16);
  if (audio >= UNSEEN) return video;
  return video >= UNSEEN ? audio : max<i64>(audio, video);
}

/**
 * Returns the greatest timestamp that players got of any frame of the publish on `msid`; 0 when it has had no frame, or
 * when there is no publish.
 */
export function newestFrame(msid: u32): u64 {
  let timeline = get(C.TIMELINE);
  if (timeline === 0 || load<u32>(timeline, TL_MSID) !== msid) timeline = timelineOf(msid);
  if (timeline === 0 || timeline === C.TIMELINES) return 0;
  const floor = highestFloor(timeline);
  return floor >= UNSEEN ? 0 : ((floor + C.TS_BACK_MS) as u64);
}

/** Keeps what {@link withdraw} needs, before a message that begins changes its timeline. */
export function remember(timeline: u32): void {
  const to: u32 = C.HEADER + (C.TIMELINE_BEFORE << 2);
  v128.store(to, v128.load(timeline));
  v128.store(to, v128.load(timeline, 16), 16);
  v128.store(to, v128.load(timeline, 32), 32);
}

/**
 * A complete message turned out to carry no frame: its timeline is set back to what it was before the message. The
 * message itself keeps the timestamp that it got. When other messages began in between, they were placed by the new
 * timeline, so it stays.
 *
 * @returns whether the timeline was set back
 */
export function withdraw(cs: u32, msid: u32): bool {
  const timeline = get(C.TIMELINE);
  if (get(C.LAST_BEGUN) !== cs || timeline <= (C.TIMELINES as u32) || load<u32>(timeline, TL_MSID) !== msid)
    return false;
  const from: u32 = C.HEADER + (C.TIMELINE_BEFORE << 2);
  v128.store(timeline, v128.load(from));
  v128.store(timeline, v128.load(from, 16), 16);
  v128.store(timeline, v128.load(from, 32), 32);
  return true;
}

/**
 * Returns whether `ts + offset` may come next: not too far behind its own kind, and not too far ahead of the newest of
 * any kind.
 */
function follows(timeline: u32, kind: u32, ts: u64, offset: u64): bool {
  const moved = (ts + offset) as i64;
  const highest = highestFloor(timeline);
  let floor = load<i64>(kind, TL_FLOOR);
  if (floor >= UNSEEN) floor = highest + C.TS_BACK_MS - C.TS_FORWARD_MS;
  return moved >= 0 && moved >= floor && moved <= highest + (TL_SPAN as i64);
}

/**
 * Returns whether the first frame of its kind, sent behind that of the other kind, would come before the point from
 * which the publish goes on.
 */
function beginsEarly(timeline: u32, kind: u32, ts: u64, own: u64): bool {
  const least = load<i64>(kind, TL_FLOOR) - UNSEEN;
  const ahead = least - ((ts + own) as i64);
  return (
    least >= 0 &&
    ahead > 0 &&
    ahead <= C.TS_FORWARD_MS &&
    load<u64>(timeline, TL_OFFSET) === load<u64>(timeline, TL_OFFSET + 16)
  );
}

/**
 * The slow half of outgoing(): the first messages, and those that do not follow the ones before. Returns the timestamp
 * for players. A jump gets a new offset and the flag at `marks`. Two offsets are tried before that: that of the other
 * kind, which brings audio and video together again after both have jumped; and the last one that was given up, which
 * serves a single stray timestamp, such as a header stamped 0 in mid-stream.
 */
export function settleTimestamp(timeline: u32, kind: u32, ts: u64, marks: u32): u64 {
  const state = load<u32>(timeline, TL_STATE);
  const own = load<u64>(kind, TL_OFFSET);
  let offset = own;
  if (state === ARMED) {
    const from = load<u64>(timeline, TL_SPARE);
    offset = from - ts;
    store<u64>(timeline, offset, TL_OFFSET);
    store<u64>(timeline, offset, TL_OFFSET + 16);
    store<u64>(timeline, offset, TL_SPARE);
    store<i64>(timeline, UNSEEN + (from as i64), TL_FLOOR);
    store<i64>(timeline, UNSEEN + (from as i64), TL_FLOOR + 16);
    store<u32>(timeline, RUNNING, TL_STATE);
  } else if (state === RUNNING && beginsEarly(timeline, kind, ts, own)) {
    // Audio and video keep the distance with which they were sent; the other kind steps ahead once.
    offset = own + ((load<i64>(kind, TL_FLOOR) - UNSEEN - ((ts + own) as i64)) as u64);
    store<u64>(timeline, offset, TL_OFFSET);
    store<u64>(timeline, offset, TL_OFFSET + 16);
    store<u64>(timeline, offset, TL_SPARE);
  } else if (state === RUNNING && !follows(timeline, kind, ts, own)) {
    const other = load<u64>(kind === timeline ? timeline + 16 : timeline, TL_OFFSET);
    const spare = load<u64>(timeline, TL_SPARE);
    if (follows(timeline, kind, ts, other)) {
      offset = other;
    } else if (follows(timeline, kind, ts, spare)) {
      offset = spare;
    } else {
      offset = ((highestFloor(timeline) + C.TS_BACK_MS + C.TS_STEP_MS) as u64) - ts;
      store<u32>(marks, C.FLAG_REBASED);
    }
    store<u64>(timeline, own, TL_SPARE);
    store<u64>(kind, offset, TL_OFFSET);
  }
  const moved = ts + offset;
  const floor: i64 = (moved as i64) - C.TS_BACK_MS;
  const before = load<i64>(kind, TL_FLOOR);
  if (before >= UNSEEN || floor > before) store<i64>(kind, floor, TL_FLOOR);
  return moved;
}

/** Returns whether the timeline of this message stream runs, so that its messages need not be inspected for frames. */
export function isRunning(msid: u32): bool {
  const timeline = get(C.TIMELINE);
  return timeline !== 0 && load<u32>(timeline, TL_MSID) === msid && load<u32>(timeline, TL_STATE) === RUNNING;
}

/**
 * A frame is complete, and its timeline may not run yet: it runs from the first frame on, and the timestamps of headers
 * before it are forgotten.
 */
export function noteFrame(msid: u32, type: u32, ts: u64): void {
  const timeline = timelineOf(msid);
  if (timeline === 0 || load<u32>(timeline, TL_STATE) !== OPEN) return;
  store<u32>(timeline, RUNNING, TL_STATE);
  store<i64>(timeline, UNSEEN, TL_FLOOR);
  store<i64>(timeline, UNSEEN, TL_FLOOR + 16);
  store<i64>(timeline + ((type & 1) << 4), (ts as i64) - C.TS_BACK_MS, TL_FLOOR);
}
