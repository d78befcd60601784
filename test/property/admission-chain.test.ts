import { describe, expect, it } from 'vitest';
import type { ResponderAnswer } from '../../src/admission/responder.js';
import { RESPONDERS } from '../../src/config/auth-settings.js';
import { newId } from '../../src/core/ids.js';
import { ChainHarness, FakeResponder, question } from '../support/admission/chain-harness.js';
import { LiveStreamsHarness } from '../support/live/live-streams-harness.js';
import { seeded } from '../support/random.js';

const SEED = 16_001;
const ATTEMPTS = 1000;
const BUDGET_MS = 15;
const KINDS = ['allow', 'deny', 'next', 'time-out', 'malformed', 'unavailable', 'late', 'peer gone'] as const;
type Kind = (typeof KINDS)[number];

/** What happens in one attempt: who decides, how, and whether it answers at once. */
interface Attempt {
  readonly responder: (typeof RESPONDERS)[number];
  readonly kind: Kind;
  readonly isAsync: boolean;
  readonly key: string;
  readonly address: string;
}

/** The model: what the client is told. */
function expected({ kind }: Attempt): string {
  switch (kind) {
    case 'allow':
      return 'allow';
    case 'deny':
      return 'ERR_AUTH_DENIED';
    case 'next':
      return 'ERR_AUTH_NO_RULE';
    case 'malformed':
      return 'ERR_AUTH_REPLY_INVALID';
    case 'peer gone':
      return 'ERR_PEER_CLOSED';
    default:
      return 'ERR_AUTH_UNAVAILABLE';
  }
}

/** The answers of the deciding responder. What it says has the client's key in it wherever that could leak. */
function answerOf(
  { kind, key }: Attempt,
  late: (() => void)[],
  leave: () => void,
): ResponderAnswer | Promise<ResponderAnswer> {
  switch (kind) {
    case 'allow':
      return { decision: 'allow', principal: 'anna' };
    case 'deny':
      return { decision: 'deny', message: 'not you' };
    case 'next':
      return { decision: 'next' };
    case 'malformed':
      return { decision: 'allow', principal: key, labels: { key } };
    case 'unavailable':
      throw new Error(`no connection to http://u:${key}@host/`);
    case 'time-out':
      return new Promise(() => undefined);
    case 'late':
      return new Promise((resolve) => late.push(() => resolve({ decision: 'allow', principal: 'late' })));
    case 'peer gone':
      leave();
      return Promise.resolve({ decision: 'allow', principal: 'gone' });
  }
}

describe('a thousand attempts with a seed', () => {
  const random = seeded(SEED);
  const attempts: Attempt[] = Array.from({ length: ATTEMPTS }, (_, i) => ({
    responder: RESPONDERS[i % RESPONDERS.length]!,
    kind: KINDS[Math.floor(i / RESPONDERS.length) % KINDS.length]!,
    isAsync: random() < 0.5,
    key: `CANARY-${Math.floor(random() * 1e9)}`,
    address: `192.0.2.${Math.floor(random() * 250) + 1}`,
  }));

  it('meet every responder with every answer', () => {
    const met = new Set(attempts.map(({ responder, kind }) => `${responder} ${kind}`));
    expect(met.size).toBe(RESPONDERS.length * KINDS.length);
  });

  it('are decided as the model says, and neither the log nor the answers nor the events hold a key', async () => {
    const late: (() => void)[] = [];
    const told: string[] = [];
    const lines: string[] = [];
    const outcomes = await Promise.all(
      attempts.map(async (attempt, i) => {
        let isHere = true;
        const before = RESPONDERS.slice(0, RESPONDERS.indexOf(attempt.responder));
        const responders = RESPONDERS.map((name) => {
          if (before.includes(name)) return new FakeResponder(name, { decision: 'next' });
          if (name !== attempt.responder) {
            const isOpen = attempt.kind === 'next';
            return new FakeResponder(name, isOpen ? { decision: 'next' } : { decision: 'allow', principal: 'behind' });
          }
          return new FakeResponder(name, (): ResponderAnswer | Promise<ResponderAnswer> => {
            const answer = () => answerOf(attempt, late, () => (isHere = false));
            return attempt.isAsync ? Promise.resolve().then(answer) : answer();
          });
        });
        const harness = new ChainHarness(responders, { budgetMs: BUDGET_MS });
        const verdict = await harness.chain.decide(
          question({
            requestId: newId(),
            name: `cam${i}`,
            query: `key=${attempt.key}`,
            address: attempt.address,
            isWanted: () => isHere,
          }),
        );
        told.push(JSON.stringify(verdict));
        lines.push(...harness.lines);
        return { harness, code: verdict.decision === 'deny' ? verdict.code : verdict.decision, verdict };
      }),
    );
    expect(outcomes.map(({ code }) => code)).toEqual(attempts.map(expected));
    for (const answer of late) answer();
    await new Promise(setImmediate);
    const lateCount = outcomes.reduce(
      (sum, { harness }) => sum + [...harness.chain.stats.late.values()].reduce((a, b) => a + b, 0),
      0,
    );
    expect(lateCount).toBe(attempts.filter(({ kind }) => kind === 'late').length);
    expect(outcomes.filter(({ verdict }) => JSON.stringify(verdict).includes('"late"')).length).toBe(0);
    expect(outcomes.every(({ harness }) => harness.chain.stats.pending === 0)).toBe(true);
    expect([...told, ...lines].filter((text) => text.includes('CANARY'))).toEqual([]);
  });

  it('announce a start for what is allowed, a rejection for the rest, and the key nowhere', async () => {
    const events: string[] = [];
    const outcome: string[] = [];
    for (const [i, attempt] of attempts.entries()) {
      if (attempt.kind === 'peer gone') continue;
      const late: (() => void)[] = [];
      const responder = new FakeResponder(attempt.responder, () => answerOf(attempt, late, () => undefined));
      const { chain } = new ChainHarness([responder], { budgetMs: 2 });
      const harness = new LiveStreamsHarness({}, chain);
      await harness.publish(`cam${i}`, `key=${attempt.key}`);
      const started = harness.last('streamStarted');
      const rejected = harness.last('streamRejected');
      outcome.push(started === undefined ? String((rejected as { code?: string } | undefined)?.code) : 'allow');
      events.push(JSON.stringify([started, rejected, harness.warnings]));
      expect([started, rejected].filter((event) => event !== undefined).length).toBe(1);
    }
    expect(outcome).toEqual(attempts.filter(({ kind }) => kind !== 'peer gone').map(expected));
    expect(events.filter((text) => text.includes('CANARY'))).toEqual([]);
  }, 60_000);
});
