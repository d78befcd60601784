import { describe, expect, it } from 'vitest';
import { nodeState, percent, relayWords } from '../../../src/page/nodes.js';

describe('nodes on the page', () => {
  it('drain, or do not answer', () => {
    const drain = { deadlineAt: '2026-01-01T12:00:00Z', streams: 1, plays: 2 };
    expect([nodeState({}), nodeState({ state: 'up' }), nodeState({ state: 'up', drain })]).toEqual([
      'up',
      'up',
      'draining',
    ]);
    expect([nodeState({ state: 'lost', drain }), nodeState({ state: 'silent' })]).toEqual(['lost', 'silent']);
  });

  it('say where others reach them', () => {
    expect(relayWords(undefined)).toBe('');
    expect(relayWords({ host: '10.0.0.1', port: 1935, tls: false })).toBe('10.0.0.1:1935');
    expect(relayWords({ host: 'fd00::1', port: 1936, tls: true })).toBe('[fd00::1]:1936 (TLS)');
  });

  it('say how busy they are', () => {
    expect([percent(undefined), percent(0), percent(0.374)]).toEqual(['', '0 %', '37 %']);
  });
});
