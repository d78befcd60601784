import { describe, expect, it } from 'vitest';
import { ConnectionLimits } from '../../../src/transport/accept-limits.js';

const NO_RATE = { acceptsPerSecondPerIp: 0, acceptBurstPerIp: 50, limitLoopback: false };

const CONNECTIONS = 'ERR_LIMIT_CONNECTIONS_PER_IP';

describe('the limits on connections', () => {
  it('admit up to the limit, refuse the next, and admit again once one is gone', () => {
    const limits = new ConnectionLimits({ ...NO_RATE, maxConnections: 3, maxConnectionsPerIp: 0 });
    expect([1, 2, 3, 4].map(() => limits.admit('192.0.2.1', 0))).toEqual([
      undefined,
      undefined,
      undefined,
      'ERR_LIMIT_CONNECTIONS',
    ]);
    limits.left('192.0.2.1');
    expect(limits.admit('192.0.2.2', 0)).toBeUndefined();
    expect(limits.admit('192.0.2.2', 0)).toBe('ERR_LIMIT_CONNECTIONS');
  });

  it('count the addresses of an IPv6 /64 as one, since one client may have all of them', () => {
    const limits = new ConnectionLimits({ ...NO_RATE, maxConnections: 100, maxConnectionsPerIp: 2 });
    const admit = (address: string) => limits.admit(address, 0);
    expect(['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map(admit)).toEqual([
      ...[undefined, undefined],
      'ERR_LIMIT_CONNECTIONS_PER_IP',
      undefined,
    ]);
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1']) limits.left(address);
    expect(limits.addresses).toBe(0);
  });

  it('count each address for itself and forget those that are gone', () => {
    const limits = new ConnectionLimits({ ...NO_RATE, maxConnections: 100, maxConnectionsPerIp: 2 });
    expect([1, 2, 3].map(() => limits.admit('192.0.2.1', 0))).toEqual([
      undefined,
      undefined,
      'ERR_LIMIT_CONNECTIONS_PER_IP',
    ]);
    expect(limits.admit('192.0.2.2', 0)).toBeUndefined();
    limits.left('192.0.2.1');
    expect(limits.admit('192.0.2.1', 0)).toBeUndefined();
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) limits.left(address);
    expect(limits.addresses).toBe(0);
  });

  it('ask for room when all places are taken, and only then; who is past the limit of its address asks nobody', () => {
    const limits = new ConnectionLimits({ ...NO_RATE, maxConnections: 3, maxConnectionsPerIp: 2 });
    let asked = 0;
    const admit = (address: string, share?: number) =>
      limits.admit(address, 0, share, () => {
        asked++;
        limits.left('192.0.2.2');
        return true;
      });
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) expect(admit(address)).toBeUndefined();
    expect([admit('192.0.2.1'), asked]).toEqual(['ERR_LIMIT_CONNECTIONS_PER_IP', 0]);
    expect([admit('192.0.2.2'), asked]).toEqual([undefined, 1]);
    expect([admit('192.0.2.3'), asked, limits.addresses]).toEqual([undefined, 2, 2]);
    expect(limits.admit('192.0.2.3', 0, 3, () => false)).toBe('ERR_LIMIT_CONNECTIONS');
    limits.left('192.0.2.3');
    expect(limits.admit('192.0.2.3', 0, 2, () => false)).toBe('ERR_DESCRIPTORS');
    expect(limits.admit('192.0.2.3', 0, 3)).toBeUndefined();
  });

  it('do not bind this machine by address', () => {
    const limits = new ConnectionLimits({ ...NO_RATE, maxConnections: 100, maxConnectionsPerIp: 1 });
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      expect([limits.admit(address, 0), limits.admit(address, 0)]).toEqual([undefined, undefined]);
    }
    expect([limits.admit('::ffff:10.0.0.1', 0), limits.admit('::ffff:10.0.0.1', 0)]).toEqual([
      undefined,
      'ERR_LIMIT_CONNECTIONS_PER_IP',
    ]);
  });
});

describe('the rate of connections', () => {
  const rate = { acceptsPerSecondPerIp: 20, acceptBurstPerIp: 50 };

  it('is checked before the count of connections, for this machine only where that is asked for', () => {
    const options = { ...rate, acceptBurstPerIp: 2, maxConnections: 2, maxConnectionsPerIp: 0 };
    const bound = new ConnectionLimits({ ...options, limitLoopback: true });
    expect([0, 1, 2].map(() => bound.admit('127.0.0.2', 0))).toEqual([undefined, undefined, 'ERR_LIMIT_ACCEPT_RATE']);
    expect(bound.admit('127.0.0.3', 0)).toBe('ERR_LIMIT_CONNECTIONS');
    const free = new ConnectionLimits({ ...options, limitLoopback: false });
    expect([0, 1, 2].map(() => free.admit('127.0.0.2', 0))).toEqual([undefined, undefined, 'ERR_LIMIT_CONNECTIONS']);
  });

  it('and the count of connections can be changed while connections are open', () => {
    const options = { ...rate, acceptBurstPerIp: 2, maxConnections: 2, maxConnectionsPerIp: 0, limitLoopback: true };
    const limits = new ConnectionLimits(options);
    expect(['a', 'b', 'c'].map((address) => limits.admit(address, 0))).toEqual([
      undefined,
      undefined,
      'ERR_LIMIT_CONNECTIONS',
    ]);
    limits.change({ ...options, maxConnections: 3, maxConnectionsPerIp: 1, acceptBurstPerIp: 3 });
    expect(['a', 'd', 'e'].map((address) => limits.admit(address, 0))).toEqual([
      'ERR_LIMIT_CONNECTIONS_PER_IP',
      undefined,
      'ERR_LIMIT_CONNECTIONS',
    ]);
    limits.left('a');
    limits.left('b');
    expect(limits.addresses).toBe(1);
  });

  it('does not bind a node of the cluster, which has a connection for each stream that it fetches', () => {
    const options = { ...rate, acceptBurstPerIp: 3, maxConnections: 9, maxConnectionsPerIp: 2, limitLoopback: true };
    const limits = new ConnectionLimits(options);
    expect(limits.admit('192.0.2.1', 0)).toBeUndefined();
    limits.nodeAt('192.0.2.1', 0);
    expect(limits.addresses).toBe(0);
    for (let n = 0; n < 5; n++) expect(limits.admit('192.0.2.1', 0)).toBeUndefined();
    // Others keep their limits, and so does the address once no node has come from it for long.
    expect([0, 1, 2].map(() => limits.admit('192.0.2.2', 0))).toEqual([undefined, undefined, CONNECTIONS]);
    limits.left(undefined);
    expect(limits.admit('192.0.2.1', 600_000)).toBe(CONNECTIONS);
    for (let n = 0; n < 5; n++) limits.left('192.0.2.1');
    expect(limits.addresses).toBe(1);
  });
});
