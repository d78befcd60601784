import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Origins, streamOf } from '../../../src/http-flv/flv-request.js';

describe('the path of a stream', () => {
  it.each([
    ['/live/cam1.flv', 'live', 'cam1', ''],
    ['/live/cam1.flv?token=a%20b&x', 'live', 'cam1', 'token=a%20b&x'],
    ['/a/b/c/cam.1.flv', 'a/b/c', 'cam.1', ''],
    ['/cam1.flv', '', 'cam1', ''],
    ['/live/%C3%BCber.flv', 'live', 'über', ''],
    ['/live/.flv', 'live', '', ''],
    ['/live/a%2Fb.flv', 'live', 'a/b', ''],
    ['/live/a.flv?b?c.flv', 'live', 'a', 'b?c.flv'],
  ])('%s', (url, app, name, query) => {
    expect(streamOf(url)).toEqual({ app, name, query });
  });

  it.each([
    '',
    '/',
    '*',
    '/live/cam1',
    '/live/cam1.flv/',
    '/live/cam1.FLV',
    'live/cam1.flv',
    '/live%2Fa/b.flv',
    '/%.flv',
    '/v1/recordings/live/cam1/a.flv',
  ])('is not %s', (url) => {
    expect(streamOf(url)).toBeUndefined();
  });

  it('is found again in what any app and name are written as', () => {
    const segment = fc
      .string({ minLength: 1, maxLength: 12, unit: 'grapheme-ascii' })
      .filter((text) => !text.includes('/'));
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 3 }),
        fc.array(segment, { minLength: 1, maxLength: 2 }).map((parts) => parts.join('/')),
        fc.constantFrom('', 'token=1', 'a?b=/c.flv#'),
        (app, name, query) => {
          const path = [...app, name].map((part) => encodeURIComponent(part)).join('/');
          expect(streamOf(`/${path}.flv?${query}`)).toEqual({ app: app.join('/'), name, query });
        },
      ),
      { seed: 42, numRuns: 100 },
    );
  });
});

describe('a page of another origin', () => {
  const request = (headers: object): IncomingMessage =>
    ({ headers: { host: 'media.example:80', ...headers } }) as IncomingMessage;

  it('may play when it is on the list, and only then is told so', () => {
    const origins = new Origins('https://a.example, https://B.example/');
    for (const origin of ['https://a.example', 'https://b.example']) {
      expect(origins.allows(request({ origin }))).toBe(true);
      expect(origins.headers(request({ origin }))).toEqual({ 'access-control-allow-origin': origin, vary: 'origin' });
    }
    for (const origin of ['https://c.example', 'http://a.example', 'https://a.example:444', 'null']) {
      expect(origins.allows(request({ origin })), origin).toBe(false);
      expect(origins.headers(request({ origin }))).toEqual({});
    }
  });

  it('may play when any may', () => {
    expect(new Origins('*').allows(request({ origin: 'null' }))).toBe(true);
    expect(new Origins('*').headers(request({ origin: 'null' }))).toEqual({ 'access-control-allow-origin': '*' });
  });

  it('is none: a program, or a page of this server', () => {
    const origins = new Origins('');
    expect(origins.allows(request({}))).toBe(true);
    expect(origins.allows(request({ origin: 'https://media.example:80' }))).toBe(true);
    expect(origins.allows(request({ origin: 'https://media.example' }))).toBe(false);
    expect(origins.headers(request({}))).toEqual({});
  });
});
