import { describe, expect, it } from 'vitest';
import { HolderCheck, PROBE_MS } from '../../../src/cluster/holder-check.js';
import type { PeerAddress } from '../../../src/live/peers.js';
import type { NatsOutcome } from '../../../src/nats/requests.js';
import { ManualClock } from '../../support/events-parts.js';

const ADDRESS: PeerAddress = { host: '127.0.0.1', port: 1935, isSecure: false, serverName: 'b' };
const HOLDER = { nodeId: 'b', bootId: '01B' };
const REPLY: NatsOutcome = { kind: 'reply', reply: { body: Buffer.alloc(0), headers: {} } };

class World {
  readonly clock = new ManualClock();
  readonly subjects: string[] = [];
  probes = 0;
  control: () => NatsOutcome = () => ({ kind: 'no_responders' });
  answers: () => boolean = () => false;
  address: PeerAddress | 'gone' | 'unknown' = ADDRESS;
  own: PeerAddress | 'gone' | 'unknown' = ADDRESS;
  addressOf: (boot: string) => PeerAddress | 'gone' | 'unknown' = () => this.address;
  isLost: () => boolean = () => false;
  readonly check = new HolderCheck({
    ...{ nodeId: 'a', bootId: '01M', prefix: 'sluice.v1', suspectMs: 3000, clock: this.clock },
    requests: {
      request: async (subject, _body, timeoutMs) => {
        expect(timeoutMs).toBe(PROBE_MS);
        this.subjects.push(subject);
        const outcome = this.control();
        if (outcome.kind === 'timeout') this.clock.pass(timeoutMs);
        return outcome;
      },
    },
    peers: {
      addressOf: (node, boot) => Promise.resolve(node === 'a' && boot === '01M' ? this.own : this.addressOf(boot)),
    },
    isLost: () => Promise.resolve(this.isLost()),
    answers: (address) => {
      expect(address).toBe(ADDRESS);
      this.probes++;
      return Promise.resolve(this.answers());
    },
    pause: async (ms) => this.clock.pass(ms),
  });

  /** How long a judgement takes, and what it is. */
  async judge(holder = HOLDER): Promise<[string, number]> {
    const began = this.clock.mono;
    return [await this.check.judge(holder), this.clock.mono - began];
  }
}

describe('the check of a holder', () => {
  it('takes an earlier process of this installation for gone at once', async () => {
    const world = new World();
    world.control = () => REPLY;
    expect(await world.judge({ nodeId: 'a', bootId: '01A' })).toEqual(['gone', 0]);
    expect(world.subjects).toEqual([]);
  });

  it('takes no name from another installation with the same id, which answers at an address of its own', async () => {
    const world = new World();
    const earlier = { nodeId: 'a', bootId: '01A' };
    world.own = { ...ADDRESS, port: 1936 };
    expect(await world.judge(earlier)).toEqual(['gone', 0]);
    expect(world.probes).toBe(1);
    world.answers = () => true;
    expect(await world.judge(earlier)).toEqual(['alive', 0]);
    // Whoever does not know its own address yet cannot tell the other one from itself.
    world.own = 'gone';
    expect(await world.judge(earlier)).toEqual(['gone', 0]);
  });

  it('treats a younger process with the same id like any other', async () => {
    const world = new World();
    world.control = () => REPLY;
    expect(await world.judge({ nodeId: 'a', bootId: '01Z' })).toEqual(['alive', 0]);
  });

  it('takes one for gone at once whose heartbeats say so', async () => {
    const world = new World();
    world.isLost = () => true;
    world.control = () => REPLY;
    expect(await world.judge()).toEqual(['gone', 0]);
  });

  it('takes one for gone at once when another process of its node answers, at its port', async () => {
    const world = new World();
    const says = (bootId: unknown): NatsOutcome => {
      return { kind: 'reply', reply: { body: Buffer.from(JSON.stringify({ ok: true, bootId })), headers: {} } };
    };
    world.answers = () => true;
    for (const boot of ['01B', 5]) {
      world.control = () => says(boot);
      expect(await world.judge()).toEqual(['alive', 0]);
    }
    world.control = () => says('01C');
    expect(await world.judge()).toEqual(['gone', 0]);
    // At another port it is a second installation with the same id, and says nothing of the first.
    world.addressOf = (boot) => (boot === '01C' ? { ...ADDRESS, port: 1936 } : ADDRESS);
    expect(await world.judge()).toEqual(['alive', 0]);
    world.answers = () => false;
    expect(await world.judge()).toEqual(['gone', 3000]);
  });

  it('takes one for alive that answers over NATS or on its port', async () => {
    const world = new World();
    world.control = () => REPLY;
    expect(await world.judge()).toEqual(['alive', 0]);
    expect(world.subjects).toEqual(['sluice.v1.ctl.n.b.info']);
    world.control = () => ({ kind: 'no_responders' });
    world.answers = () => true;
    expect(await world.judge()).toEqual(['alive', 0]);
  });

  it.each(['no_responders', 'timeout'] as const)(
    'takes one for gone that answers in no way for suspectMs (%s)',
    async (kind) => {
      const world = new World();
      world.control = () => ({ kind });
      const [state, ms] = await world.judge();
      expect(state).toBe('gone');
      expect(ms).toBeGreaterThanOrEqual(3000);
      expect(ms).toBeLessThan(3000 + PROBE_MS + 250);
    },
  );

  it('begins anew when one answers again in between', async () => {
    const world = new World();
    world.control = () => (world.subjects.length === 5 ? REPLY : { kind: 'no_responders' });
    expect((await world.judge())[0]).toBe('alive');
    expect((await world.judge())[1]).toBeGreaterThanOrEqual(3000);
  });

  it('says at once that one is gone which was found silent shortly before, after another look', async () => {
    const world = new World();
    await world.judge();
    const { probes } = world;
    world.clock.pass(2000);
    expect(await world.judge()).toEqual(['gone', 0]);
    expect(world.probes).toBe(probes + 1);
    world.clock.pass(3000);
    expect((await world.judge())[1]).toBeGreaterThanOrEqual(3000);
  });

  it.each([
    ['NATS is away', { kind: 'away' } as const, ADDRESS],
    ['this user may not ask', { kind: 'refused' } as const, ADDRESS],
    ['no address is known', { kind: 'no_responders' } as const, 'unknown' as const],
  ])('does not know while %s', async (_name, control, address) => {
    const world = new World();
    world.control = () => control;
    world.address = address;
    expect(await world.judge()).toEqual(['unknown', 0]);
  });

  it('looks once for all names of a process that are claimed at the same time', async () => {
    const world = new World();
    const all = await Promise.all(Array.from({ length: 100 }, () => world.check.judge(HOLDER)));
    expect(new Set(all)).toEqual(new Set(['gone']));
    expect(world.probes).toBeLessThan(20);
  });
});
