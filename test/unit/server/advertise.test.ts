import { describe, expect, it } from 'vitest';
import { advertisedAddress, type MachineAddress, streamUrls } from '../../../src/server/advertise.js';

const LOOPBACK: MachineAddress[] = [
  { address: '127.0.0.1', family: 'IPv4', internal: true },
  { address: '::1', family: 'IPv6', internal: true },
];
const LINK: MachineAddress[] = [
  { address: '169.254.7.7', family: 'IPv4', internal: false },
  { address: 'fe80::7', family: 'IPv6', internal: false },
];
const WORLD: MachineAddress[] = [
  { address: '2001:db8::7', family: 'IPv6', internal: false },
  { address: '192.0.2.7', family: 'IPv4', internal: false },
  { address: '192.0.2.8', family: 'IPv4', internal: false },
];
const SIX: MachineAddress[] = [{ address: 'fd00::7', family: 'IPv6', internal: false }];

describe('the address that is advertised', () => {
  it.each([
    ['what the setting says', 'media.example.org:80', '0.0.0.0', WORLD, 'media.example.org', 80],
    ['what the setting says, with the port of the listener', 'media.example.org', '127.0.0.1', [], 'media.example.org'],
    ['the listen address', '', '127.0.0.1', WORLD, '127.0.0.1'],
    ['the listen address', '', '2001:db8::9', WORLD, '2001:db8::9'],
    ['the first external one for every IPv4 address', '', '0.0.0.0', [...LOOPBACK, ...WORLD], '192.0.2.7'],
    ['the first of IPv4 for every address', '', '::', [...LOOPBACK, ...WORLD], '192.0.2.7'],
    ['one of IPv6 when there is no other', '', '::', [...LOOPBACK, ...SIX], 'fd00::7'],
    ['none of IPv6 for every IPv4 address', '', '0.0.0.0', [...LOOPBACK, ...SIX], '127.0.0.1'],
    ['one of the whole network before one of the link', '', '0.0.0.0', [...LINK, ...WORLD], '192.0.2.7'],
    ['one of the link when there is no other', '', '::', [...LOOPBACK, ...LINK], '169.254.7.7'],
    ['no IPv6 address of the link', '', '::', [LINK[1], ...SIX], 'fd00::7'],
    ['loopback when there is nothing else', '', '0.0.0.0', LOOPBACK, '127.0.0.1'],
    ['loopback when nothing is known', '', '::', [], '::1'],
  ] as [string, string, string, MachineAddress[], string, number?][])(
    'is %s',
    (_what, setting, host, addresses, expected, port = 1935) => {
      expect(advertisedAddress(setting, { host, port: 1935 }, () => addresses)).toEqual({ host: expected, port });
    },
  );

  it('is one of this machine for a wildcard', () => {
    const { host, port } = advertisedAddress('', { host: '0.0.0.0', port: 5 });
    expect(host).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect([host === '0.0.0.0', port]).toEqual([false, 5]);
  });
});

describe('the URLs of a stream', () => {
  const at = { host: '192.0.2.7', port: 1935 };

  it.each([
    ['live', 'cam', '/live/cam'],
    ['a/b', 'cam', '/a/b/cam'],
    ['', 'cam', '/cam'],
    ['', '', '/'],
    ['live', 'A-z_0.9~=+@', '/live/A-z_0.9~=+@'],
    ['live', 'a b?c#d%e&f;g', '/live/a%20b%3Fc%23d%25e&f;g'],
    ['björk', '映像', '/bj%C3%B6rk/%E6%98%A0%E5%83%8F'],
  ])('have app %j and name %j as %s', (app, name, path) => {
    const { rtmp, ...rest } = streamUrls({ rtmp: at }, { app, name });
    expect([rtmp, rest]).toEqual([`rtmp://192.0.2.7:1935${path}`, {}]);
    expect(new URL(rtmp).pathname).toBe(path);
  });

  it('have brackets around an IPv6 address', () => {
    expect(streamUrls({ rtmp: { host: '2001:db8::7', port: 1 } }, { app: 'live', name: 'cam' })).toEqual({
      rtmp: 'rtmp://[2001:db8::7]:1/live/cam',
    });
  });

  it('have one for RTMPS where there is an address for it', () => {
    const addresses = { rtmp: { host: 'a.example', port: 1 }, rtmps: { host: 'b.example', port: 443 } };
    expect(streamUrls(addresses, { app: 'live', name: 'cam' })).toEqual({
      rtmp: 'rtmp://a.example:1/live/cam',
      rtmps: 'rtmps://b.example:443/live/cam',
    });
  });
});
