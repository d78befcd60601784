import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/errors.js';
import type { ConnectionFacts } from '../../../src/live/access.js';
import { type Decision, LiveStreamsHarness, type PlayRun } from '../../support/live/live-streams-harness.js';

type Answer = Awaited<ReturnType<LiveStreamsHarness['publish']>>;

/** Publishes and ends as fast as it is let, for so long; time moves in steps of a tick. */
async function churn(harness: LiveStreamsHarness, connections: number, seconds: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const all = Array.from({ length: connections }, () => harness.facts());
  const busy = new Set<string>();
  const closed = new Set<string>();
  for (let ms = 0; ms < seconds * 1000; ms += 250) {
    for (const facts of all) {
      if (busy.has(facts.connectionId) || closed.has(facts.connectionId)) continue;
      busy.add(facts.connectionId);
      void harness.publish(`x-${facts.connectionId}`, '', facts).then((answer) => {
        answers.push(answer);
        busy.delete(facts.connectionId);
        // A refused publish closes the connection.
        if (!answer.accept) closed.add(facts.connectionId);
        else answer.run.end('client_unpublish');
      });
    }
    await harness.settle();
    harness.pass(250);
  }
  return answers;
}

describe('publishes that begin and end without pause', () => {
  it('are held up, then refused with a code, and make few events', async () => {
    const harness = new LiveStreamsHarness();
    const answers = await churn(harness, 1, 200);
    const refusal = answers.at(-1)!;
    expect(refusal).toMatchObject({
      accept: false,
      code: 'ERR_LIMIT_PUBLISH_RATE',
      status: 'NetStream.Publish.Rejected',
    });
    expect(answers.length).toBeLessThan(30);
    expect(harness.registry.churn.publishesDelayed).toBeGreaterThan(10);
    expect(harness.registry.publishes.rejectedBy.get('ERR_LIMIT_PUBLISH_RATE')).toBe(1);
    expect(harness.count('streamEnded')).toBe(harness.count('streamStarted'));
  });

  it('cost honest publishers of other addresses nothing, nor those of their own address that come anew', async () => {
    const harness = new LiveStreamsHarness();
    const flood = churn(harness, 20, 60);
    const honest: Answer[] = [];
    for (let n = 0; n < 50; n++) {
      void harness.publish(`far${n}`, '', harness.facts('198.51.100.7')).then((answer) => honest.push(answer));
      await harness.settle();
    }
    for (let n = 0; n < 10; n++) void harness.publish(`near${n}`).then((answer) => honest.push(answer));
    await flood;
    expect(honest).toHaveLength(60);
    expect(honest.filter(({ accept }) => !accept)).toEqual([]);
    // Starts and ends of sixty seconds, over twenty connections of one address.
    expect((harness.count('streamStarted') + harness.count('streamEnded')) / 60).toBeLessThan(50);
  });

  it('are not even started when the client goes while it waits for its turn', async () => {
    const harness = new LiveStreamsHarness();
    const facts = harness.facts();
    for (let n = 0; n < 8; n++) (await harness.run(`cam${n}`, '', facts)).end('client_unpublish');
    const late = harness.publish('cam', '', facts);
    harness.withdraw('client_closed');
    harness.pass(4000);
    expect(await late).toMatchObject({ accept: false, code: 'ERR_PEER_CLOSED' });
    expect(harness.count('streamStarted')).toBe(8);
    expect(harness.count('streamRejected')).toBe(0);
  });
});

describe('plays that begin and end without pause', () => {
  it('wait for their turn, are refused with a code, and the stream tells of few of them, each with both events', async () => {
    const harness = new LiveStreamsHarness();
    await harness.run();
    const facts = harness.facts();
    let refusal: Decision<PlayRun> | undefined;
    let plays = 0;
    while (refusal === undefined && plays < 500) {
      let answer: Decision<PlayRun> | undefined;
      harness.askPlay('cam', facts, (decision) => {
        answer = decision;
      });
      if (answer === undefined) harness.pass(1000);
      await harness.settle();
      if (answer?.accept === true) answer.run.end('client_stopped');
      else refusal = answer;
      plays++;
    }
    expect(refusal).toMatchObject({ code: 'ERR_LIMIT_PLAY_RATE', status: 'NetStream.Play.Failed' });
    expect(harness.registry.playsRejectedBy.get('ERR_LIMIT_PLAY_RATE')).toBe(1);
    expect(plays).toBeGreaterThan(120);
    expect(harness.count('playEnded')).toBe(harness.count('playStarted'));
  });

  it('of one address leave events out, counted, while another address is told of as ever', async () => {
    const harness = new LiveStreamsHarness();
    await harness.run();
    for (let n = 0; n < 190; n++) {
      const answer = harness.play('cam');
      if (answer.accept) answer.run.end('client_stopped');
    }
    const told = harness.count('playStarted');
    expect(told).toBeLessThanOrEqual(100);
    expect(harness.count('playEnded')).toBe(told);
    expect(harness.registry.account.suppressed.play).toBe(2 * (190 - told));
    harness.play('cam', harness.facts('198.51.100.7'));
    expect(harness.count('playStarted')).toBe(told + 1);
  });

  it('change an audience more often than is told, and what is told last is true', async () => {
    const harness = new LiveStreamsHarness();
    await harness.run();
    const answer = harness.play('cam', harness.facts('198.51.100.7'));
    for (let n = 0; n < 30; n++) {
      const churner = harness.play('other', harness.facts('198.51.100.8'));
      if (churner.accept) churner.run.end('client_stopped');
    }
    if (answer.accept) answer.run.end('client_stopped');
    for (let n = 0; n < 30; n++) {
      const again = harness.play('cam', harness.facts(`198.51.100.${n}`));
      if (n < 29 && again.accept) again.run.end('client_stopped');
    }
    const changes = (): string[] => harness.names.filter((name) => name === 'streamActive' || name === 'streamIdle');
    expect(changes().length).toBeLessThanOrEqual(10);
    harness.pass(1000);
    harness.pass(1000);
    expect(changes().at(-1)).toBe('streamActive');
    expect(changes().every((name, n) => name === (n % 2 === 0 ? 'streamActive' : 'streamIdle'))).toBe(true);
  });
});

function closed(harness: LiveStreamsHarness, facts: ConnectionFacts, code: ErrorCode): void {
  harness.report({ kind: 'connectionClosed', facts, code, detail: '', refusedData: 0 });
}

describe('what strangers are told of', () => {
  it('is twenty log lines about faults at once, and each fault is counted', async () => {
    const harness = new LiveStreamsHarness();
    const lines = harness.warnings;
    for (let n = 0; n < 15; n++) await harness.publish('a b', '', harness.facts(`192.0.2.${n % 3}`));
    for (let n = 0; n < 15; n++) closed(harness, harness.facts(`192.0.2.${n % 3}`), 'ERR_HANDSHAKE_HTTP');
    expect(lines).toHaveLength(20);
    expect(harness.registry.publishes.rejectedBy.get('ERR_NAME_INVALID')).toBe(15);
    expect(harness.registry.connections.closedBy.get('ERR_HANDSHAKE_HTTP')).toBe(15);
    harness.nowMs += 2000;
    closed(harness, harness.facts(), 'ERR_HANDSHAKE_HTTP');
    expect(JSON.parse(lines[20]!)).toMatchObject({ suppressed: 10 });
    expect(lines).toHaveLength(22);
  });

  it('is bounded for publishes that are refused and for connections, whose closing is told only with their opening', async () => {
    const harness = new LiveStreamsHarness();
    for (let n = 0; n < 300; n++) await harness.publish('a b');
    expect(harness.count('streamRejected')).toBe(200);
    expect(harness.registry.account.suppressed.rejected).toBe(100);
    const connections = Array.from({ length: 300 }, () => harness.facts());
    for (const facts of connections) harness.report({ kind: 'connectionOpened', facts });
    for (const facts of connections) closed(harness, facts, 'ERR_PEER_CLOSED');
    for (let n = 0; n < 300; n++)
      harness.report({ kind: 'connectionRefused', address: '192.0.2.1', code: 'ERR_LIMIT_CONNECTIONS_PER_IP' });
    expect(harness.count('connection')).toBe(400);
  });
});
