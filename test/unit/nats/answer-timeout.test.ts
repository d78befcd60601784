import { describe, expect, it } from 'vitest';
import { AnswerTimeout } from '../../../src/nats/answer-timeout.js';

describe('answerTimeout', () => {
  it('stays as configured while answers are quick', () => {
    const answerTimeout = new AnswerTimeout(2000, 5000);
    for (const ms of [1, 100, 1300]) answerTimeout.took(ms);
    expect(answerTimeout.ms).toBe(2000);
  });

  it('grows past what an answer has taken, up to a limit', () => {
    const answerTimeout = new AnswerTimeout(2000, 5000);
    answerTimeout.took(2400);
    expect(answerTimeout.ms).toBe(3600);
    answerTimeout.took(60_000);
    expect(answerTimeout.ms).toBe(5000);
  });

  it('is lost again bit by bit with quick answers, and at once with another connection', () => {
    const answerTimeout = new AnswerTimeout(2000, 5000);
    answerTimeout.took(5000);
    answerTimeout.took(1);
    expect(answerTimeout.ms).toBe(4900);
    for (let i = 0; i < 60; i++) answerTimeout.took(1);
    expect(answerTimeout.ms).toBe(2000);
    answerTimeout.took(5000);
    answerTimeout.reset();
    expect(answerTimeout.ms).toBe(2000);
  });

  it('is never shorter than configured, also where the limit is', () => {
    expect(new AnswerTimeout(2000, 500).mostMs).toBe(2000);
  });
});
