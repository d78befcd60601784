import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, ask, askBytes } from '../../../src/page/api.js';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** A server that gives the same answer to all. */
function answering(body: string | null, init: ResponseInit = {}) {
  const fetched = vi.fn((_path: string, _init: RequestInit) => Promise.resolve(new Response(body, init)));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

/** A server that says nothing until it is given up. */
function silent() {
  const fetched = (_path: string, { signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  vi.stubGlobal('fetch', fetched);
}

const failureOf = (asked: Promise<unknown>): Promise<Error> =>
  asked.then(
    () => new Error('answered'),
    (error) => error,
  );

describe('a question to the server', () => {
  it('has the answer, the problem, or that what answers is another server', async () => {
    answering('{"ok":true}');
    expect(await ask('/v1/x')).toEqual({ ok: true });
    answering('{"code":"ERR_X","title":"It is so","detail":"why","endedAt":"then"}', { status: 404 });
    expect(await failureOf(ask('/v1/x'))).toMatchObject({ status: 404, code: 'ERR_X', message: 'It is so: why' });
    answering('<h1>Welcome</h1>');
    expect(await failureOf(ask('/v1/x'))).toEqual(new ApiError(0, '', 'What answers is not this server.'));
  });

  it('is given up when no answer comes in time, and when it is not wanted any more', async () => {
    vi.useFakeTimers();
    silent();
    const asked = failureOf(ask('/v1/x'));
    const picture = failureOf(askBytes('/v1/x', undefined));
    await vi.advanceTimersByTimeAsync(15_000);
    expect([await asked, await picture]).toEqual([0, 1].map(() => new ApiError(0, '', 'The server does not answer.')));
    const stop = new AbortController();
    const given = failureOf(ask('/v1/x', { signal: stop.signal }));
    stop.abort();
    expect((await given).name).toBe('AbortError');
    expect((await failureOf(ask('/v1/x', { signal: stop.signal }))).name).toBe('AbortError');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('for a picture tells which one is here already', async () => {
    const fetched = answering(null, { status: 304, headers: { etag: '"1"' } });
    expect(await askBytes('/v1/x', '"1"')).toMatchObject({ status: 304, etag: '"1"' });
    expect(fetched.mock.lastCall?.[1].headers).toEqual({ 'if-none-match': '"1"' });
  });
});
