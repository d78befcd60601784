import { describe, expect, it } from 'vitest';
import type { ConnectionFacts } from '../../../src/live/access.js';
import { ADMIT_ALL } from '../../../src/live/admission.js';
import type { Ownership } from '../../../src/live/ownership.js';
import { RelaySeal, type RelayTicket } from '../../../src/live/relay-ticket.js';
import type { NodeClient, NodeHello } from '../../../src/model/node-link.js';
import { LiveStreamsHarness, type Run } from '../../support/live/live-streams-harness.js';

const EPOCH = { registry: '2026-11-27T02:00:00Z', revision: 7 };
const BOOT = '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD';
const seal = new RelaySeal('a secret of sixteen bytes');
const ownership: Ownership = { win: async () => ({ kind: 'won', epoch: EPOCH }), giveUp: () => {} };

/** A node of a cluster, with a stream of its own. */
class Origin {
  readonly guesses: string[] = [];
  readonly live: LiveStreamsHarness;

  constructor(isInCluster = true) {
    const admission = { ...ADMIT_ALL, guessed: (address: string) => void this.guesses.push(address) };
    const nodes = { seal, nodeId: 'origin', bootId: BOOT, maxHops: 2 };
    this.live = new LiveStreamsHarness({ playsPerSecondPerIp: 1 }, admission, undefined, {
      ...(isInCluster && { nodes, ownership }),
    });
  }

  hello(ticket: Partial<RelayTicket> = {}, more: Partial<NodeHello> = {}): NodeHello {
    const whole = { from: 'edge', to: 'origin', app: 'live', name: 'cam', epoch: EPOCH, ...ticket };
    const text = seal.write(whole, 1_700_000_000_000 + this.live.nowMs);
    return { nodeId: 'edge', bootId: BOOT, ticket: text, path: ['edge'], ...more };
  }

  facts(node?: NodeClient): ConnectionFacts {
    const info = { app: 'live', tcUrl: '', flashVer: '', swfUrl: '', pageUrl: '' };
    return { ...this.live.facts(), info: { ...info, objectEncoding: 0, isEnhanced: false, capsEx: 0, node } };
  }

  connect(hello: NodeHello) {
    return this.live.connect(this.facts(), hello);
  }

  /** Plays as a node that was let in for a stream. */
  play({ streamId }: Run, wanted = 'cam') {
    const node: NodeClient = { nodeId: 'edge', bootId: BOOT, streamId, app: 'live', name: 'cam' };
    return this.live.play(wanted, this.facts(node));
  }
}

describe('a node that connects', () => {
  it('is let in for a stream that is published here, and told what it is', async () => {
    const origin = new Origin();
    const { streamId } = await origin.live.run();
    expect(await origin.connect(origin.hello())).toMatchObject({
      kind: 'connectAccepted',
      node: {
        client: { nodeId: 'edge', bootId: BOOT, streamId, app: 'live', name: 'cam' },
        welcome: { nodeId: 'origin', bootId: BOOT, streamId, epoch: EPOCH, hops: 1 },
      },
    });
    expect([origin.live.registry.nodes?.letIn, origin.guesses]).toEqual([1, []]);
  });

  it.each<[string, (origin: Origin) => NodeHello, string]>([
    ['a forged ticket', (o) => o.hello({}, { ticket: 'forged.ticket' }), 'ERR_RELAY_TICKET'],
    ['a ticket for another node', (o) => o.hello({ to: 'other' }), 'ERR_RELAY_TICKET'],
    ['the ticket of another node', (o) => o.hello({ from: 'other' }), 'ERR_RELAY_TICKET'],
    ['a ticket for another app', (o) => o.hello({ app: 'other' }), 'ERR_RELAY_TICKET'],
    ['a path with this node', (o) => o.hello({}, { path: ['edge', 'origin'] }), 'ERR_RELAY_LOOP'],
    ['a path that is too long', (o) => o.hello({}, { path: ['edge', 'b', 'c'] }), 'ERR_RELAY_HOPS'],
    ['a name that is not live', (o) => o.hello({ name: 'other' }), 'ERR_RELAY_EPOCH'],
    ['an older claim', (o) => o.hello({ epoch: { ...EPOCH, revision: 6 } }), 'ERR_RELAY_EPOCH'],
    ['a newer claim', (o) => o.hello({ epoch: { ...EPOCH, revision: 8 } }), 'ERR_RELAY_EPOCH'],
    [
      'a claim in another registry',
      (o) => o.hello({ epoch: { ...EPOCH, registry: '2026-11-27T03:00:00Z' } }),
      'ERR_RELAY_EPOCH',
    ],
  ])('with %s is refused, and counted', async (_what, hello, code) => {
    const origin = new Origin();
    await origin.live.run();
    expect(await origin.connect(hello(origin))).toMatchObject({
      kind: 'connectRefused',
      refusal: { status: 'NetConnection.Connect.Rejected', code, description: expect.stringMatching(`^${code}: `) },
    });
    expect([...origin.live.registry.nodes!.refusedBy]).toEqual([[code, 1]]);
  });

  it('has its forged tickets counted as guesses, and no genuine one', async () => {
    const origin = new Origin();
    await origin.connect(origin.hello({ to: 'other' }));
    await origin.connect(origin.hello({}, { ticket: 'a.b' }));
    expect(origin.guesses).toEqual(['192.0.2.1']);
    expect(origin.live.warnings.join()).not.toContain('a.b');
  });

  it('whose clock is wrong is told so', async () => {
    const origin = new Origin();
    const hello = origin.hello();
    origin.live.pass(31_000);
    expect(await origin.connect(hello)).toMatchObject({ refusal: { code: 'ERR_CLUSTER_CLOCK' } });
  });

  it('is let in while this node drains, because nobody else has the stream', async () => {
    const origin = new Origin();
    await origin.live.run();
    origin.live.closedFor = 'draining';
    expect(await origin.connect(origin.hello())).toMatchObject({ kind: 'connectAccepted' });
  });

  it('is an ordinary client where there is no cluster', async () => {
    const origin = new Origin(false);
    await origin.live.run();
    expect(await origin.connect(origin.hello())).toEqual({ kind: 'connectAccepted', id: expect.any(Number) });
  });
});

describe('the play of a node', () => {
  it('passes by the guards against clients, is audience, and is not told', async () => {
    const origin = new Origin();
    const run = await origin.live.run();
    const plays = Array.from({ length: 5 }, () => origin.play(run));
    expect(plays.every(({ accept }) => accept)).toBe(true);
    expect(origin.live.registry.relaysServed).toBe(5);
    await origin.live.settle();
    expect(origin.live.names).toEqual(['streamStarted', 'streamActive']);
    for (const play of plays) if (play.accept) play.run.end('client_closed');
    origin.live.pass(10_000);
    expect(origin.live.names.slice(2)).toEqual(['streamIdle']);
    expect([origin.live.registry.playsStarted, origin.live.registry.relaysServed]).toEqual([0, 0]);
  });

  it('adds the players that it tells of to those of the stream', async () => {
    const origin = new Origin();
    const run = await origin.live.run();
    origin.live.play('cam');
    const play = origin.play(run);
    const shown = () => origin.live.registry.streams()[0];
    expect(shown()).toMatchObject({ players: 1, playersElsewhere: 0 });
    if (play.accept) origin.live.report({ kind: 'audienceTold', playId: play.run.playId, players: 40 });
    expect(shown()).toMatchObject({ players: 1, playersElsewhere: 40 });
    if (play.accept) play.run.end('client_closed');
    expect(shown()).toMatchObject({ players: 1 });
    expect(shown()).not.toHaveProperty('playersElsewhere');
  });

  it('is of the stream that it came for, and of no other', async () => {
    const origin = new Origin();
    const run = await origin.live.run();
    await origin.live.run('other');
    expect(origin.play(run, 'other')).toMatchObject({ accept: false, code: 'ERR_RELAY_TICKET' });
    run.end('client_unpublish');
    await origin.live.run();
    expect(origin.play(run)).toMatchObject({ accept: false, code: 'ERR_RELAY_EPOCH' });
  });

  it('ends with its stream, and is shown as that of a node', async () => {
    const origin = new Origin();
    const run = await origin.live.run();
    const play = origin.play(run);
    const shown = origin.live.registry.commands.plays();
    expect(shown).toMatchObject([{ relay: { nodeId: 'edge' }, streamId: run.streamId }]);
    expect(origin.live.registry.commands.endMatching(() => true, 'ERR_AUTH_BANNED', '')).toBe(1);
    expect(play).toMatchObject({ accept: true });
    expect(origin.live.orders.some(({ kind }) => kind === 'stopPlay')).toBe(false);
    void origin.live.registry.commands.kickPlay(shown[0]!.playId, 'maintenance');
    expect(origin.live.orders.at(-1)).toMatchObject({ kind: 'stopPlay', reason: 'kicked' });
  });

  it('is all that a node may have: it cannot publish', async () => {
    const origin = new Origin();
    const run = await origin.live.run();
    const node: NodeClient = { nodeId: 'edge', bootId: BOOT, streamId: run.streamId, app: 'live', name: 'cam' };
    expect(await origin.live.publish('new', '', origin.facts(node))).toMatchObject({ code: 'ERR_RELAY_TICKET' });
  });
});
