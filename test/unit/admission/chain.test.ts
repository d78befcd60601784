import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../../src/live/admission.js';
import { ChainHarness, FakeResponder, FINGERPRINT, question } from '../../support/admission/chain-harness.js';

const ALLOW = { decision: 'allow' } as const;
const DENY = { decision: 'deny' } as const;
const NEXT = { decision: 'next' } as const;
const DOWN = { decision: 'unavailable', why: 'it is down' } as const;
const codeOf = (verdict: Verdict) => (verdict.decision === 'deny' ? verdict.code : verdict.decision);
const never = () => new Promise<never>(() => {});

describe('the chain of responders', () => {
  it('takes the first answer that is not next, and asks nobody behind it', async () => {
    const first = new FakeResponder('first', NEXT);
    const second = new FakeResponder('second', async () => ({ ...ALLOW, principal: 'anna' }));
    const third = new FakeResponder('third', DENY);
    const harness = new ChainHarness([first, second, third]);
    const verdict = await harness.chain.decide(question());
    expect(verdict).toMatchObject({ decision: 'allow', grant: { principal: 'anna', conflict: 'resume' } });
    expect([first, second, third].map(({ seen }) => seen.length)).toEqual([1, 1, 0]);
    expect(harness.decided('publish', 'allow', 'second')).toBe(1);
    expect(harness.chain.stats.pending).toBe(0);
  });

  it('answers at once when every responder that is asked does', () => {
    const { chain } = new ChainHarness([new FakeResponder('a', NEXT), new FakeResponder('b', ALLOW)]);
    expect(chain.decide(question())).toMatchObject({ decision: 'allow' });
  });

  it('refuses what nobody decides, and lets connects through', async () => {
    const { chain } = new ChainHarness([new FakeResponder('a', NEXT), new FakeResponder('b', async () => NEXT)]);
    expect(codeOf(await chain.decide(question()))).toBe('ERR_AUTH_NO_RULE');
    expect(codeOf(await chain.decide(question({ action: 'play' })))).toBe('ERR_AUTH_NO_RULE');
    expect(codeOf(await chain.decide(question({ action: 'connect', name: '' })))).toBe('allow');
  });

  it('says that credentials are wrong when a responder that left it to the next has seen that', async () => {
    const rules = new FakeResponder('rules', { ...NEXT, error: 'ERR_AUTH_CREDENTIALS' });
    const { chain } = new ChainHarness([rules, new FakeResponder('other', async () => NEXT)]);
    expect(codeOf(await chain.decide(question()))).toBe('ERR_AUTH_CREDENTIALS');
  });

  it('accepts everything when nobody is asked about an action, with the limits of the settings', () => {
    const only = new FakeResponder('webhook', DENY);
    only.actions = ['publish'];
    const { chain } = new ChainHarness([only], { limits: { kbps: 5000 } });
    expect(chain.decide(question({ action: 'play' }))).toMatchObject({
      decision: 'allow',
      grant: { limits: { kbps: 5000 } },
    });
    expect(only.seen).toEqual([]);
  });

  it('tells the client what the responder says, and the event its own code', () => {
    const { chain } = new ChainHarness([new FakeResponder('r', { ...DENY, code: 'NOT_PAID', message: 'pay first' })]);
    const denial = { code: 'ERR_AUTH_DENIED', ownCode: 'NOT_PAID', message: 'pay first', responder: 'r' };
    expect(chain.decide(question())).toEqual({ decision: 'deny', ...denial });
  });

  it('redirects to hosts of auth.redirectHosts only', () => {
    const to = (redirectUrl: string) => {
      const responder = new FakeResponder('r', { decision: 'redirect', redirectUrl });
      return new ChainHarness([responder], { redirectHosts: ['b.example'] }).chain.decide(question()) as Verdict;
    };
    expect(to('rtmp://B.example:1936/live')).toMatchObject({ decision: 'redirect', url: 'rtmp://B.example:1936/live' });
    for (const url of ['rtmp://c.example/live', 'http://b.example/', 'rtmp://u:p@b.example/', 'rtmp://b.example/ x'])
      expect(codeOf(to(url))).toBe('ERR_AUTH_REPLY_INVALID');
  });
});

describe('a responder that cannot be asked', () => {
  it('decides against the client by default, and nobody behind it is asked', async () => {
    const behind = new FakeResponder('behind', ALLOW);
    const harness = new ChainHarness([new FakeResponder('webhook', async () => DOWN), behind]);
    expect(codeOf(await harness.chain.decide(question()))).toBe('ERR_AUTH_UNAVAILABLE');
    expect(behind.seen).toEqual([]);
    expect(harness.chain.stats.unavailable.get('webhook failed')?.count).toBe(1);
    expect(harness.lines.join()).toContain('it is down');
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('rtmp://user:CANARY@host');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('CANARY'))],
  ])('counts as such when it %s, and its words are not told', async (_, reply) => {
    const harness = new ChainHarness([new FakeResponder('r', reply)]);
    expect(codeOf(await harness.chain.decide(question()))).toBe('ERR_AUTH_UNAVAILABLE');
    expect(harness.lines.join()).not.toContain('CANARY');
  });

  it('lets those in for whom auth.onUnavailable says so, labelled, and asked again after 30 s', async () => {
    const onUnavailable = { connect: 'deny', publish: 'deny', play: 'allow' } as const;
    const harness = new ChainHarness([new FakeResponder('r', DOWN)], { onUnavailable, limits: { kbps: 100 } });
    expect(codeOf(await harness.chain.decide(question()))).toBe('ERR_AUTH_UNAVAILABLE');
    expect(await harness.chain.decide(question({ action: 'play' }))).toMatchObject({
      decision: 'allow',
      grant: { labels: { unauthenticated: 'true' }, isUnauthenticated: true, ttlMs: 30_000, limits: { kbps: 100 } },
    });
    expect(harness.chain.stats.unauthenticated).toBe(1);
  });

  it('keeps the principal of what runs when it is asked again', async () => {
    const onUnavailable = { connect: 'allow', publish: 'allow', play: 'allow' } as const;
    const { chain } = new ChainHarness([new FakeResponder('r', DOWN)], { onUnavailable });
    const previous = { principal: 'anna', decidedAtMs: 0 };
    const verdict = await chain.decide(question({ reason: 'renew', previous }));
    expect(verdict).toMatchObject({ decision: 'allow', grant: { principal: 'anna', isUnauthenticated: true } });
  });

  it('is given up when the time of the chain is over; its late answer is dropped and counted', async () => {
    let answer!: (reply: typeof ALLOW) => void;
    const slow = new FakeResponder('slow', () => new Promise((resolve) => (answer = resolve)));
    const harness = new ChainHarness([slow], { budgetMs: 20 });
    expect(codeOf(await harness.chain.decide(question()))).toBe('ERR_AUTH_UNAVAILABLE');
    expect(slow.seen[0]!.signal.aborted).toBe(true);
    answer(ALLOW);
    await new Promise(setImmediate);
    expect(harness.chain.stats.late.get('slow')).toBe(1);
    expect(harness.chain.stats.pending).toBe(0);
  });

  it('counts no answer as late that says only that there is none', async () => {
    let answer!: (reply: typeof DOWN) => void;
    const slow = new FakeResponder('slow', () => new Promise((resolve) => (answer = resolve)));
    const harness = new ChainHarness([slow], { budgetMs: 20 });
    await harness.chain.decide(question());
    answer(DOWN);
    await new Promise(setImmediate);
    expect(harness.chain.stats.late.size).toBe(0);
  });

  it('counts second and late replies to one question; that somebody answers twice is logged once a minute', () => {
    const responder = new FakeResponder('nats', ALLOW);
    const harness = new ChainHarness([responder]);
    for (let i = 0; i < 100; i++) {
      harness.chain.decide(question({ requestId: `r${i}`, name: `cam${i}`, query: 'key=CANARY' }));
      responder.seen[i]!.surplus('nats', 'second');
      responder.seen[i]!.surplus('nats', 'late');
    }
    const { second, late } = harness.chain.stats;
    expect([second.get('nats'), late.get('nats')]).toEqual([100, 100]);
    expect(harness.lines).toEqual([
      JSON.stringify([
        { code: 'ERR_AUTH_REPLY_INVALID', responder: 'nats', requestId: 'r0' },
        'a responder has answered twice; its first reply counts',
      ]),
    ]);
    harness.clock.ms += 60_000;
    responder.seen[0]!.surplus('nats', 'second');
    expect(harness.lines).toHaveLength(2);
  });

  it('does not make more than auth.maxPending questions wait', async () => {
    const harness = new ChainHarness([new FakeResponder('r', never)], { maxPending: 2, budgetMs: 50 });
    const asked = [1, 2, 3].map((i) => harness.chain.decide(question({ name: `cam${i}` })));
    expect(codeOf(await asked[2]!)).toBe('ERR_AUTH_OVERLOAD');
    expect(harness.chain.stats.pending).toBe(2);
    await Promise.all(asked);
    expect(harness.chain.stats.pending).toBe(0);
  });

  it('is not asked on behalf of a peer that has gone', async () => {
    const behind = new FakeResponder('behind', ALLOW);
    let isHere = true;
    const first = new FakeResponder('first', async () => {
      isHere = false;
      return NEXT;
    });
    const harness = new ChainHarness([first, behind]);
    expect(codeOf(await harness.chain.decide(question({ isWanted: () => isHere })))).toBe('ERR_PEER_CLOSED');
    expect(behind.seen).toEqual([]);
    expect(harness.chain.stats.decisions.size).toBe(0);
  });
});

describe('remembered answers', () => {
  it('repeat a refusal for auth.denyCacheMs to the same key, name and address only', async () => {
    const responder = new FakeResponder('r', DENY);
    const harness = new ChainHarness([responder]);
    const same = question({ query: 'key=wrong' });
    await harness.chain.decide(same);
    harness.clock.ms += 1999;
    expect(codeOf(await harness.chain.decide(same))).toBe('ERR_AUTH_DENIED');
    expect(responder.seen.length).toBe(1);
    expect(harness.chain.stats.cacheHits.deny).toBe(1);
    for (const other of [{ query: 'key=x' }, { name: 'cam2' }, { address: '192.0.2.8' }, { action: 'play' as const }])
      await harness.chain.decide(question({ query: 'key=wrong', ...other }));
    expect(responder.seen.length).toBe(5);
    harness.clock.ms += 1;
    await harness.chain.decide(same);
    expect(responder.seen.length).toBe(6);
  });

  it('do not stand in for a question about what runs', async () => {
    const responder = new FakeResponder('r', DENY);
    const { chain } = new ChainHarness([responder]);
    await chain.decide(question());
    await chain.decide(question({ reason: 'renew' }));
    expect(responder.seen.length).toBe(2);
  });

  it('keep what may be played for cacheMs, never what may be published', async () => {
    const responder = new FakeResponder('r', { ...ALLOW, cacheMs: 1000, principal: 'anna' });
    const harness = new ChainHarness([responder]);
    const play = question({ action: 'play', query: 'key=k' });
    for (let i = 0; i < 3; i++) expect(codeOf(await harness.chain.decide(play))).toBe('allow');
    expect([responder.seen.length, harness.chain.stats.cacheHits.allow]).toEqual([1, 2]);
    harness.clock.ms += 1000;
    await harness.chain.decide(play);
    expect(responder.seen.length).toBe(2);
    for (let i = 0; i < 2; i++) await harness.chain.decide(question());
    expect(responder.seen.length).toBe(4);
  });

  it('hold no principal that was banned since', async () => {
    const harness = new ChainHarness([new FakeResponder('r', { ...ALLOW, cacheMs: 60_000, principal: 'anna' })]);
    const play = question({ action: 'play' });
    await harness.chain.decide(play);
    await harness.bans.add({
      kind: 'principal',
      value: 'anna',
      untilMs: harness.clock.wallMs() + 1000,
      reason: '',
      by: 't',
    });
    expect(codeOf(await harness.chain.decide(play))).toBe('ERR_AUTH_BANNED');
  });
});

describe('bans', () => {
  const ban = (harness: ChainHarness, kind: 'address' | 'key' | 'name' | 'principal', value: string) =>
    harness.bans.add({ kind, value, untilMs: harness.clock.wallMs() + 1000, reason: 'because', by: 'test' });

  it.each([
    ['address', '192.0.2.0/24', 0],
    ['key', FINGERPRINT('k'), 0],
    ['name', 'live/cam1', 0],
    ['principal', 'anna', 1],
  ] as const)('on a %s refuse before anybody is asked, where that can be known', async (kind, value, asked) => {
    const responder = new FakeResponder('r', { ...ALLOW, principal: 'anna' });
    const harness = new ChainHarness([responder]);
    await ban(harness, kind, value);
    expect(codeOf(await harness.chain.decide(question({ query: 'key=k' })))).toBe('ERR_AUTH_BANNED');
    expect(responder.seen.length).toBe(asked);
    harness.clock.ms += 1000;
    expect(codeOf(await harness.chain.decide(question({ query: 'key=k' })))).toBe('allow');
  });

  it('hold without any responder, and on connects', async () => {
    const harness = new ChainHarness([]);
    await ban(harness, 'address', '192.0.2.7');
    expect(codeOf(await harness.chain.decide(question()))).toBe('ERR_AUTH_BANNED');
    expect(codeOf(await harness.chain.decide(question({ action: 'connect', name: '' })))).toBe('ERR_AUTH_BANNED');
  });

  it('cannot be passed by a key in a query that is too long to be asked about', async () => {
    const harness = new ChainHarness([]);
    await ban(harness, 'key', FINGERPRINT('k'));
    const long = question({ query: `key=k&pad=${'x'.repeat(5000)}` });
    expect(codeOf(await harness.chain.decide(long))).toBe('ERR_AUTH_BANNED');
  });

  it('come for a minute upon ten different wrong keys from one address, but not from loopback', async () => {
    const harness = new ChainHarness([new FakeResponder('r', DENY)]);
    const tryKey = async (key: number, address: string) =>
      codeOf(await harness.chain.decide(question({ query: `key=wrong-${key}`, address })));
    for (let i = 0; i < 100; i++) {
      await tryKey(i % 9, '192.0.2.7');
      await tryKey(i, '127.0.0.1');
    }
    expect(await tryKey(9, '192.0.2.7')).toBe('ERR_AUTH_DENIED');
    expect(await tryKey(1, '192.0.2.7')).toBe('ERR_AUTH_BANNED');
    expect(await tryKey(1, '127.0.0.1')).not.toBe('ERR_AUTH_BANNED');
    expect(harness.chain.stats.guessingBans).toBe(1);
    harness.clock.ms += 60_000;
    expect(await tryKey(1, '192.0.2.7')).toBe('ERR_AUTH_DENIED');
  });
});

describe('names that are keys', () => {
  const nameIsKey = ['live'];

  it('need an alias for a publish, and play by alias', async () => {
    const responder = new FakeResponder('r', ALLOW);
    const { chain } = new ChainHarness([responder], { nameIsKey });
    expect(codeOf(await chain.decide(question({ name: 'sk_1234567' })))).toBe('ERR_AUTH_ALIAS_MISSING');
    expect(codeOf(await chain.decide(question({ action: 'play', name: 'anna' })))).toBe('allow');
    responder.reply = () => ({ ...ALLOW, name: 'anna' });
    expect(await chain.decide(question({ name: 'sk_1234567' }))).toMatchObject({
      decision: 'allow',
      grant: { name: 'anna', principal: `key:${FINGERPRINT('sk_1234567')}`, conflict: 'reject' },
    });
    expect([chain.isNameKey('live'), chain.isNameKey('other')]).toEqual([true, false]);
  });

  it('are refused when nobody is there to name an alias, and when nobody can be asked', async () => {
    const onUnavailable = { connect: 'allow', publish: 'allow', play: 'allow' } as const;
    const open = new ChainHarness([], { nameIsKey }).chain.decide(question());
    expect(codeOf(await open)).toBe('ERR_AUTH_NO_RULE');
    const { chain } = new ChainHarness([new FakeResponder('r', DOWN)], { nameIsKey, onUnavailable });
    expect(codeOf(await chain.decide(question()))).toBe('ERR_AUTH_UNAVAILABLE');
  });

  it('never stand in the alias, the principal or the labels', async () => {
    const name = 'sk_1234567';
    for (const said of [{ name: `x-${name}` }, { principal: name }, { labels: { key: name } }, { message: name }]) {
      const harness = new ChainHarness([new FakeResponder('r', { ...ALLOW, name: 'anna', ...said })], { nameIsKey });
      expect(codeOf(await harness.chain.decide(question({ name })))).toBe('ERR_AUTH_REPLY_INVALID');
      expect(harness.lines.join()).not.toContain(name);
    }
  });
});

describe('what a request may be', () => {
  it.each([
    ['32 parameters', Array.from({ length: 32 }, (_, i) => `a${i}=1`).join('&'), 'allow'],
    ['33 parameters', Array.from({ length: 33 }, (_, i) => `a${i}=1`).join('&'), 'ERR_AUTH_REQUEST_TOO_LARGE'],
    ['4096 bytes of query', `a=${'x'.repeat(4094)}`, 'allow'],
    ['4097 bytes of query', `a=${'x'.repeat(4095)}`, 'ERR_AUTH_REQUEST_TOO_LARGE'],
    ['8 KiB as JSON', `a=${'"'.repeat(4000)}`, 'ERR_AUTH_REQUEST_TOO_LARGE'],
  ])('%s', async (_, query, expected) => {
    const { chain } = new ChainHarness([new FakeResponder('r', ALLOW)]);
    expect(codeOf(await chain.decide(question({ query })))).toBe(expected);
  });
});

describe('replies that cannot be used', () => {
  it('are a refusal with one line that names responder, request, member and what was expected', async () => {
    const invalid = { decision: 'invalid', pointer: '/ttlMs', expected: 'a number' } as const;
    const harness = new ChainHarness([new FakeResponder('webhook', async () => invalid)]);
    expect(codeOf(await harness.chain.decide(question()))).toBe('ERR_AUTH_REPLY_INVALID');
    expect(harness.lines.length).toBe(1);
    for (const part of ['webhook', '01ARZ3NDEKTSV4RRFFQ69G5FAV', '/ttlMs', 'a number'])
      expect(harness.lines[0]).toContain(part);
    expect(harness.chain.stats.invalid.get('webhook')).toBe(1);
  });

  it.each(['../x', '*', 'x'.repeat(10_240), 'a b', ''])('an alias that is no name: %s', async (name) => {
    const { chain } = new ChainHarness([new FakeResponder('r', { ...ALLOW, name })]);
    expect(codeOf(await chain.decide(question()))).toBe('ERR_AUTH_REPLY_INVALID');
  });

  it('unknown members are counted and otherwise ignored', async () => {
    const { chain } = new ChainHarness([new FakeResponder('r', { ...ALLOW, unknownMembers: 3 })]);
    expect(codeOf(await chain.decide(question()))).toBe('allow');
    expect(chain.stats.unknownMembers).toBe(3);
  });
});

describe('a change of the settings', () => {
  it('puts other responders in place at once, forgets answers, and closes those that are gone', async () => {
    const before = new FakeResponder('before', DENY);
    const stays = new FakeResponder('stays', NEXT);
    const harness = new ChainHarness([stays, before]);
    await harness.chain.decide(question());
    harness.chain.reload({ ...harness.options, responders: [stays, new FakeResponder('after', ALLOW)] });
    expect(codeOf(await harness.chain.decide(question()))).toBe('allow');
    expect([before.isClosed, stays.isClosed]).toEqual([true, false]);
    await harness.chain.close();
    expect(stays.isClosed).toBe(true);
  });
});
