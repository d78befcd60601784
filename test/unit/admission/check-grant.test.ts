import { describe, expect, it } from 'vitest';
import { replyProblem } from '../../../src/admission/check-grant.js';
import type { Reply } from '../../../src/admission/responder.js';
import { NAMES, type QuestionParts, request } from '../../support/admission/chain-harness.js';

const bounds = { names: NAMES, redirectHosts: new Set(['b.example', '[2001:db8::1]']) };
const problem = (reply: Partial<Reply>, parts: QuestionParts = {}) =>
  replyProblem({ decision: 'allow', ...reply }, request(parts), bounds)?.pointer;

describe('what a schema cannot check', () => {
  it('is that a message shows no value of the query that could be a secret, in no spelling', () => {
    const query = 'token=abcd%2Fefgh&ip=1';
    expect(problem({ message: 'your token abcd/efgh is wrong' }, { query })).toBe('/message');
    expect(problem({ message: 'ABCD%2FEFGH' }, { query })).toBe('/message');
    expect(problem({ message: '1' }, { query })).toBe('/message');
    expect(problem({ message: '1 stream is enough' }, { query })).toBeUndefined();
  });

  it('is that nothing else has the key in it, while a user name of the query may be the principal', () => {
    const query = 'user=anna&token=hunter22';
    expect(problem({ principal: 'anna' }, { query })).toBeUndefined();
    for (const said of [
      { principal: 'x:hunter22' },
      { code: 'HUNTER22' },
      { name: 'hunter22' },
      { labels: { k: 'hunter22' } },
    ])
      expect(problem(said, { query })).toBeDefined();
  });

  it('is that long values count as keys when no parameter is known to be one', () => {
    const long = 'x'.repeat(24);
    expect(problem({ principal: long }, { query: `what=${long}` })).toBe('/principal');
    expect(problem({ principal: 'anna' }, { query: 'what=anna' })).toBeUndefined();
  });

  it('is the host of a redirect', () => {
    const to = (redirectUrl: string) => problem({ decision: 'redirect', redirectUrl });
    expect(to('rtmps://b.example/live/x?y=z')).toBeUndefined();
    expect(to('rtmp://[2001:db8::1]:1935/live')).toBeUndefined();
    for (const url of ['rtmp://b.example.evil/', 'rtmp://b.example@evil/', 'rtmp:/b.example', 'rtmp://b.example/\n'])
      expect(to(url)).toBe('/redirectUrl');
  });
});
