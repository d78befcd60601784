import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/live/admission.js';
import { ChainHarness, FakeResponder, FINGERPRINT, question } from '../../support/admission/chain-harness.js';

const ALLOW = { decision: 'allow' } as const;
const DENY = { decision: 'deny' } as const;
const DOWN = { decision: 'unavailable', why: 'it is down' } as const;
const codeOf = (verdict: Verdict) => (verdict.decision === 'deny' ? verdict.code : verdict.decision);

describe('a ban on a key', () => {
  const banned = async (responder: FakeResponder, query: string) => {
    const { chain, bans, clock } = new ChainHarness([responder]);
    const untilMs = clock.wallMs() + 1000;
    await bans.add({ kind: 'key', value: FINGERPRINT('the-key'), untilMs, reason: 'r', by: 'b' });
    return codeOf(await chain.decide(question({ query })));
  };

  it.each(['key=the-key', 'token=the-key', 'stream=the-key', 'key=other&token=the-key', 'auth=the-key&x=1'])(
    'holds whatever else the client says: %s',
    async (query) => {
      expect(await banned(new FakeResponder('r', ALLOW), query)).toBe('ERR_AUTH_BANNED');
      expect(await banned(new FakeResponder('r', ALLOW), query.replace('the-key', 'another'))).toBe('allow');
    },
  );

  it('names the key that a responder has checked', async () => {
    const responder = new FakeResponder('r', { ...ALLOW, credential: 'token-1' });
    const { chain } = new ChainHarness([responder]);
    const keyFingerprint = FINGERPRINT('token-1');
    expect(await chain.decide(question({ query: 'key=junk&token=token-1' }))).toMatchObject({
      grant: { keyFingerprint, principal: `key:${keyFingerprint}` },
    });
    expect(await banned(new FakeResponder('r', { ...ALLOW, credential: 'the-key' }), '')).toBe('ERR_AUTH_BANNED');
  });
});

describe('guesses', () => {
  it('are counted also behind a key that is always the same', async () => {
    const { chain, clock } = new ChainHarness([new FakeResponder('r', DENY)]);
    const codes: string[] = [];
    for (let n = 0; n < 11; n++) {
      codes.push(codeOf(await chain.decide(question({ query: `key=same&password=guess-${n}` }))));
      clock.ms += 2000;
    }
    expect(codes).toEqual([...Array.from({ length: 10 }, () => 'ERR_AUTH_DENIED'), 'ERR_AUTH_BANNED']);
  });

  it('are counted together for the addresses of an IPv6 /64, which are banned together', async () => {
    const { chain } = new ChainHarness([new FakeResponder('r', DENY)]);
    const from = async (address: string, key: string) =>
      codeOf(await chain.decide(question({ query: `key=${key}`, address })));
    for (let n = 1; n <= 10; n++) await from(`2001:db8::${n}`, `guess-${n}`);
    expect(await from('2001:db8::ffff', 'right')).toBe('ERR_AUTH_BANNED');
    expect(await from('2001:db8:0:1::1', 'right')).toBe('ERR_AUTH_DENIED');
  });
});

describe('a wrong secret that nobody was asked about', () => {
  it('counts as a guess, the same one once, and never for this machine itself', async () => {
    const { chain } = new ChainHarness([new FakeResponder('r', DENY)]);
    const asked = async (address: string) => codeOf(await chain.decide(question({ query: 'key=x', address })));
    for (let n = 0; n < 50; n++) {
      chain.guessed('192.0.2.7', 'the same');
      chain.guessed('127.0.0.1', `forged-${n}`);
    }
    expect([await asked('192.0.2.7'), await asked('127.0.0.1')]).toEqual(['ERR_AUTH_DENIED', 'ERR_AUTH_DENIED']);
    for (let n = 0; n < 10; n++) chain.guessed('192.0.2.7', `forged-${n}`);
    expect(await asked('192.0.2.7')).toBe('ERR_AUTH_BANNED');
  });
});

describe('a responder of this process that has too much to do', () => {
  it('lets nobody in, whatever auth.onUnavailable says: clients can bring it about', async () => {
    const onUnavailable = { connect: 'allow', publish: 'allow', play: 'allow' } as const;
    const busy = new FakeResponder('rules', { ...DOWN, kind: 'overload' });
    const { chain } = new ChainHarness([busy], { onUnavailable });
    expect(codeOf(await chain.decide(question()))).toBe('ERR_AUTH_OVERLOAD');
  });
});

describe('an allow that is remembered', () => {
  it('is so no longer than its own time, which goes on', async () => {
    const responder = new FakeResponder('r', { ...ALLOW, cacheMs: 60_000, ttlMs: 10_000 });
    const { chain, clock } = new ChainHarness([responder]);
    const play = question({ action: 'play' });
    await chain.decide(play);
    clock.ms += 4000;
    expect(await chain.decide(play)).toMatchObject({ grant: { ttlMs: 6000 } });
    clock.ms += 6000;
    expect(await chain.decide(play)).toMatchObject({ grant: { ttlMs: 10_000 } });
    expect(responder.seen.length).toBe(2);
  });

  it('was given under the present settings', async () => {
    let answer!: (reply: object) => void;
    const slow = new FakeResponder('slow', () => new Promise((resolve) => (answer = resolve as never)));
    const harness = new ChainHarness([slow]);
    const play = question({ action: 'play' });
    const asked = harness.chain.decide(play);
    harness.chain.reload({ ...harness.options, responders: [new FakeResponder('strict', DENY)] });
    expect(slow.isClosed).toBe(false);
    answer({ ...ALLOW, cacheMs: 60_000 });
    expect(codeOf(await asked)).toBe('allow');
    expect(codeOf(await harness.chain.decide(play))).toBe('ERR_AUTH_DENIED');
    await harness.chain.close();
    expect(slow.isClosed).toBe(true);
  });

  it('is for the transport over which it was asked', async () => {
    const responder = new FakeResponder('r', ({ transport }) => (transport === 'rtmp' ? DENY : ALLOW));
    const { chain } = new ChainHarness([responder]);
    const play = question({ action: 'play' });
    expect(codeOf(await chain.decide(play))).toBe('ERR_AUTH_DENIED');
    const facts = { ...play.facts, transport: 'http-flv' as never };
    expect(codeOf(await chain.decide({ ...play, facts }))).toBe('allow');
  });
});

describe('a ban that is set while the responders are asked', () => {
  it.each([
    ['address', '192.0.2.7'],
    ['key', FINGERPRINT('k1')],
    ['name', 'live/cam1'],
  ] as const)('on the %s holds against their answer', async (kind, value) => {
    let answer!: (reply: typeof ALLOW) => void;
    const slow = new FakeResponder('slow', () => new Promise((resolve) => (answer = resolve)));
    const { chain, bans, clock } = new ChainHarness([slow]);
    const verdict = chain.decide(question({ query: 'key=k1' }));
    await bans.add({ kind, value, untilMs: clock.wallMs() + 1000, reason: 'r', by: 'b' });
    answer(ALLOW);
    expect(codeOf(await verdict)).toBe('ERR_AUTH_BANNED');
  });
});
