import { describe, expect, it } from 'vitest';
import { formatHostPort, isLoopback, parseListen } from '../../../src/config/listen.js';

describe('parseListen', () => {
  it.each([
    ['127.0.0.1:1935', '127.0.0.1', 1935],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['localhost:65535', 'localhost', 65_535],
    ['[::1]:1935', '::1', 1935],
    ['[::]:1', '::', 1],
    ['media_1.example.com:1935', 'media_1.example.com', 1935],
  ])('reads %s and writes it back', (address, host, port) => {
    expect(parseListen(address)).toEqual({ host, port });
    expect(formatHostPort({ host, port })).toBe(address);
  });

  it.each([
    ['1935', 'no port'],
    ['', 'no port'],
    ['host:', 'no port from'],
    ['host:65536', 'no port from'],
    ['host:-1', 'no port from'],
    ['host:1e3', 'no port from'],
    [':1935', 'no host'],
    ['::1:1935', 'brackets'],
    ['[127.0.0.1]:1', 'no IPv6'],
    ['[::1:1', 'brackets'],
    ['256.0.0.1:1', 'no IPv4'],
    ['ho st:1', 'no host name'],
    ['rtmp://host:1', 'brackets'],
  ])('refuses %j and says that it has %s', (address, words) => {
    expect(() => parseListen(address)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE', message: expect.stringContaining(words) }),
    );
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.255.255.254', '::1', 'localhost', 'LOCALHOST'])(
    'knows %s as this machine only',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'example.com', 'localhost.example.com', ''])(
    'knows %j as reachable from outside',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});
