import { describe, expect, it } from 'vitest';
import { ADMIT_ALL, type Admission, type Question, type Verdict } from '../../../src/live/admission.js';
import type { Grant } from '../../../src/model/grant.js';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

/** A stream and a play of it. */
async function both(admission?: Admission) {
  const harness = new LiveStreamsHarness({}, admission);
  const run = await harness.run('cam', 'key=secret');
  harness.play('cam');
  const { playId } = harness.registry.commands.plays()[0]!;
  return { harness, run, playId, commands: harness.registry.commands };
}

const GRANT: Grant = { labels: {}, conflict: 'reject', limits: {} };

const denied = (code: 'ERR_AUTH_DENIED' | 'ERR_AUTH_UNAVAILABLE'): Verdict => ({
  ...{ decision: 'deny', code, message: 'out' },
});

/** As {@link both}, and everything may go on but where `verdicts` says something else, by action and name. */
async function renewing() {
  const asked: string[] = [];
  const verdicts = new Map<string, Verdict>();
  const decide = ({ action, name, reason, streamId, playId }: Question): Verdict => {
    if (reason === 'renew') asked.push(`${action} ${name} ${streamId ?? playId}`);
    const verdict = reason === 'renew' ? verdicts.get(`${action} ${name}`) : undefined;
    return verdict ?? { decision: 'allow', grant: GRANT };
  };
  return { ...(await both({ ...ADMIT_ALL, decide })), asked, verdicts };
}

describe('a command', () => {
  it('that asks for one stream is told what is measured of it, and what is wrong with it', async () => {
    const { harness, run, commands } = await both();
    harness.nowMs += 5000;
    run.sample();
    expect(commands.details(run.streamId)).toMatchObject({
      ...{ ...commands.stream(run.streamId), kbpsOut: 0, gopMs: 2000 },
      trouble: expect.stringMatching(/^it is no picture or sound yet, 5/),
    });
    expect(commands.details('nobody')).toBeUndefined();
  });

  it('that kicks a stream ends it, and is done when it is over', async () => {
    const { harness, run, commands } = await both();
    expect(await commands.kickStream(run.streamId, 'out')).toBe('done');
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'kicked' });
    expect(harness.orders.at(-1)).toMatchObject({
      ...{ kind: 'endStream', code: 'ERR_SESSION_KICKED', status: 'NetStream.Publish.Rejected' },
      description: 'ERR_SESSION_KICKED: out',
    });
    expect(await commands.kickStream(run.streamId, 'out')).toBe('unknown');
  });

  it('that revokes ends a stream with that reason', async () => {
    const { harness, run, commands } = await both();
    expect(await commands.revoke(run.streamId, '')).toBe('done');
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'auth_revoked' });
  });

  it('that kicks a play has its client told, and is done when it is over', async () => {
    const { harness, playId, commands } = await both();
    const kicked = commands.kickPlay(playId, 'out');
    expect(harness.orders.at(-1)).toMatchObject({ kind: 'stopPlay', playId, reason: 'kicked' });
    harness.report({ kind: 'playEnded', reason: 'kicked', counters: { playId, bytes: 1, drops: 0 } });
    expect(await kicked).toBe('done');
    expect(commands.plays()).toEqual([]);
    expect(await commands.kickPlay(playId, 'out')).toBe('unknown');
  });

  it('sets and removes labels, which are told once', async () => {
    const { harness, run, commands } = await both();
    expect(commands.label(run.streamId, { a: '1', b: '2' })).toEqual({ done: 'done', labels: { a: '1', b: '2' } });
    expect(commands.label(run.streamId, { a: '1' })).toMatchObject({ done: 'already' });
    expect(commands.label(run.streamId, { a: null })).toEqual({ done: 'done', labels: { b: '2' } });
    expect(harness.count('streamUpdated')).toBe(2);
    expect(harness.last('streamUpdated')).toEqual({
      ...{ before: { labels: { a: '1', b: '2' } }, after: { labels: { b: '2' } } },
    });
    expect(commands.stream(run.streamId)).toMatchObject({ labels: { b: '2' } });
    expect(commands.label('nobody', { a: '1' })).toEqual({ done: 'unknown', labels: {} });
  });

  it('replaces limits, and the byte side guards the codecs', async () => {
    const { harness, run, commands } = await both();
    expect(commands.limit(run.streamId, { codecs: ['avc1'] })).toBe('done');
    expect(harness.orders.at(-1)).toEqual({
      ...{ kind: 'limitStream', streamId: run.streamId, codecs: ['avc1'], isMetered: false },
    });
    expect(commands.limit(run.streamId, { codecs: ['avc1'] })).toBe('already');
    expect(commands.limit('nobody', {})).toBe('unknown');
    run.ready();
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'limit' });
  });

  it('has admission asked again about every stream and play, and ends those that it denies', async () => {
    const { harness, run, playId, commands, asked, verdicts } = await renewing();
    harness.play('later');
    const [, later] = commands.plays();
    verdicts.set('play cam', denied('ERR_AUTH_DENIED'));
    await commands.reauthoriseAll();
    expect(asked).toEqual([`publish cam ${run.streamId}`, `play cam ${playId}`, `play later ${later!.playId}`]);
    const told = { code: 'ERR_AUTH_REVOKED', description: 'ERR_AUTH_REVOKED: out' };
    expect(harness.orders.filter(({ kind }) => kind === 'stopPlay')).toMatchObject([{ playId, told }]);
    expect(run.isCurrent).toBe(true);
  });

  it('has admission asked again about a play until somebody answers, and then when its new time is nearly over', async () => {
    const { harness, playId, commands, asked, verdicts } = await renewing();
    verdicts.set('play cam', denied('ERR_AUTH_UNAVAILABLE'));
    await commands.reauthoriseAll();
    verdicts.set('play cam', { decision: 'allow', grant: { ...GRANT, ttlMs: 10_000 } });
    harness.pass(2000);
    await harness.settle();
    verdicts.set('play cam', denied('ERR_AUTH_DENIED'));
    harness.pass(10_000);
    await harness.settle();
    expect(asked.filter((what) => what.startsWith('play'))).toEqual(Array(3).fill(`play cam ${playId}`));
    expect(harness.orders.at(-1)).toMatchObject({ kind: 'stopPlay', playId });
  });

  it('ends what a ban names: streams and plays, by who, from where, and what', async () => {
    const { harness, run, playId, commands } = await both();
    expect(commands.endMatching(({ name }) => name === 'other', 'ERR_AUTH_BANNED', '')).toBe(0);
    // What a matcher gets is plain data, and it may take the rest of it.
    const isFrom = ({ app, ...who }: { app: string; address: string }) => app === 'live' && who.address === '192.0.2.1';
    expect(commands.endMatching(isFrom, 'ERR_AUTH_BANNED', 'spam')).toBe(2);
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'kicked' });
    expect(harness.orders.filter(({ kind }) => kind === 'stopPlay')).toMatchObject([{ playId }]);
    expect(run.isCurrent).toBe(false);
  });

  it('lists what is played, and what is waited for', async () => {
    const { harness, run, playId, commands } = await both();
    harness.play('later');
    expect(commands.plays()).toMatchObject([
      { playId, app: 'live', name: 'cam', streamId: run.streamId, peer: { address: '192.0.2.1' } },
      { name: 'later' },
    ]);
    const urls = { rtmp: 'rtmp://192.0.2.1:1935/live/later' };
    expect(commands.wants()).toEqual([{ app: 'live', name: 'later', players: 1, urls }]);
  });
});
