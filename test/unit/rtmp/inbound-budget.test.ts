import { describe, expect, it } from 'vitest';
import { playReasonOfCode, reasonOfCode, reasonOfSocketEnd } from '../../../src/live/end-reasons.js';
import { handshakeLimitMs, publishProblem } from '../../../src/rtmp/deadlines.js';
import { InboundBudget } from '../../../src/rtmp/inbound-budget.js';
import { ConnectionLimits } from '../../../src/transport/accept-limits.js';

const NO_RATE = { acceptsPerSecondPerIp: 0, acceptBurstPerIp: 50, limitLoopback: false };

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
});

describe('the inbound budget', () => {
  const limits = { preAuthBytes: 1000, inboundBytesPerSecond: 100 };

  it('of a connection that does nothing is a sum: spent at the limit, passed one byte later', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(999, false, 0)).toBeUndefined();
    expect(budget.spend(1, false, 10 ** 6)).toBeUndefined();
    expect(budget.spend(1, false, 10 ** 7)).toBe('ERR_LIMIT_PREAUTH_BYTES');
  });

  it('of a player is a rate over ten seconds: spent at the limit, passed one byte later, fresh in the next window', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(999, true, 1)).toBeUndefined();
    expect(budget.spend(1, true, 9000)).toBeUndefined();
    expect(budget.spend(1000, true, 20_001)).toBeUndefined();
    expect(budget.spend(1, true, 20_002)).toBe('ERR_LIMIT_INBOUND_RATE');
  });

  it('of acknowledgements for six hours of media is never passed', () => {
    const budget = new InboundBudget({ preAuthBytes: 65_536, inboundBytesPerSecond: 65_536 });
    let code: unknown;
    for (let second = 0; second < 6 * 3600; second++) code ??= budget.spend(16, true, second * 1000);
    expect(code).toBeUndefined();
  });

  it('begins anew with a publish', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(limits.preAuthBytes, false, 0)).toBeUndefined();
    budget.settle();
    expect(budget.spend(limits.preAuthBytes, false, 0)).toBeUndefined();
    expect(budget.spend(1, false, 0)).toBe('ERR_LIMIT_PREAUTH_BYTES');
  });

  it('begins anew once a player has stopped', () => {
    const budget = new InboundBudget(limits);
    expect(budget.spend(1000, false, 0)).toBeUndefined();
    expect(budget.spend(10, true, 1)).toBeUndefined();
    expect(budget.spend(1000, false, 2)).toBeUndefined();
    expect(budget.spend(1, false, 3)).toBe('ERR_LIMIT_PREAUTH_BYTES');
  });
});

describe('deadlines', () => {
  it('give the handshake less time until C0 and C1 are there', () => {
    const limits = { firstBytesTimeoutMs: 5000, handshakeTimeoutMs: 10_000 };
    expect([0, 1536, 1537].map((bytes) => handshakeLimitMs(bytes, limits))).toEqual([5000, 5000, 10_000]);
    expect(handshakeLimitMs(0, { firstBytesTimeoutMs: 5000, handshakeTimeoutMs: 2000 })).toBe(2000);
  });

  it('let a publisher go that sends nothing, first frame and later ones apart', () => {
    const limits = { firstFrameTimeoutMs: 20_000, idleTimeoutMs: 10_000 };
    const nothing = { startedMs: 1000, lastAudioMs: 0, lastVideoMs: 0 };
    expect(publishProblem(nothing, limits, 20_999)).toBeUndefined();
    expect(publishProblem(nothing, limits, 21_000)).toBe('ERR_PUBLISH_NO_MEDIA');
    const audioOnly = { startedMs: 1000, lastAudioMs: 50_000, lastVideoMs: 2000 };
    expect(publishProblem(audioOnly, limits, 59_999)).toBeUndefined();
    expect(publishProblem(audioOnly, limits, 60_000)).toBe('ERR_PUBLISH_IDLE');
  });
});

describe('why a stream ended', () => {
  it('is told from the error of the socket', () => {
    const error = (code: string) => Object.assign(new Error(code), { code });
    expect(reasonOfSocketEnd(undefined)).toBe('client_closed');
    expect(reasonOfSocketEnd(error('ECONNRESET'))).toBe('client_reset');
    expect(reasonOfSocketEnd(error('EPIPE'))).toBe('client_reset');
    expect(reasonOfSocketEnd(error('ETIMEDOUT'))).toBe('dead_peer');
    expect(reasonOfSocketEnd(error('EHOSTUNREACH'))).toBe('dead_peer');
  });

  it('is told from the code with which the connection was closed', () => {
    expect(reasonOfCode('ERR_PEER_CLOSED')).toBe('client_closed');
    expect(reasonOfCode('ERR_SESSION_KICKED')).toBe('kicked');
    expect(reasonOfCode('ERR_SESSION_SHUTDOWN')).toBe('server_drain');
    expect(reasonOfCode('ERR_SESSION_PING_TIMEOUT')).toBe('dead_peer');
    expect(reasonOfCode('ERR_LIMIT_UNREAD')).toBe('limit');
    for (const code of [
      'ERR_CHUNK_MEDIA_TOO_LONG',
      'ERR_CHUNK_REASSEMBLY_LIMIT',
      'ERR_SESSION_COMMAND_RATE',
    ] as const) {
      expect(reasonOfCode(code)).toBe('limit');
    }
    expect(reasonOfCode('ERR_CHUNK_MID_MESSAGE')).toBe('protocol_error');
    expect(reasonOfCode('ERR_CHUNK_SIZE_INVALID')).toBe('protocol_error');
    expect(playReasonOfCode('ERR_PLAY_STALLED')).toBe('stalled');
    expect(playReasonOfCode('ERR_LIMIT_INBOUND_RATE')).toBe('limit');
    expect(playReasonOfCode('ERR_PLAY_DEFECT')).toBe('error');
    expect(playReasonOfCode('ERR_CHUNK_MID_MESSAGE')).toBeUndefined();
  });
});
