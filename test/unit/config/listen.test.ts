import { describe, expect, it } from 'vitest';
import { formatHostPort, isPublicBind, parseAdvertised, parseListen } from '../../../src/config/listen.js';

describe('a bind', () => {
  it.each([
    ['127.0.0.1:1935', false],
    ['127.8.0.1:0', false],
    ['[::1]:1935', false],
    ['localhost:1935', false],
    ['0.0.0.0:1935', true],
    ['[::]:1935', true],
    ['192.0.2.1:1935', true],
    ['media.example:1935', true],
  ])('to %s can be reached by other machines: %s', (address, isPublic) => {
    expect(isPublicBind(address)).toBe(isPublic);
  });
});

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

describe('parseAdvertised', () => {
  it.each([
    ['media.example.org', 'media.example.org', 1935],
    ['media.example.org:19350', 'media.example.org', 19_350],
    ['192.0.2.7', '192.0.2.7', 1935],
    ['192.0.2.7:1', '192.0.2.7', 1],
    ['[2001:db8::1]', '2001:db8::1', 1935],
    ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
  ])('reads %s, with the port of the listener where it names none', (address, host, port) => {
    expect(parseAdvertised(address, 1935)).toEqual({ host, port });
  });

  it.each([
    ['', 'no host'],
    ['media.example.org:0', 'port 0'],
    ['media.example.org:65536', 'no port from'],
    ['0.0.0.0', 'every address'],
    ['0.0.0.0:1935', 'every address'],
    ['[::]', 'every address'],
    ['2001:db8::1', 'brackets'],
    ['rtmp://media.example.org', 'brackets'],
    ['media.example.org/live', 'no host name'],
    ['user@media.example.org', 'no host name'],
  ])('refuses %j and says that it has, or is, %s', (address, words) => {
    expect(() => parseAdvertised(address, 1935)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIG_INVALID_VALUE', message: expect.stringContaining(words) }),
    );
  });
});
