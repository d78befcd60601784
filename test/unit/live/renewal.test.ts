import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/live/admission.js';
import { type GrantEnd, Renewal } from '../../../src/live/renewal.js';
import type { Grant } from '../../../src/model/grant.js';

const grant = (ttlMs?: number): Grant => ({
  ...{ labels: {}, conflict: 'reject', limits: {} },
  ...(ttlMs === undefined ? {} : { ttlMs }),
});
const allow = (ttlMs?: number): Verdict => ({ decision: 'allow', grant: grant(ttlMs) });
const deny = (code: 'ERR_AUTH_DENIED' | 'ERR_AUTH_UNAVAILABLE' | 'ERR_AUTH_EXPIRED'): Verdict => ({
  ...{ decision: 'deny', code, message: '' },
});

class Setup {
  nowMs = 0;
  /** Times at which it asked. */
  readonly asked: number[] = [];
  readonly renewed: Grant[] = [];
  readonly ends: GrantEnd[] = [];
  random = 0.5;
  readonly renewal: Renewal;

  constructor(answer: () => Verdict | Promise<Verdict>) {
    this.renewal = new Renewal({
      ask: () => {
        this.asked.push(this.nowMs);
        return answer();
      },
      renewed: (next) => void this.renewed.push(next),
      end: (why) => void this.ends.push(why),
      nowMs: () => this.nowMs,
      graceMs: () => 30_000,
      random: () => this.random,
    });
  }

  async pass(ms: number): Promise<void> {
    for (const until = this.nowMs + ms; this.nowMs < until; ) {
      this.nowMs += 250;
      this.renewal.tick(this.nowMs);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }
}

describe('a renewal', () => {
  it('that is wanted anew asks once more behind a question that is under way', async () => {
    const answers: ((verdict: Verdict) => void)[] = [];
    const setup = new Setup(() => new Promise((resolve) => answers.push(resolve)));
    const first = setup.renewal.askNow();
    const anew = setup.renewal.askAnew();
    answers[0]!(allow());
    await first;
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(setup.asked.length).toBe(2);
    answers[1]!(deny('ERR_AUTH_DENIED'));
    await anew;
    expect(setup.ends).toMatchObject([{ reason: 'auth_revoked' }]);
  });

  it('asks a tenth of the time before its end, at most 30 s before, and again after each grant', async () => {
    const short = new Setup(() => allow(10_000));
    short.renewal.granted(10_000);
    await short.pass(20_000);
    expect(short.asked).toEqual([9000, 18_000]);
    expect(short.renewed.length).toBe(2);
    const long = new Setup(() => allow(3_600_000));
    long.renewal.granted(3_600_000);
    await long.pass(3_600_000);
    expect(long.asked).toEqual([3_570_000]);
  });

  it.each([0, 0.999])('asks before the end whatever the jitter: %d', async (random) => {
    for (const ttlMs of [1000, 10_000, 3_600_000]) {
      const setup = new Setup(() => allow());
      setup.random = random;
      setup.renewal.granted(ttlMs);
      await setup.pass(ttlMs);
      expect(setup.asked.length).toBe(1);
    }
  });

  it('is never asked for without a time', async () => {
    const setup = new Setup(() => allow());
    setup.renewal.granted(undefined);
    await setup.pass(60_000);
    expect(setup.asked).toEqual([]);
  });

  it('that is denied ends what runs as revoked, and one that is over as expired', async () => {
    const denied = new Setup(() => deny('ERR_AUTH_DENIED'));
    denied.renewal.granted(1000);
    await denied.pass(5000);
    expect(denied.ends).toMatchObject([{ reason: 'auth_revoked', code: 'ERR_AUTH_REVOKED' }]);
    expect(denied.asked.length).toBe(1);
    const over = new Setup(() => deny('ERR_AUTH_EXPIRED'));
    over.renewal.granted(1000);
    await over.pass(5000);
    expect(over.ends).toMatchObject([{ reason: 'auth_expired', code: 'ERR_AUTH_EXPIRED' }]);
  });

  it('is tried every 2 s while nobody can be asked, and the end comes after the time of grace', async () => {
    const setup = new Setup(() => deny('ERR_AUTH_UNAVAILABLE'));
    setup.renewal.granted(10_000);
    await setup.pass(39_000);
    expect(setup.asked.slice(0, 3)).toEqual([9000, 11_000, 13_000]);
    expect(setup.ends).toEqual([]);
    await setup.pass(3000);
    expect(setup.ends).toMatchObject([{ reason: 'auth_expired' }]);
    const asked = setup.asked.length;
    await setup.pass(10_000);
    expect(setup.asked.length).toBe(asked);
  });

  it('goes on when somebody answers again within the time of grace', async () => {
    let verdict = deny('ERR_AUTH_UNAVAILABLE');
    const setup = new Setup(() => verdict);
    setup.renewal.granted(10_000);
    await setup.pass(30_000);
    verdict = allow(10_000);
    await setup.pass(3000);
    expect(setup.ends).toEqual([]);
    expect(setup.renewed.length).toBe(1);
  });

  it('that fails inside counts as nobody having answered', async () => {
    const setup = new Setup(() => Promise.reject(new Error('a defect')));
    setup.renewal.granted(1000);
    await setup.pass(4000);
    expect(setup.ends).toEqual([]);
    expect(setup.asked.length).toBeGreaterThan(1);
  });

  it('asks one question at a time, and acts upon no answer after it is closed', async () => {
    let answer: (verdict: Verdict) => void = () => {};
    const setup = new Setup(() => new Promise((resolve) => (answer = resolve)));
    setup.renewal.granted(1000);
    await setup.pass(1000);
    const asked = setup.renewal.askNow();
    expect(setup.asked.length).toBe(1);
    setup.renewal.close();
    answer(deny('ERR_AUTH_DENIED'));
    await asked;
    expect(setup.ends).toEqual([]);
    await setup.renewal.askNow();
    expect(setup.asked.length).toBe(1);
  });
});
