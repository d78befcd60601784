import { describe, expect, it } from 'vitest';
import { StreamTrouble } from '../../../src/live/stream-trouble.js';
import { AAC, AVC } from '../../support/live/live-streams-harness.js';

const whole = { state: 'ready', tracks: [AVC, AAC], ageMs: 60_000, nowMs: 100_000 } as const;

describe('what is wrong with a stream', () => {
  it('is nothing while its tracks come', () => {
    expect(new StreamTrouble().sentence(whole)).toBeUndefined();
  });

  it('is the track without frames that is longest without them, until it comes again', () => {
    const trouble = new StreamTrouble();
    trouble.note({ verb: 'stalled', kind: 'audio', trackId: 2, gapMs: 3000, cause: 'no_frames' }, 95_000);
    expect(trouble.sentence(whole)).toBe('no audio of track 2 for 8 s');
    trouble.note({ verb: 'stalled', kind: 'video', trackId: 0, gapMs: 5000, cause: 'no_frames' }, 95_000);
    expect(trouble.sentence(whole)).toBe('no video for 10 s');
    trouble.note({ verb: 'recovered', kind: 'video', trackId: 0, gapMs: 5000 }, 96_000);
    trouble.note({ verb: 'recovered', kind: 'audio', trackId: 2, gapMs: 5000 }, 96_000);
    expect(trouble.sentence(whole)).toBeUndefined();
  });

  it('is that nothing comes at all when the whole stream has stopped', () => {
    const trouble = new StreamTrouble();
    trouble.note({ verb: 'stalled', kind: 'video', trackId: 0, gapMs: 5000, cause: 'no_media' }, 100_000);
    expect(trouble.sentence(whole)).toBe('no audio or video for 5 s');
  });

  it('is a publisher that has gone, a start that takes long, and a kind that was announced and is not there', () => {
    const trouble = new StreamTrouble();
    expect(trouble.sentence({ ...whole, state: 'suspended' })).toMatch(/^its publisher has gone/);
    expect(trouble.sentence({ ...whole, state: 'live', ageMs: 4999 })).toBeUndefined();
    expect(trouble.sentence({ ...whole, state: 'live', ageMs: 6000 })).toMatch(/6 s after its start/);
    trouble.missing = ['audio'];
    expect(trouble.sentence({ ...whole, tracks: [AVC] })).toBe('it announced audio, which did not come');
    expect(trouble.sentence(whole)).toBeUndefined();
  });
});
