import * as C from '../../assembly/constants.js';

type Kind = 'audio' | 'video';

interface Timeline {
  /** A frame has come, or the first timestamp was given. */
  runs: boolean;
  from: number | undefined;
  readonly offset: Record<Kind, number>;
  readonly last: Record<Kind, number | undefined>;
  /** The offset that was left last. */
  spare: number;
  /** Where it goes on from another's: the least that the first frame of each kind gets. */
  least: number;
}

/** A publish that a test begins before its first byte. */
export interface BegunPublish {
  readonly messageStreamId: number;
  /** Timestamp of its first message, in ms; undefined: as it comes. */
  readonly from?: number;
}

const NO_FRAME = C.FLAG_SEQUENCE_HEADER | C.FLAG_CONFIG | C.FLAG_END_OF_SEQUENCE | C.FLAG_COMMAND | C.FLAG_EMPTY;

function fresh(from?: number): Timeline {
  return {
    runs: false,
    from,
    offset: { audio: 0, video: 0 },
    last: { audio: undefined, video: undefined },
    spare: 0,
    least: 0,
  };
}

/** How timestamps pass to players, written simply. It is the oracle for assembly/timeline.ts. */
export class ReferenceTimelines {
  readonly #begun = new Map<number, Timeline>();
  /** The message that began last, and what its timeline was before. */
  #last: { readonly messageStreamId: number; readonly key: number; readonly before: Timeline } | undefined;

  begin({ messageStreamId, from }: BegunPublish): void {
    this.#begun.set(messageStreamId, fresh(from));
  }

  /** A media message begins on the chunk stream `key`. */
  next(
    key: number,
    messageStreamId: number,
    type: number,
    peerTimestamp: number,
  ): { timestamp: number; jumped: boolean } {
    const timeline = this.#begun.get(messageStreamId);
    this.#last = timeline && { key, messageStreamId, before: structuredClone(timeline) };
    if (timeline === undefined) return { timestamp: peerTimestamp, jumped: false };
    const kind: Kind = type === 8 ? 'audio' : 'video';
    const other: Kind = type === 8 ? 'video' : 'audio';
    const { offset, last } = timeline;
    const own = offset[kind];
    let jumped = false;
    if (timeline.from !== undefined) {
      offset.audio = timeline.from - peerTimestamp;
      offset.video = offset.audio;
      timeline.spare = offset.audio;
      timeline.least = timeline.from;
      timeline.from = undefined;
      timeline.runs = true;
    } else if (timeline.runs && beginsEarly(timeline, kind, peerTimestamp + own)) {
      offset.audio = timeline.least - peerTimestamp;
      offset.video = offset.audio;
      timeline.spare = offset.audio;
    } else if (timeline.runs && !follows(timeline, kind, peerTimestamp + own)) {
      const candidates = [offset[other], timeline.spare];
      let found = candidates.find((candidate) => follows(timeline, kind, peerTimestamp + candidate));
      if (found === undefined) {
        jumped = true;
        found = newest(timeline) + C.TS_STEP_MS - peerTimestamp;
      }
      timeline.spare = own;
      offset[kind] = found;
    }
    const timestamp = peerTimestamp + offset[kind];
    last[kind] = Math.max(last[kind] ?? 0, timestamp);
    return { timestamp, jumped };
  }

  /**
   * A media message is complete.
   *
   * @returns whether it takes no part in the timeline, which is as it was before it
   */
  complete(key: number, messageStreamId: number, type: number, timestamp: number, flags: number): boolean {
    const timeline = this.#begun.get(messageStreamId);
    if (timeline === undefined) return false;
    if ((flags & NO_FRAME) !== 0) {
      if (this.#last?.key !== key || this.#last.messageStreamId !== messageStreamId) return false;
      this.#begun.set(messageStreamId, structuredClone(this.#last.before));
      return true;
    }
    if (timeline.runs || timeline.from !== undefined) return false;
    timeline.runs = true;
    timeline.last.audio = type === 8 ? timestamp : undefined;
    timeline.last.video = type === 8 ? undefined : timestamp;
    return false;
  }
}

function newest({ last }: Timeline): number {
  return Math.max(last.audio ?? 0, last.video ?? 0);
}

/**
 * Whether the first frame of its kind, behind one of the other kind, would come before the point from which the publish
 * goes on.
 */
function beginsEarly({ last, least, offset }: Timeline, kind: Kind, timestamp: number): boolean {
  const early = timestamp < least && timestamp >= least - C.TS_FORWARD_MS;
  return last[kind] === undefined && early && offset.audio === offset.video;
}

function follows(timeline: Timeline, kind: Kind, timestamp: number): boolean {
  const front = newest(timeline);
  const last = timeline.last[kind];
  const least = last === undefined ? front - C.TS_FORWARD_MS : last - C.TS_BACK_MS;
  return timestamp >= Math.max(0, least) && timestamp <= front + C.TS_FORWARD_MS;
}
