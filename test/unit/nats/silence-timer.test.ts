import { describe, expect, it } from 'vitest';
import { SilenceTimer } from '../../../src/nats/silence-timer.js';
import { ManualClock } from '../../support/events-parts.js';

describe('the silence of a server', () => {
  it('is too long once questions have been in vain for the given time', () => {
    const clock = new ManualClock();
    const silence = new SilenceTimer(clock, 10_000);
    expect(silence.lasts()).toBe(false);
    clock.pass(9999);
    expect(silence.lasts()).toBe(false);
    clock.pass(1);
    expect(silence.lasts()).toBe(true);
  });

  it('is measured from the first question after an answer', () => {
    const clock = new ManualClock();
    const silence = new SilenceTimer(clock, 10_000);
    silence.lasts();
    clock.pass(9000);
    silence.reset();
    clock.pass(9000);
    expect(silence.lasts()).toBe(false);
  });

  it('is measured anew for the next server', () => {
    const clock = new ManualClock();
    const silence = new SilenceTimer(clock, 10_000);
    silence.lasts();
    clock.pass(10_000);
    expect(silence.lasts()).toBe(true);
    expect(silence.lasts()).toBe(false);
    clock.pass(10_000);
    expect(silence.lasts()).toBe(true);
  });
});
