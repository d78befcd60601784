import { describe, expect, it } from 'vitest';
import { normaliseApp, resolveStreamName } from '../../../../src/protocol/server/names.js';

/** What the server makes of the app of a connect and the name of a publish or play. */
function resolve(wireApp: string, name: string): { app: string; name: string; query: string } {
  const { path, query } = normaliseApp(wireApp);
  return resolveStreamName(path, query, name);
}

describe('one URL is one stream, however the client splits it', () => {
  it.each([
    ['ffmpeg, librtmp, OBS without a key', 'cam', ''],
    ['GStreamer, OpenIPC cameras', '', 'cam'],
    ['a slash behind the app', 'cam/', ''],
    ['a slash before the name', '', '/cam'],
    ['the default instance', 'cam/_definst_', ''],
    ['quotes of a configuration file', '"cam"', ''],
    ['a container prefix', '', 'flv:cam'],
  ])('rtmp://host/cam: %s', (_who, app, name) => {
    expect(resolve(app, name)).toEqual({ app: '', name: 'cam', query: '' });
  });

  it.each([
    ['ffmpeg', 'cam?key=1', ''],
    ['GStreamer', '', 'cam?key=1'],
  ])('rtmp://host/cam?key=1: %s', (_who, app, name) => {
    expect(resolve(app, name)).toEqual({ app: '', name: 'cam', query: 'key=1' });
  });

  it.each([
    ['everybody', 'live', 'cam.mp4'],
    ['the whole path in the app', 'live/cam.mp4', ''],
    ['the whole path in the name', '', 'live/cam.mp4'],
    ['ffmpeg and librtmp, which mark the container', 'live', 'mp4:cam.mp4'],
    ['doubled slashes', '/live//', '//cam.mp4'],
  ])('rtmp://host/live/cam.mp4: %s', (_who, app, name) => {
    expect(resolve(app, name)).toEqual({ app: 'live', name: 'cam.mp4', query: '' });
  });

  it.each([
    ['ffmpeg', 'a/b', 'c/d'],
    ['OBS', 'a/b/c/d', ''],
    ['GStreamer', 'a/b/c', 'd'],
    ['librtmp', 'a', 'b/c/d'],
  ])('rtmp://host/a/b/c/d: %s', (_who, app, name) => {
    expect(resolve(app, name)).toEqual({ app: 'a/b/c', name: 'd', query: '' });
  });

  it('has no name only when there is none at all', () => {
    expect(resolve('', '')).toEqual({ app: '', name: '', query: '' });
    expect(resolve('/', '/?key=1')).toEqual({ app: '', name: '', query: 'key=1' });
  });
});
