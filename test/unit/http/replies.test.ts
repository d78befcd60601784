import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { start } from '../../support/http/http-harness.js';

const EXPECTED = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

describe('an answer', () => {
  it.each<[string, RequestInit, number]>([
    ['/healthz', {}, 200],
    ['/metrics', {}, 200],
    ['/healthz', { method: 'HEAD' }, 200],
    ['/v1/nothing', {}, 404],
    ['/v1/streams/%ff', {}, 400],
    ['/page/nothing.js', {}, 404],
    ['/v1/recordings/live/cam1/x.flv', {}, 404],
    ['/v1/session', { method: 'OPTIONS' }, 404],
    ['/v1/events', { method: 'HEAD' }, 404],
    ['/v1/session', { method: 'POST', headers: { origin: 'https://elsewhere.example' } }, 403],
    ['/healthz', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['/v1/events', {}, 200],
  ])('of %s (%j) is shown in no frame and loaded into no page of another site', async (path, init, status) => {
    const recordings = { open: () => Promise.reject(new SluiceError('ERR_MEDIA_MISSING')) };
    const { get } = await start({ deps: { recordings } });
    const response = await get(path, init);
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject(EXPECTED);
    expect(response.headers.get('cache-control')).toMatch(
      status === 200 && path === '/v1/events' ? /no-cache/ : /^no-store$/,
    );
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    await response.body?.cancel();
  });
});
