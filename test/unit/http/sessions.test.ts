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
    const first = sessions.begin(TOKEN);
    for (let n = 0; n < 999; n++) sessions.begin(TOKEN);
    expect(sessions.digestOf(first)).toBeDefined();
    sessions.begin(TOKEN);
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
