import { describe, expect, it } from 'vitest';
import { NodePeers } from '../../../src/cluster/peers.js';
import type { NodeState } from '../../../src/events/event-types.js';
import { ManualClock, RecordingLog } from '../../support/events-parts.js';

const PRIVATE = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', 'fc00::/7'];

/** Peers of a cluster whose one node tells `relay`. */
function setUp(relay: unknown, { peers = PRIVATE, names = {} as Record<string, string[]> } = {}) {
  const [clock, log] = [new ManualClock(), new RecordingLog()];
  const state = {
    node: relay === 'absent' ? undefined : ({ nodeId: 'n2', relay } as NodeState),
    trouble: '',
    reads: 0,
  };
  const node = async () => {
    state.reads++;
    return state.trouble === '' ? { value: state.node } : { trouble: state.trouble };
  };
  const resolve = async (host: string) => {
    if (/^[\d.]+$|:/.test(host)) return [host];
    if (names[host] === undefined) throw new Error('ENOTFOUND');
    return names[host];
  };
  const found = new NodePeers({ directory: { node }, peers, clock, log, resolve });
  return { state, clock, log, address: () => found.addressOf('n2', 'b2') };
}

describe('the address of another node', () => {
  it('is what its heartbeat tells', async () => {
    const { address } = setUp({ host: '10.1.2.3', port: 1935, tls: true });
    expect(await address()).toEqual({ host: '10.1.2.3', port: 1935, isSecure: true, serverName: '10.1.2.3' });
  });

  it('is read again after two seconds, once for all who ask', async () => {
    const { state, clock, address } = setUp({ host: '10.1.2.3', port: 1935, tls: false });
    await Promise.all([address(), address()]);
    clock.pass(1999);
    await address();
    expect(state.reads).toBe(1);
    clock.pass(1);
    state.node = undefined;
    expect(await address()).toBe('gone');
    expect(state.reads).toBe(2);
  });

  it('is gone by for a minute while NATS cannot be asked, and not after the node has gone', async () => {
    const { state, clock, address } = setUp({ host: '10.1.2.3', port: 1935, tls: false });
    await address();
    state.trouble = 'no answer';
    clock.pass(59_999);
    expect(await address()).toMatchObject({ host: '10.1.2.3' });
    clock.pass(2000);
    expect(await address()).toBe('unknown');
    state.trouble = '';
    clock.pass(2000);
    expect(await address()).toMatchObject({ host: '10.1.2.3' });
    state.node = undefined;
    clock.pass(2000);
    expect(await address()).toBe('gone');
    state.trouble = 'no answer';
    clock.pass(2000);
    expect(await address()).toBe('unknown');
  });

  it('of a name is the resolved one that may be connected to', async () => {
    const names = { 'media.example.org': ['203.0.113.7', '10.0.0.9'] };
    const { address } = setUp({ host: 'media.example.org', port: 1936, tls: false }, { names });
    expect(await address()).toMatchObject({ host: '10.0.0.9', serverName: 'media.example.org' });
  });

  it.each([
    ['169.254.169.254', ['0.0.0.0/0']],
    ['::ffff:169.254.1.1', ['0.0.0.0/0', '::/0']],
    ['fe80::1', ['::/0']],
    ['0.0.0.0', ['0.0.0.0/0']],
    ['::', ['::/0']],
    ['203.0.113.7', PRIVATE],
    ['meta.example.org', PRIVATE],
  ])('%s is not connected to where %j may be', async (host, peers) => {
    const names = { 'meta.example.org': ['169.254.169.254'] };
    const { address, log, clock } = setUp({ host, port: 1935, tls: false }, { peers, names });
    for (let i = 0; i < 3; i++) {
      expect(await address()).toBe('unknown');
      clock.pass(3000);
    }
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  it('is unknown without an answer of NATS, without a relay address, for a port that is none, an unknown name', async () => {
    const silent = setUp({ host: '10.1.2.3', port: 1935, tls: false });
    silent.state.trouble = 'no answer';
    expect(await silent.address()).toBe('unknown');
    expect(await setUp(undefined).address()).toBe('unknown');
    expect(await setUp({ host: '10.1.2.3', port: 0, tls: false }).address()).toBe('unknown');
    expect(await setUp({ host: 'nowhere.example.org', port: 1935, tls: false }).address()).toBe('unknown');
    expect(await setUp('absent').address()).toBe('gone');
  });
});
