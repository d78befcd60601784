import { describe, expect, it } from 'vitest';
import { previewPlan } from '../../../src/page/preview-plan.js';

const video = (codec: string) => ({ id: 0, kind: 'video', codec }) as const;
const audio = (codec: string) => ({ id: 0, kind: 'audio', codec }) as const;
const all = (): boolean => true;

describe('a preview', () => {
  it('plays what the browser plays', () => {
    const plan = previewPlan([video('avc1.64001f'), audio('mp4a.40.2')], all);
    expect(plan).toEqual({ isPlayable: true, hasVideo: true, hasAudio: true, without: '' });
    expect(previewPlan([audio('mp4a.40.2')], all)).toMatchObject({ hasVideo: false, hasAudio: true, without: '' });
  });

  it('leaves out the part that the browser does not play, and says so', () => {
    expect(previewPlan([video('avc1.64001f'), audio('speex')], all)).toMatchObject({
      hasAudio: false,
      without: 'Played without audio: the player of this page does not know Speex.',
    });
  });

  it('is none where nothing can be played, with the reason', () => {
    const plan = previewPlan([video('hvc1.1.6.L93.90')], (_, codec) => !codec.startsWith('hvc1'));
    expect(plan).toMatchObject({
      isPlayable: false,
      why: expect.stringMatching(/^This browser does not play HEVC\. /),
    });
    expect(previewPlan([video('flv1'), audio('speex')], all)).toMatchObject({
      why: expect.stringMatching(/does not know Sorenson H\.263, and the player of this page does not know Speex\. /),
    });
    expect(previewPlan([], all)).toMatchObject({ isPlayable: false, why: expect.stringContaining('Nothing has come') });
  });
});
