import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlayFormat } from '../../../src/hub/player-sink.js';
import { type Kind, kindOf, type Message, message, numberOf } from '../../support/hub/media.js';
import { PublicationHarness } from '../../support/hub/publication-harness.js';
import type { RecordingSink, SinkMode } from '../../support/hub/sinks.js';

type Step =
  | { readonly do: 'send'; readonly kinds: readonly Kind[]; readonly bytes: number }
  | { readonly do: 'turn'; readonly ms: number }
  | { readonly do: 'join'; readonly mode: SinkMode; readonly messageStreamId: number; readonly format: PlayFormat }
  | { readonly do: 'leave' | 'drain' | 'pause' | 'unpause' | 'mode'; readonly pick: number };

const kind: fc.Arbitrary<Kind> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Kind>('inter') },
  { weight: 4, arbitrary: fc.constant<Kind>('audio') },
  { weight: 2, arbitrary: fc.constant<Kind>('key') },
  { weight: 1, arbitrary: fc.constantFrom<Kind>('videoHeader', 'audioHeader') },
);
const sizes = fc.oneof(fc.integer({ min: 16, max: 5000 }), fc.integer({ min: 15_000, max: 40_000 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      kinds: fc.array(kind, { minLength: 1, maxLength: 5 }),
      bytes: sizes,
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('turn' as const), ms: fc.integer({ min: 0, max: 400 }) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('drain' as const), pick: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      mode: fc.constantFrom<SinkMode>('sync', 'slow', 'slow', 'stuck'),
      messageStreamId: fc.constantFrom(1, 1, 2),
      format: fc.constantFrom<PlayFormat>('rtmp', 'flv'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('leave' as const, 'pause' as const, 'unpause' as const, 'mode' as const),
      pick: fc.nat(20),
    }),
  },
);

/** What the publisher has sent, and which headers were in force at each message. */
class Sent {
  readonly messages: Message[] = [];
  readonly #headersAt: { readonly video: number; readonly audio: number }[] = [];

  add(kinds: readonly Kind[], bytes: number): Message[] {
    const made = kinds.map((one) => message(one, this.messages.length + kinds.indexOf(one), bytes));
    return made.map((_, index) => {
      const one = message(kinds[index], this.messages.length, kinds[index].endsWith('Header') ? 40 : bytes);
      const { video, audio } = this.#headersAt.at(-1) ?? { video: -1, audio: -1 };
      const number = this.messages.length;
      this.#headersAt.push({
        video: one.kind === 'videoHeader' ? number : video,
        audio: one.kind === 'audioHeader' ? number : audio,
      });
      this.messages.push(one);
      return one;
    });
  }

  headersAt(number: number): { readonly video: number; readonly audio: number } {
    return this.#headersAt[number];
  }
}

/**
 * The rules for what one player has got: whole messages as they were sent, in order, nothing twice but headers, each
 * frame under the headers it was sent under, and gaps only before a keyframe (or in video alone, before the first).
 */
function check(sink: RecordingSink, sent: Sent, plays: { readonly all: boolean }): number {
  let next = -1;
  let videoOpen = false;
  let inForce = { video: -1, audio: -1 };
  let gap = false;
  for (const { payload, type } of sink.messages()) {
    const number = numberOf(payload);
    const one = kindOf(payload);
    expect(payload.equals(sent.messages[number].payload), `message ${number} as it was sent`).toBe(true);
    expect(type).toBe(one === 'audio' || one === 'audioHeader' ? 8 : 9);
    if (one === 'videoHeader' || one === 'audioHeader') {
      inForce = { ...inForce, [one === 'videoHeader' ? 'video' : 'audio']: number };
      if (number >= next) next = number + 1;
      continue;
    }
    expect(number, 'in order and once').toBeGreaterThanOrEqual(next === -1 ? 0 : next);
    const missed = next === -1 ? [] : sent.messages.slice(next, number).filter(({ kind: k }) => !k.endsWith('Header'));
    if (one === 'key') {
      videoOpen = true;
      gap = false;
    } else if (plays.all || videoOpen) {
      gap ||= missed.some((lost) => lost.kind === 'audio' || videoOpen);
    }
    if (one === 'inter') expect(gap, `frame ${number} follows a gap and is no keyframe`).toBe(false);
    const { video, audio } = sent.headersAt(number);
    if (one === 'audio') expect(inForce.audio, `audio header of ${number}`).toBe(audio);
    else expect(inForce.video, `video header of ${number}`).toBe(video);
    next = number + 1;
  }
  return next;
}

describe('players of a publication, whatever publisher and players do', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['copied into the log', undefined, 90],
    ['framed in the log', 12 * 65_536, 60],
    ['framed in the log while its codec has room', 3 * 65_536, 60],
  ])(
    'see whole messages, in order, once, decodable, with gaps only before keyframes: %s',
    (_how, slabBytes, numRuns) => {
      let inPlace = 0;
      let batches = 0;
      fc.assert(
        fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
          const bounds = { gopMaxBytes: 300_000, gopMaxMessages: 60, maxLagBytes: 120_000, maxLagMs: 3000 };
          const harness = new PublicationHarness({ ...bounds, slabBytes });
          const sent = new Sent();
          const sinks: RecordingSink[] = [harness.join('sync'), harness.joinFlv('sync'), harness.join('slow')];
          const present = new Set(sinks);
          const steady = sinks.slice(0, 2);
          harness.send(...sent.add(['videoHeader', 'audioHeader', 'key'], 100));
          for (const one of steps) {
            if (one.do === 'send') harness.send(...sent.add(one.kinds, one.bytes));
            else if (one.do === 'turn') harness.turn(one.ms);
            else if (one.do === 'join') {
              const sink = harness.join(one.mode, one.messageStreamId, undefined, one.format);
              sinks.push(sink);
              present.add(sink);
            } else {
              const others = [...present].slice(2);
              const sink = others[one.pick % Math.max(1, others.length)];
              if (sink === undefined) continue;
              if (one.do === 'drain') sink.drain();
              else if (one.do === 'leave') {
                harness.leave(sink);
                present.delete(sink);
              } else if (one.do === 'mode') {
                if (!sink.busy) sink.mode = sink.mode === 'sync' ? 'slow' : 'sync';
              } else sink.player!.setPaused(one.do === 'pause');
            }
          }
          for (let round = 0; round < 200; round++) {
            let any = false;
            for (const sink of sinks) any = sink.drain() || any;
            if (!any) break;
          }
          for (const sink of sinks) {
            if (sink.mode === 'slow') sink.mode = 'sync';
            if (present.has(sink)) sink.player!.setPaused(false);
          }
          harness.play(...sent.add(['videoHeader', 'audioHeader', 'key', 'audio', 'inter'], 50));
          for (const sink of sinks) {
            const next = check(sink, sent, { all: true });
            const reads = present.has(sink) && sink.mode !== 'stuck';
            if (reads) expect(next, 'everybody who reads is at the end').toBe(sent.messages.length);
          }
          for (const sink of steady) {
            const got = sink.messages().map(({ payload }) => numberOf(payload));
            expect(got, sink.format).toEqual(sent.messages.map((_, number) => number));
          }
          for (const sink of [...present]) harness.leave(sink);
          expect(harness.fanout.size).toBe(0);
          expect(harness.publication.flv.heldBytes).toBe(0);
          harness.publication.end();
          expect(harness.publication.log.heldBytes).toBe(0);
          inPlace += harness.publisher?.inPlace ?? 0;
          batches += harness.publisher?.batches ?? 0;
          for (const sink of sinks) sink.drain();
          if (sinks.every(({ busy }) => !busy)) expect(harness.publisher?.codec.slabs?.leasedBytes ?? 0).toBe(0);
        }),
        { seed: 42, numRuns },
      );
      if (slabBytes !== undefined) expect(inPlace).toBeGreaterThan(batches / 5);
    },
  );
});
