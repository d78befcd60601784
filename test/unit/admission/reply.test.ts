import { describe, expect, it } from 'vitest';
import { checkReply, invalid, MAX_REPLY_BYTES, readReply } from '../../../src/admission/reply.js';

describe('the reader of replies', () => {
  it('takes every member within its bounds', () => {
    const reply = {
      ...{ decision: 'allow', code: 'OK_1', message: 'welcome', name: 'cam1', principal: 'anna' },
      ...{ labels: { plan: 'gold' }, conflict: 'takeover', resumeWindowMs: 0, lingerMs: 3_600_000, ttlMs: 1000 },
      ...{ cacheMs: 600_000, limits: { kbps: 1, codecs: ['avc1'], action: 'warn' }, redirectUrl: 'rtmp://b/live' },
    };
    expect(readReply(JSON.stringify(reply))).toEqual(reply);
    expect(readReply(Buffer.from(JSON.stringify(reply)))).toEqual(reply);
  });

  it.each([
    ['no JSON', '<html>', ''],
    ['nothing', '', ''],
    ['a list', '[]', ''],
    ['null', 'null', ''],
    ['no decision', '{}', '/decision'],
    ['another decision', '{"decision":"maybe"}', '/decision'],
    ['a code in small letters', '{"decision":"deny","code":"nope"}', '/code'],
    ['a code that is too long', `{"decision":"deny","code":"${'A'.repeat(65)}"}`, '/code'],
    ['a message with a line break', '{"decision":"deny","message":"a\\nb"}', '/message'],
    ['a message of 257 bytes', `{"decision":"deny","message":"${'ä'.repeat(128)}x"}`, '/message'],
    ['a principal that is a number', '{"decision":"allow","principal":7}', '/principal'],
    ['labels with a key in capitals', '{"decision":"allow","labels":{"A":"x"}}', '/labels'],
    ['a label that is no text', '{"decision":"allow","labels":{"a/b":1}}', '/labels'],
    [
      '17 labels',
      JSON.stringify({
        decision: 'allow',
        labels: Object.fromEntries([...Array(17).keys()].map((i) => [`l${i}`, ''])),
      }),
      '/labels',
    ],
    ['a ttl below a second', '{"decision":"allow","ttlMs":999}', '/ttlMs'],
    ['a ttl that is a fraction', '{"decision":"allow","ttlMs":1000.5}', '/ttlMs'],
    ['a ttl that is a text', '{"decision":"allow","ttlMs":"1000"}', '/ttlMs'],
    ['a cache past its bound', '{"decision":"allow","cacheMs":600001}', '/cacheMs'],
    ['a limit that nobody knows', '{"decision":"allow","limits":{"kbits":1}}', '/limits'],
    ['a limit of nothing', '{"decision":"allow","limits":{"kbps":0}}', '/limits/kbps'],
    ['an unknown policy', '{"decision":"allow","conflict":"fight"}', '/conflict'],
    ['a redirect to nowhere', '{"decision":"redirect"}', '/redirectUrl'],
  ])('refuses %s, and says where it is wrong', (_, text, pointer) => {
    expect(readReply(text)).toMatchObject({ decision: 'invalid', pointer });
  });

  it('takes 64 KiB, not a byte more', () => {
    const padded = (bytes: number) => '{"decision":"next"}'.padEnd(bytes, ' ');
    expect(readReply(padded(MAX_REPLY_BYTES))).toEqual({ decision: 'next' });
    expect(readReply(padded(MAX_REPLY_BYTES + 1))).toEqual(invalid('', 'at most 65536 bytes'));
    expect(readReply(Buffer.from(padded(MAX_REPLY_BYTES + 1)))).toMatchObject({ decision: 'invalid' });
  });

  it('refuses what is no UTF-8', () => {
    expect(readReply(Buffer.from([0x7b, 0xff, 0x7d]))).toEqual(invalid('', 'JSON in UTF-8'));
  });

  it('counts unknown members, prototype names among them, and ignores them', () => {
    expect(readReply('{"decision":"next","__proto__":{"ttlMs":1},"colour":"red","toString":1}')).toEqual({
      decision: 'next',
      unknownMembers: 3,
    });
  });

  it('quotes nothing of what was said', () => {
    const answer = JSON.stringify(checkReply({ decision: 'CANARY', limits: { CANARY: 1 } }));
    expect(answer).not.toContain('CANARY');
    expect(JSON.stringify(checkReply({ decision: 'allow', limits: { CANARY: 1 } }))).not.toContain('CANARY');
  });
});
