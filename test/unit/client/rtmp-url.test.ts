import { describe, expect, it } from 'vitest';
import { parseRtmpUrl } from '../../../src/client/rtmp-url.js';

describe('RTMP URLs', () => {
  it.each([
    ['rtmp://host/live/cam', { host: 'host', port: 1935, app: 'live', name: 'cam', tcUrl: 'rtmp://host:1935/live' }],
    ['rtmp://host:1936/live/cam', { port: 1936, tcUrl: 'rtmp://host:1936/live' }],
    ['rtmps://host/live/cam', { host: 'host', port: 443, isSecure: true, tcUrl: 'rtmps://host:443/live' }],
    ['RTMPS://host:1/live/cam', { port: 1, isSecure: true, display: 'rtmps://host:1/live/cam' }],
    ['rtmp://host/a/b', { isSecure: false }],
    ['RTMP://host/live/cam', { app: 'live', name: 'cam' }],
    ['rtmp://host/a/b/c', { app: 'a/b', name: 'c' }],
    ['rtmp://host/a/b/c/d', { app: 'a/b', name: 'c/d' }],
    ['rtmp://host//live/cam', { app: 'live', name: 'cam' }],
    ['rtmp://host/vod/mp4:dir/clip', { app: 'vod', name: 'mp4:dir/clip' }],
    ['rtmp://host/live', { app: 'live', name: '' }],
    ['rtmp://host/live/', { app: 'live', name: '' }],
    ['rtmp://host/live?key=1', { app: 'live?key=1', name: '', tcUrl: 'rtmp://host:1935/live?key=1' }],
    [
      'rtmp://host/live/cam?token=a/b&c=d:e',
      { app: 'live', name: 'cam?token=a/b&c=d:e', tcUrl: 'rtmp://host:1935/live' },
    ],
    ['rtmp://[::1]:1940/live/cam', { host: '::1', port: 1940, tcUrl: 'rtmp://[::1]:1940/live' }],
    ['rtmp://[fe80::1%25eth0]/live/cam', { host: 'fe80::1%25eth0', port: 1935 }],
    ['  rtmp://127.0.0.1/live/cam\n', { host: '127.0.0.1', name: 'cam' }],
  ])('takes %s apart', (text, parts) => {
    expect(parseRtmpUrl(text)).toMatchObject(parts);
  });

  it('shows no query', () => {
    expect(parseRtmpUrl('rtmp://host/live/cam?key=secret').display).toBe('rtmp://host:1935/live/cam');
    expect(parseRtmpUrl('rtmp://host/live?key=secret').display).toBe('rtmp://host:1935/live');
  });

  it.each([
    '',
    'host/live',
    'http://host/live/x',
    'rtmpt://host/live/x',
    'rtmp://',
    'rtmp:///live/x',
    'rtmp://host',
    'rtmp://host/',
    'rtmp://host:0/a/b',
    'rtmp://host:65536/a/b',
    'rtmp://u:p@host/a/b',
    'rtmp://::1/a/b',
  ])('refuses %j without showing secrets', (text) => {
    expect(() => parseRtmpUrl(text)).toThrow(expect.objectContaining({ code: 'ERR_CLIENT_URL' }));
  });
});
