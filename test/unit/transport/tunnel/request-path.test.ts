import { describe, expect, it } from 'vitest';
import { readTunnelPath } from '../../../../src/transport/tunnel/request-path.js';

describe('readTunnelPath', () => {
  it('reads what begins a session', () => {
    expect(readTunnelPath('/open/1')).toEqual({ kind: 'open' });
  });

  it.each(['send', 'idle', 'close'])('reads id and number of /%s', (kind) => {
    expect(readTunnelPath(`/${kind}/Ab_-9/0`)).toEqual({ kind, id: 'Ab_-9', seq: 0 });
    expect(readTunnelPath(`/${kind}/a/4294967296`)).toEqual({ kind, id: 'a', seq: 4_294_967_296 });
  });

  it.each([
    '',
    '/',
    '/fcs/ident2',
    '/open/2',
    '/open/1/',
    '/open/1?a',
    '/idle/a',
    '/idle/a/',
    '/idle/a/-1',
    '/idle/a/1x',
    '/idle/a/12345678901',
    '/idle/a b/1',
    '/idle/%41/1',
    `/idle/${'a'.repeat(63)}/1`,
    '/Idle/a/1',
    '/play/a/1',
    'http://host/idle/a/1',
  ])('knows no %j', (path) => {
    expect(readTunnelPath(path)).toBeUndefined();
  });

  it('reads an id of 62 characters', () => {
    expect(readTunnelPath(`/idle/${'a'.repeat(62)}/1`)).toMatchObject({ id: 'a'.repeat(62) });
  });
});
