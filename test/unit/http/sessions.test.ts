import { describe, expect, it } from 'vitest';
import { SESSION_MS, Sessions, sessionCookie, sessionIn } from '../../../src/http/sessions.js';

const TOKEN = 'ab'.repeat(32);

describe('a session', () => {
  it('stands for its token until its time is over, or it is ended', () => {
    let nowMs = 0;
    const sessions = new Sessions(() => nowMs);
    const [first, second] = [sessions.begin(TOKEN), sessions.begin(TOKEN)];
    expect(first).not.toBe(second);
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(sessions.digestOf(first)?.toString('hex')).toBe(TOKEN);
    sessions.end(first);
    expect(sessions.digestOf(first)).toBeUndefined();
    nowMs = SESSION_MS - 1;
    expect(sessions.digestOf(second)).toBeDefined();
    nowMs = SESSION_MS;
    expect(sessions.digestOf(second)).toBeUndefined();
    expect(sessions.digestOf('unknown')).toBeUndefined();
  });

  it('is over when a thousand others have begun', () => {
    const sessions = new Sessions(() => 0);
    const tokens = Array.from({ length: 10 }, (_, n) => `${n}`.repeat(64));
    const first = sessions.begin(TOKEN);
    for (let n = 0; n < 999; n++) sessions.begin(tokens[n % 10]!);
    expect(sessions.digestOf(first)).toBeDefined();
    sessions.begin(tokens[9]!);
    expect(sessions.digestOf(first)).toBeUndefined();
  });

  it('is not over because of another token, however often that one signs in', () => {
    const sessions = new Sessions(() => 0);
    const [first, other] = [sessions.begin(TOKEN), sessions.begin('cd'.repeat(32))];
    for (let n = 0; n < 2000; n++) sessions.begin(TOKEN);
    expect(sessions.digestOf(other)).toBeDefined();
    expect(sessions.digestOf(first)).toBeUndefined();
  });
});

describe('the cookie', () => {
  it('is kept from scripts and other sites, and from plain HTTP where there is TLS', () => {
    expect(sessionCookie('v', false)).toBe('sluice_session=v; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict');
    expect(sessionCookie('', true)).toBe('sluice_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure');
  });

  it('is found among others', () => {
    expect(sessionIn('a=b; sluice_session=v; c=d')).toBe('v');
    for (const none of [undefined, '', 'a=b', 'xsluice_session=v']) expect(sessionIn(none)).toBeUndefined();
  });
});
