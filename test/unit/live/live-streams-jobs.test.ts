import { describe, expect, it } from 'vitest';
import { ADMIT_ALL, type Admission, type Question } from '../../../src/live/admission.js';
import type { IssuedTicket } from '../../../src/live/live-control.js';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

/** Denies every play, and keeps what it was asked and told. */
class DenyPlays implements Admission {
  readonly asked: Question[] = [];
  readonly guesses: string[] = [];
  readonly isNameKey = () => false;
  readonly isBanned = () => false;

  decide(question: Question) {
    if (question.action !== 'play') return ADMIT_ALL.decide(question);
    this.asked.push(question);
    return { decision: 'deny', code: 'ERR_AUTH_DENIED', message: '' } as const;
  }

  guessed(address: string, secret: string): void {
    this.guesses.push(`${address} ${secret}`);
  }
}

function issue(harness: LiveStreamsHarness, streamId: string, token: number, template = 'record'): IssuedTicket {
  const issued = harness.registry.jobs.issue({ streamId, template, token });
  if (typeof issued === 'string') throw new Error(issued);
  return issued;
}

const queryOf = ({ url }: IssuedTicket): string => url.slice(url.indexOf('?') + 1);

/** A harness with a stream `cam`. */
async function withStream(options: ConstructorParameters<typeof LiveStreamsHarness>[0] = {}) {
  const admission = new DenyPlays();
  const harness = new LiveStreamsHarness(options, admission);
  const run = await harness.run();
  const play = (ticket: IssuedTicket, name = 'cam') => harness.play(name, harness.facts(), queryOf(ticket));
  return { admission, harness, run, play, streamId: run.streamId };
}

describe('a ticket of a job', () => {
  it('has the address of the stream, and a time for the first play', async () => {
    const { harness, streamId } = await withStream();
    const { url, expiresAt } = issue(harness, streamId, 5);
    expect(url).toMatch(/^rtmp:\/\/192\.0\.2\.1:1935\/live\/cam\?jt=[\w-]+\.[\w-]{43}$/);
    expect(Date.parse(expiresAt)).toBe(1_700_000_000_000 + harness.nowMs + 60_000);
  });

  it('is not issued for a stream that is not there, and not for a run that came before', async () => {
    const { harness, streamId, run } = await withStream();
    const { jobs } = harness.registry;
    issue(harness, streamId, 5);
    expect(jobs.issue({ streamId, template: 'record', token: 4 })).toBe('fenced');
    run.end('client_unpublish');
    expect(jobs.issue({ streamId, template: 'record', token: 6 })).toBe('unknown');
  });

  it('is enough to play where admission denies every play, and again when it is asked anew', async () => {
    const { admission, harness, play, streamId } = await withStream();
    expect(harness.play()).toMatchObject({ accept: false, code: 'ERR_AUTH_DENIED' });
    const ticket = issue(harness, streamId, 5);
    expect(play(ticket)).toMatchObject({ accept: true });
    await harness.registry.commands.reauthoriseAll();
    expect(harness.orders.filter(({ kind }) => kind === 'stopPlay')).toEqual([]);
    expect(admission.asked).toHaveLength(1);
  });

  it('goes on when a ban is set on its address or its name', async () => {
    const { harness, play, streamId } = await withStream();
    play(issue(harness, streamId, 5));
    expect(harness.registry.commands.endMatching(({ name }) => name === 'cam', 'ERR_AUTH_BANNED', '')).toBe(1);
    expect(harness.orders.filter(({ kind }) => kind === 'stopPlay')).toEqual([]);
  });

  it('of a later run ends the plays of the one before at once, and only these', async () => {
    const { harness, play, streamId } = await withStream();
    const before = issue(harness, streamId, 5);
    const plays = [play(before), play(before)];
    const other = play(issue(harness, streamId, 1, 'thumbs'));
    expect([...plays, other].every(({ accept }) => accept)).toBe(true);
    issue(harness, streamId, 6);
    const stopped = harness.orders.filter((order) => order.kind === 'stopPlay');
    const told = { status: 'NetStream.Play.Failed', code: 'ERR_JOB_FENCED' };
    expect(stopped).toMatchObject(
      plays.map((each) => ({ playId: each.accept ? each.run.playId : '', reason: 'fenced', told })),
    );
    expect(stopped).toHaveLength(2);
    expect(play(before)).toMatchObject({ accept: false, code: 'ERR_JOB_FENCED' });
  });

  it('that nobody has used for a minute is over; one that was used is not', async () => {
    const { harness, play, streamId } = await withStream();
    const [unused, used] = [issue(harness, streamId, 5, 'unused'), issue(harness, streamId, 5, 'used')];
    expect(play(used)).toMatchObject({ accept: true });
    harness.pass(60_001);
    expect(play(unused)).toMatchObject({ accept: false, code: 'ERR_JOB_TICKET_EXPIRED' });
    expect(play(used)).toMatchObject({ accept: true });
  });

  it('that was forged is a wrong key, which counts as a guess; admission is not asked', async () => {
    const { admission, harness, play, streamId } = await withStream();
    const ticket = issue(harness, streamId, 5);
    const other = new LiveStreamsHarness();
    const { streamId: elsewhere } = await other.run();
    const query = queryOf(ticket);
    for (const forged of [`${query.slice(0, -1)}!`, 'jt=', `${query}&${query}`, `jt=${'x'.repeat(9000)}`]) {
      expect(harness.play('cam', harness.facts(), forged)).toMatchObject({
        ...{ accept: false, code: 'ERR_AUTH_CREDENTIALS' },
        description: expect.not.stringContaining(forged),
      });
    }
    expect(admission.guesses).toHaveLength(4);
    expect(admission.guesses[0]).toContain('192.0.2.1 ');
    expect(admission.asked).toEqual([]);
    // The same secret, and another node.
    expect(play(issue(other, elsewhere, 5))).toMatchObject({ accept: false, code: 'ERR_JOB_FENCED' });
    expect(admission.guesses).toHaveLength(4);
  });

  it('is for one stream: not for another name, and not for the stream that has the name next', async () => {
    const { harness, play, run, streamId } = await withStream();
    const ticket = issue(harness, streamId, 5);
    await harness.run('other');
    expect(play(ticket, 'other')).toMatchObject({ accept: false, code: 'ERR_JOB_FENCED' });
    expect(play(ticket, 'nobody')).toMatchObject({ accept: false, code: 'ERR_JOB_FENCED' });
    run.end('client_unpublish');
    await harness.run();
    expect(play(ticket)).toMatchObject({ accept: false, code: 'ERR_JOB_FENCED' });
  });

  it('leaves a parameter that is only similar to admission', async () => {
    const { admission, harness } = await withStream();
    harness.play('cam', harness.facts(), 'xjt=a.b');
    expect(admission.asked).toMatchObject([{ query: 'xjt=a.b' }]);
  });

  it('stands in no log line and no event', async () => {
    const { harness, play, run, streamId } = await withStream();
    const ticket = issue(harness, streamId, 5);
    const secret = queryOf(ticket).slice(3);
    play(ticket);
    play(ticket, 'other');
    harness.play('cam', harness.facts(), `jt=${secret}x`);
    issue(harness, streamId, 6);
    run.end('client_closed');
    const text = JSON.stringify([harness.told, harness.lines, harness.warnings, harness.orders]);
    expect(text).toContain('"job":{"template":"record","token":5}');
    for (const part of secret.split('.')) expect(text).not.toContain(part);
  });
});

describe('a play with a ticket', () => {
  it('is no audience: not counted, past no limit of players, and no reason to tell that there are any', async () => {
    const { harness, play, run, streamId } = await withStream();
    run.ready();
    harness.registry.commands.limit(streamId, { maxPlayers: 0 });
    const playing = play(issue(harness, streamId, 5));
    expect(playing).toMatchObject({ accept: true });
    expect(harness.registry.streams()).toMatchObject([{ players: 0 }]);
    if (playing.accept) playing.run.end('client_closed', 7, 1);
    harness.pass(5000);
    expect(harness.count('streamActive') + harness.count('streamIdle')).toBe(0);
    expect(harness.last('playEnded')).toMatchObject({ reason: 'client_closed', bytes: 7, drops: 1 });
  });

  it('is told with its job, also when its address has caused too many events, and shown with it', async () => {
    const { harness, play, streamId } = await withStream({ eventsPerSecondPerIp: 1 });
    const ticket = issue(harness, streamId, 5);
    for (let i = 0; i < 12; i++) play(ticket);
    expect(harness.count('playStarted')).toBe(12);
    expect(harness.last('playStarted')).toMatchObject({ job: { template: 'record', token: 5 } });
    expect(harness.registry.commands.plays()[0]).toMatchObject({ streamId, job: { template: 'record', token: 5 } });
    expect(harness.registry.commands.plays()[0]).not.toHaveProperty('principal');
  });

  it('ends with its stream, makes no name wanted, and is none of the next stream', async () => {
    const { harness, play, run, streamId } = await withStream({ waitForPublisher: true });
    const playing = play(issue(harness, streamId, 5));
    // The byte side had not attached it.
    harness.takePlays = () => [];
    run.end('client_unpublish');
    expect(harness.last('playEnded')).toMatchObject({ reason: 'stream_ended' });
    expect(harness.orders.at(-1)).toEqual({ kind: 'endPlay', playId: playing.accept ? playing.run.playId : '' });
    await harness.run();
    expect(harness.count('want')).toBe(0);
    expect(harness.count('playStarted')).toBe(1);
    if (playing.accept) playing.run.end('stream_ended');
    expect(harness.registry.playing).toBe(0);
    expect(harness.count('playEnded')).toBe(1);
  });

  it('goes on when the publisher comes back to its stream, and its ticket holds', async () => {
    const { harness, play, run, streamId } = await withStream({ resumeWindowMs: 5000 });
    const ticket = issue(harness, streamId, 5);
    play(ticket);
    run.end('client_closed');
    expect(play(ticket)).toMatchObject({ accept: true });
    const back = await harness.publish();
    expect(back).toMatchObject({ accept: true, run: { streamId } });
    expect(play(ticket)).toMatchObject({ accept: true });
    expect([harness.count('playStarted'), harness.count('playEnded')]).toEqual([3, 0]);
  });

  it('is refused as every other while the server takes nothing new', async () => {
    const { harness, play, streamId } = await withStream();
    const ticket = issue(harness, streamId, 5);
    harness.closedFor = 'it drains';
    expect(play(ticket)).toMatchObject({ accept: false, code: 'ERR_SESSION_SHUTDOWN' });
  });
});
