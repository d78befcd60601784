import { describe, expect, it } from 'vitest';
import { readPubAck } from '../../../src/nats/jetstream.js';
import { backoffMs, outcomeOf } from '../../../src/nats/publish-outcome.js';

/** Answers as nats-server 2.9.10 and 2.10.27 give them. */
const answers: [string, string, string][] = [
  ['an acknowledgement', '{"stream":"SLUICE_EVENTS","seq":7}', 'stored'],
  ['an acknowledgement of a duplicate', '{"stream":"SLUICE_EVENTS","seq":7,"duplicate":true}', 'stored'],
  [
    'a duplicate of what a leader without followers has not stored',
    '{"stream":"SLUICE_EVENTS", "seq":0,"duplicate": true}',
    'not_answering',
  ],
  [
    'a taken subject',
    '{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 7"},"stream":"S","seq":0}',
    'taken',
  ],
  [
    'a taken subject, later servers',
    '{"error":{"code":400,"err_code":10164,"description":"wrong last sequence"},"stream":"S","seq":0}',
    'taken',
  ],
  [
    'a taken subject under a limit of one per subject',
    '{"error":{"code":503,"err_code":10077,"description":"maximum messages per subject exceeded"},"stream":"S","seq":0}',
    'taken',
  ],
  [
    'a full stream, messages',
    '{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"},"stream":"S","seq":0}',
    'stream_full',
  ],
  [
    'a full stream, bytes',
    '{"error":{"code":503,"err_code":10077,"description":"maximum bytes exceeded"},"stream":"S","seq":0}',
    'stream_full',
  ],
  [
    'a full disk of the server',
    '{"error":{"code":503,"err_code":10077,"description":"write: no space left on device"},"stream":"S","seq":0}',
    'stream_full',
  ],
  [
    'an account at its limit',
    '{"error":{"code":500,"err_code":10047,"description":"insufficient storage resources available"},"stream":"S","seq":0}',
    'stream_full',
  ],
  [
    'a sealed stream',
    '{"error":{"code":400,"err_code":10109,"description":"invalid operation on sealed stream"},"stream":"S","seq":0}',
    'stream_full',
  ],
  [
    'an election',
    '{"error":{"code":503,"err_code":10008,"description":"JetStream system temporarily unavailable"},"stream":"S","seq":0}',
    'not_answering',
  ],
  [
    'no suitable peers',
    '{"error":{"code":400,"err_code":10005,"description":"no suitable peers for placement"},"stream":"S","seq":0}',
    'not_answering',
  ],
  [
    'JetStream switched off',
    '{"error":{"code":503,"err_code":10076,"description":"JetStream not enabled"},"stream":"S","seq":0}',
    'not_answering',
  ],
  [
    'a message over the stream’s limit',
    '{"error":{"code":400,"err_code":10054,"description":"message size exceeds maximum allowed"},"stream":"S","seq":0}',
    'unstorable',
  ],
  [
    'an answer that nobody knows',
    '{"error":{"code":400,"err_code":19999,"description":"something new"},"stream":"S","seq":0}',
    'odd',
  ],
  ['something that is no acknowledgement', '{"pong":1}', 'disconnected'],
  ['something that is no JSON', 'PONG', 'disconnected'],
];

describe('what a publish reply means', () => {
  it.each(answers)('tells %s', (_name, text, meaning) => {
    const outcome = outcomeOf(readPubAck(text));
    expect(outcome.kind === 'wait' ? outcome.why : outcome.kind).toBe(meaning);
  });

  it.each([
    ['TIMEOUT', 'not_answering'],
    ['503', 'stream_missing'],
    ['DISCONNECT', 'disconnected'],
    ['CONNECTION_CLOSED', 'disconnected'],
    ['CONNECTION_DRAINING', 'disconnected'],
    ['PERMISSIONS_VIOLATION', 'odd'],
    ['MAX_PAYLOAD_EXCEEDED', 'unstorable'],
    ['BAD_SUBJECT', 'unstorable'],
    ['UNKNOWN', 'disconnected'],
  ])('tells the client’s %s', (code, meaning) => {
    const outcome = outcomeOf({ kind: 'failed', code, text: '' });
    expect(outcome.kind === 'wait' ? outcome.why : outcome.kind).toBe(meaning);
  });

  it('pauses longer each time, up to a limit, never less than half of it, and not all alike', () => {
    expect([0, 1, 2, 3, 50].map((tries) => backoffMs(tries, 1))).toEqual([50, 100, 200, 400, 5000]);
    expect([0, 1, 2, 3, 50].map((tries) => backoffMs(tries, 0))).toEqual([25, 50, 100, 200, 2500]);
  });
});
