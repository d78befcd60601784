import { describe, expect, it } from 'vitest';
import { pullTarget, pushTarget } from '../../../src/relay/target.js';

const STREAM = { app: 'live', name: 'cam1' };

describe('the place to which a stream is pushed', () => {
  it.each([
    ['rtmp://far/in', 'in', 'cam1'],
    ['rtmp://far/in/', 'in', 'cam1'],
    ['rtmp://far:1936/in/{name}', 'in', 'cam1'],
    ['rtmp://far/{app}/{name}', 'live', 'cam1'],
    ['rtmp://far/in/{app}-{name}?key=a/b', 'in', 'live-cam1?key=a/b'],
    ['rtmp://far/in?key=1', 'in', 'cam1?key=1'],
    ['rtmp://far/in/other', 'in', 'other'],
    ['rtmp://far/{app}', 'live', 'cam1'],
  ])('%s is app %s, name %s', (template, app, name) => {
    expect(pushTarget(template, STREAM)).toMatchObject({ app, name });
  });

  it('shows no key', () => {
    expect(pushTarget('rtmp://far/in/{name}?key=secret', STREAM).display).toBe('rtmp://far:1935/in/cam1');
    expect(pushTarget('rtmp://far/in/app/secret-key', STREAM).display).toBe('rtmp://far:1935/in/app/***');
    expect(pushTarget('rtmp://far/in/secret-key?a=b', STREAM).display).toBe('rtmp://far:1935/in/***');
  });

  it('takes a name as it is, whatever it means in a replacement', () => {
    expect(pushTarget('rtmp://far/in/{name}', { app: 'live', name: "$&$'x" }).name).toBe("$&$'x");
  });

  it('refuses names that would change what follows them', () => {
    expect(() => pushTarget('rtmp://far/in/{name}', { app: 'live', name: 'a#b' })).toThrow(
      expect.objectContaining({ code: 'ERR_CLIENT_URL' }),
    );
  });

  it.each(['rtmp://169.254.169.254/a/b', 'rtmp://[fe80::1]/a/b', 'rtmp://[::ffff:169.254.1.1]/a/b'])(
    'refuses %s',
    (url) => {
      for (const target of [() => pushTarget(url, STREAM), () => pullTarget(url)])
        expect(target).toThrow(expect.objectContaining({ code: 'ERR_RELAY_ADDRESS' }));
    },
  );
});
