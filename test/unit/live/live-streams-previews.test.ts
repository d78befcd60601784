import { describe, expect, it } from 'vitest';
import type { ConnectionFacts } from '../../../src/live/access.js';
import { ADMIT_ALL, type Admission, type Question } from '../../../src/live/admission.js';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

/** Denies every connect and every play, and keeps what it was asked. */
class DenyViewers implements Admission {
  readonly asked: Question[] = [];
  readonly isNameKey = () => false;
  readonly isBanned = () => false;
  readonly guessed = () => {};

  decide(question: Question) {
    if (question.action === 'publish') return ADMIT_ALL.decide(question);
    this.asked.push(question);
    return { decision: 'deny', code: 'ERR_AUTH_DENIED', message: '' } as const;
  }
}

async function withStream() {
  const admission = new DenyViewers();
  const harness = new LiveStreamsHarness({}, admission);
  const run = await harness.run();
  const browser = (transport: ConnectionFacts['transport'] = 'ws-flv'): ConnectionFacts => ({
    ...harness.facts(),
    transport,
    info: {
      ...{ app: 'live', tcUrl: '', flashVer: 'Mozilla/5.0', swfUrl: '', pageUrl: '' },
      ...{ objectEncoding: 0, isEnhanced: true, capsEx: 0 },
    },
  });
  const ticket = () => harness.registry.jobs.previews.issue(run.streamId, 'ops');
  const play = (text: string, name = 'cam') => harness.play(name, browser(), `pv=${text}`);
  return { admission, harness, run, browser, ticket, play };
}

describe('a preview', () => {
  it('plays once where admission denies everybody, and is known as a preview', async () => {
    const { admission, harness, play, ticket } = await withStream();
    expect(harness.play()).toMatchObject({ accept: false, code: 'ERR_AUTH_DENIED' });
    const text = ticket();
    expect(play(text)).toMatchObject({ accept: true });
    expect(play(text)).toMatchObject({ accept: false, code: 'ERR_PREVIEW_EXPIRED' });
    expect(harness.registry.commands.plays()).toMatchObject([{ client: 'preview', name: 'cam' }]);
    expect(harness.last('playStarted')).toMatchObject({ client: 'preview' });
    await harness.registry.commands.reauthoriseAll();
    expect(admission.asked).toHaveLength(1);
    expect(harness.lines.join() + harness.warnings.join()).not.toContain(text);
  });

  it('is one over HTTP alone: of others, and of what is no ticket, admission is asked', async () => {
    const { admission, harness, browser, play, ticket } = await withStream();
    const text = ticket();
    const refused = { accept: false, code: 'ERR_AUTH_DENIED' };
    expect(harness.play('cam', browser('rtmp'), `pv=${text}`)).toMatchObject(refused);
    expect(play('2&key=of-a-viewer')).toMatchObject(refused);
    expect(admission.asked.map(({ query }) => query)).toEqual([`pv=${text}`, 'pv=2&key=of-a-viewer']);
    expect(play(text)).toMatchObject({ accept: true });
  });

  it('is one of the audience, and no node', async () => {
    const { harness, play, ticket } = await withStream();
    const played = play(ticket());
    expect(harness.registry.streams()).toMatchObject([{ players: 1 }]);
    expect(harness.registry.relaysServed).toBe(0);
    if (played.accept) played.run.end('client_closed');
    expect(harness.registry.streams()).toMatchObject([{ players: 0 }]);
  });

  it('is of its stream alone, and ends with it', async () => {
    const { harness, run, browser, play, ticket } = await withStream();
    await harness.run('other');
    expect(play(ticket(), 'other')).toMatchObject({ accept: false, code: 'ERR_PLAY_NOT_FOUND' });
    const [used, late] = [ticket(), ticket()];
    const answer = await harness.asks('play', { query: `pv=${used}` }, browser());
    expect(answer).toMatchObject({ kind: 'playAccepted', endsWithStream: true });
    run.end('client_unpublish');
    await harness.run();
    expect(play(late)).toMatchObject({ accept: false, code: 'ERR_PLAY_NOT_FOUND' });
  });

  it('keeps to the limit of players', async () => {
    const { harness, run, play, ticket } = await withStream();
    harness.registry.commands.limit(run.streamId, { maxPlayers: 1 });
    expect(play(ticket())).toMatchObject({ accept: true });
    expect(play(ticket())).toMatchObject({ accept: false, code: 'ERR_LIMIT_PLAYERS' });
  });

  it('lets its connection in over HTTP while it holds, and admission never sees it', async () => {
    const { admission, harness, browser, ticket } = await withStream();
    const text = ticket();
    const connect = (query: string, facts = browser()) => harness.connect(facts, undefined, query);
    expect(await connect(`pv=${text}`)).toMatchObject({ kind: 'connectAccepted' });
    expect(await connect(`pv=${text}`, browser('rtmp'))).toMatchObject({ kind: 'connectRefused' });
    harness.pass(31_000);
    expect(await connect(`pv=${text}`)).toMatchObject({ kind: 'connectRefused' });
    expect(admission.asked.map(({ query }) => query)).toEqual([`pv=${text}`, '']);
  });
});
