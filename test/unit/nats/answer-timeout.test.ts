import { describe, expect, it } from 'vitest';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';

describe('patience', () => {
  it('stays as configured while answers are quick', () => {
    const patience = new AnswerTimeout(2000, 5000);
    for (const ms of [1, 100, 1300]) patience.took(ms);
    expect(patience.ms).toBe(2000);
  });

  it('grows past what an answer has taken, up to a limit', () => {
    const patience = new AnswerTimeout(2000, 5000);
    patience.took(2400);
    expect(patience.ms).toBe(3600);
    patience.took(60_000);
    expect(patience.ms).toBe(5000);
  });

  it('is lost again bit by bit with quick answers, and at once with another connection', () => {
    const patience = new AnswerTimeout(2000, 5000);
    patience.took(5000);
    patience.took(1);
    expect(patience.ms).toBe(4900);
    for (let i = 0; i < 60; i++) patience.took(1);
    expect(patience.ms).toBe(2000);
    patience.took(5000);
    patience.reset();
    expect(patience.ms).toBe(2000);
  });

  it('is never shorter than configured, also where the limit is', () => {
    expect(new AnswerTimeout(2000, 500).mostMs).toBe(2000);
  });
});
