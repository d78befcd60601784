import { describe, expect, it } from 'vitest';
import { ADMIT_ALL, type Admission, type Question, type Verdict } from '../../../src/live/admission.js';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

describe('a port of admission', () => {
  const denial = { decision: 'deny', code: 'ERR_AUTH_DENIED', message: 'not you' } as const;

  it('refuses connects, publishes and plays, at once and later, with what the client is told', async () => {
    for (const isLater of [false, true]) {
      const decide = () => (isLater ? Promise.resolve(denial) : denial);
      const harness = new LiveStreamsHarness({}, { ...ADMIT_ALL, decide });
      const told = {
        code: 'ERR_AUTH_DENIED',
        description: expect.stringMatching(/^ERR_AUTH_DENIED: not you \[\w{26}\]$/),
      };
      const connect = { status: 'NetConnection.Connect.Rejected', ...told };
      expect(await harness.connect()).toMatchObject({ kind: 'connectRefused', refusal: connect });
      expect(await harness.publish()).toEqual({ accept: false, status: 'NetStream.Publish.Rejected', ...told });
      expect(harness.last('streamRejected')).toMatchObject({ reason: told.description, code: 'ERR_AUTH_DENIED' });
      const plays: unknown[] = [];
      harness.askPlay('cam', harness.facts(), (decision) => plays.push(decision));
      await harness.settle();
      expect(plays).toEqual([{ accept: false, status: 'NetStream.Play.Failed', ...told }]);
      expect(harness.registry.playsRejectedBy.get('ERR_AUTH_DENIED')).toBe(1);
    }
  });

  it('is not waited for by default: a connect is accepted in the turn in which it is asked', () => {
    const harness = new LiveStreamsHarness();
    const answers: string[] = [];
    harness.answer = ({ kind }) => void answers.push(kind);
    harness.registry.ask({ kind: 'connect', id: 1, facts: harness.facts(), query: '' });
    expect(answers).toEqual(['connectAccepted']);
  });

  it('that fails inside us has the request answered as failed, and logged', async () => {
    const harness = new LiveStreamsHarness({}, { ...ADMIT_ALL, decide: () => Promise.reject(new Error('a defect')) });
    expect(await harness.connect()).toMatchObject({ kind: 'askFailed', description: 'a defect' });
    expect(harness.warnings.join()).toContain('a request could not be decided');
  });

  it('lets a publisher in that has gone meanwhile: its name is not taken, and a refusal is told', async () => {
    let decide: (verdict: Verdict) => void = () => undefined;
    const decided = new Promise<Verdict>((resolve) => (decide = resolve));
    const harness = new LiveStreamsHarness({}, { ...ADMIT_ALL, decide: () => decided });
    const answer = harness.publish();
    await harness.settle();
    harness.withdraw('client_closed');
    decide({ decision: 'allow', grant: { labels: {}, conflict: 'reject', limits: {} } });
    expect(await answer).toMatchObject({ accept: false, code: 'ERR_PEER_CLOSED' });
    expect(harness.names).toEqual(['streamRejected']);
    expect(harness.last('streamRejected')).toMatchObject({ code: 'ERR_PEER_CLOSED', name: 'cam' });
    expect(harness.orders).toEqual([]);
  });

  it('is asked before anything of a name is used up: guesses do not keep its publisher out', async () => {
    let isWrong = true;
    const decide: Admission['decide'] = (question) => (isWrong ? denial : ADMIT_ALL.decide(question));
    const harness = new LiveStreamsHarness({ publishesPerSecondPerIp: 0 }, { ...ADMIT_ALL, decide });
    for (let n = 0; n < 100; n++) expect(await harness.publish()).toMatchObject({ accept: false, code: denial.code });
    isWrong = false;
    expect(await harness.publish()).toMatchObject({ accept: true });
  });
});

describe('a stream whose publisher has come back with another key', () => {
  const ttlMs = 10_000;
  /** Accepts every query as the same principal, and keeps what it was asked; renewals are answered by the test. */
  class Shifting implements Admission {
    readonly asked: Question[] = [];
    renewal: () => Verdict | Promise<Verdict> = () => this.grant('renewed');
    readonly isNameKey = () => false;
    readonly isBanned = () => false;
    readonly guessed = () => {};

    decide(question: Question): Verdict | Promise<Verdict> {
      this.asked.push(question);
      return question.reason === 'renew' ? this.renewal() : this.grant(question.query);
    }

    grant(key: string): Verdict {
      const labels = { key };
      return {
        decision: 'allow',
        grant: { principal: 'anna', labels, limits: { kbps: 900 }, ttlMs, keyFingerprint: key, conflict: 'resume' },
      };
    }
  }

  it('is renewed with the new key, and is known by it', async () => {
    const admission = new Shifting();
    const harness = new LiveStreamsHarness({ resumeWindowMs: 10_000 }, admission);
    (await harness.run('cam', 'old')).end('client_reset');
    const { streamId } = await harness.run('cam', 'new');
    expect(harness.registry.streams()[0]).toMatchObject({ streamId, keyFingerprint: 'new' });
    harness.pass(ttlMs);
    expect(admission.asked.map(({ reason, query }) => [reason, query])).toEqual([
      ['start', 'old'],
      ['start', 'new'],
      ['renew', 'new'],
    ]);
  });

  it('does not end by an answer about the old one that comes late', async () => {
    const admission = new Shifting();
    const harness = new LiveStreamsHarness({ resumeWindowMs: 10_000 }, admission);
    await harness.run('cam', 'old');
    let answer!: (verdict: Verdict) => void;
    admission.renewal = () => new Promise((resolve) => (answer = resolve));
    harness.pass(ttlMs);
    await harness.run('cam', 'new');
    answer({ decision: 'deny', code: 'ERR_AUTH_DENIED', message: '' });
    await harness.settle();
    expect(harness.registry.streams()).toMatchObject([{ labels: { key: 'new' } }]);
    admission.renewal = () => admission.grant('renewed');
    harness.pass(ttlMs);
    await harness.settle();
    expect(harness.registry.streams()).toMatchObject([{ labels: { key: 'renewed' } }]);
  });

  it('keeps its limits and labels while nobody can be asked', async () => {
    const admission = new Shifting();
    const harness = new LiveStreamsHarness({}, admission);
    await harness.run('cam', 'old');
    const labels = { unauthenticated: 'true' };
    admission.renewal = () => ({
      decision: 'allow',
      grant: { principal: 'anna', labels, conflict: 'resume', limits: {}, ttlMs, isUnauthenticated: true },
    });
    harness.pass(ttlMs);
    await harness.settle();
    expect(harness.registry.streams()).toMatchObject([
      { limits: { kbps: 900 }, labels: { key: 'old', unauthenticated: 'true' } },
    ]);
  });
});

describe('a ban that is set while a publish is decided', () => {
  it.each(['the question waits', 'its start is written'])('keeps it from beginning when %s', async (when) => {
    let isBanned = false;
    let goOn!: () => void;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const decide: Admission['decide'] = (question) =>
      when === 'the question waits' ? held.then(() => ADMIT_ALL.decide(question)) : ADMIT_ALL.decide(question);
    const harness = new LiveStreamsHarness({}, { ...ADMIT_ALL, decide, isBanned: () => isBanned });
    if (when !== 'the question waits') harness.journal = () => held;
    const answer = harness.publish();
    await harness.settle();
    isBanned = true;
    goOn();
    expect(await answer).toMatchObject({ accept: false, code: 'ERR_AUTH_BANNED' });
    expect(harness.registry.live).toBe(0);
    expect(harness.count('streamStarted')).toBe(harness.count('streamEnded'));
  });
});

describe('a server that stops while a question waits', () => {
  it('accepts neither the publish nor the play', async () => {
    let goOn!: () => void;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const decide: Admission['decide'] = (question) => held.then(() => ADMIT_ALL.decide(question));
    const harness = new LiveStreamsHarness({}, { ...ADMIT_ALL, decide });
    const publish = harness.publish();
    const plays: unknown[] = [];
    harness.askPlay('cam', harness.facts(), (decision) => plays.push(decision));
    harness.closedFor = 'the server stops';
    goOn();
    expect(await publish).toMatchObject({ code: 'ERR_SESSION_SHUTDOWN' });
    await harness.settle();
    expect(plays).toMatchObject([{ code: 'ERR_SESSION_SHUTDOWN' }]);
  });
});

describe('a limit of sessions', () => {
  it('counts the publishes whose starts are being written', async () => {
    const grant = { principal: 'anna', labels: {}, conflict: 'resume', limits: { sessions: 1 } } as const;
    const harness = new LiveStreamsHarness({}, { ...ADMIT_ALL, decide: () => ({ decision: 'allow', grant }) });
    const answers = await Promise.all(['a', 'b', 'c'].map((name) => harness.publish(name)));
    expect(answers.map((answer) => (answer.accept ? 'accepted' : answer.code))).toEqual([
      'accepted',
      'ERR_LIMIT_SESSIONS',
      'ERR_LIMIT_SESSIONS',
    ]);
  });
});

describe('a play that waits for its turn', () => {
  it('is not asked about when its client has gone meanwhile', async () => {
    let asked = 0;
    const decide: Admission['decide'] = (question) => {
      asked++;
      return ADMIT_ALL.decide(question);
    };
    const harness = new LiveStreamsHarness({ playsPerSecondPerIp: 0 }, { ...ADMIT_ALL, decide });
    const facts = harness.facts();
    for (let n = 0; n < 17; n++) harness.askPlay('cam', facts);
    const before = asked;
    harness.withdraw('client_closed');
    harness.pass(5000);
    await harness.settle();
    expect(asked).toBe(before);
  });
});
