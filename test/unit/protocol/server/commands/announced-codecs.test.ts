import { describe, expect, it } from 'vitest';
import { announcedCodecs } from '../../../../../src/protocol/server/commands/announced-codecs.js';

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `x${100 + from + i}`);

describe('the codecs that a client announces', () => {
  it('are those of the list of Enhanced RTMP v1, by kind', () => {
    expect(announcedCodecs({ fourCcList: ['hvc1', 'av01', 'Opus'] })).toEqual({
      video: { hvc1: 1, av01: 1 },
      audio: { Opus: 1 },
    });
    expect(announcedCodecs({ fourCcList: ['*'] })).toEqual({ video: { '*': 1 }, audio: { '*': 1 } });
  });

  it('are those of the maps of v2 with their masks, which say more than the list', () => {
    const object = {
      fourCcList: ['hvc1', 'vp09'],
      videoFourCcInfoMap: { hvc1: 5, av01: 0xf4 },
      audioFourCcInfoMap: { '*': 4 },
    };
    expect(announcedCodecs(object)).toEqual({ video: { hvc1: 5, vp09: 1, av01: 4 }, audio: { '*': 4 } });
  });

  it('are undefined when there are none, and without what is no FourCC or no mask', () => {
    expect(announcedCodecs({})).toBeUndefined();
    expect(announcedCodecs({ fourCcList: 'hvc1', videoFourCcInfoMap: ['hvc1'], audioFourCcInfoMap: null })).toBe(
      undefined,
    );
    expect(announcedCodecs({ fourCcList: ['hevc1', '', 7, null, 'a\nb1', ['hvc1']] })).toBeUndefined();
    expect(announcedCodecs({ videoFourCcInfoMap: { hvc1: '4', __proto__x: 4 } })).toBeUndefined();
  });

  it('are at most 32 of a kind', () => {
    const map = (count: number) => Object.fromEntries(names(0, count).map((name) => [name, 4]));
    expect(Object.keys(announcedCodecs({ videoFourCcInfoMap: map(32) })?.video ?? {})).toEqual(names(0, 32));
    expect(Object.keys(announcedCodecs({ videoFourCcInfoMap: map(33) })?.video ?? {})).toEqual(names(0, 32));
    expect(Object.keys(announcedCodecs({ fourCcList: names(0, 400) })?.video ?? {})).toEqual(names(0, 32));
  });
});
