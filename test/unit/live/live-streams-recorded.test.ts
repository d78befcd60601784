import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { ADMIT_ALL, type Admission, PLAIN_GRANT } from '../../../src/live/admission.js';
import type { FileName, RecordedNames } from '../../../src/live/recorded-names.js';
import { LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

const FOUND = { file: 'live/cam.flv', durationMs: 9500 };

/** Files that are there, by name; what is looked for is noted. */
class Files implements RecordedNames {
  readonly looked: FileName[] = [];
  answer: () => Promise<typeof FOUND | undefined> = () => Promise.resolve(FOUND);

  find(of: FileName): Promise<typeof FOUND | undefined> {
    this.looked.push(of);
    return this.answer();
  }
}

function harnessOf(admission?: Admission) {
  const files = new Files();
  return { files, live: new LiveStreamsHarness({ waitForPublisher: false }, admission, files) };
}

const DENIES: Admission = { ...ADMIT_ALL, decide: () => ({ decision: 'deny', code: 'ERR_AUTH_DENIED', message: '' }) };

describe('a play that may be of a file', () => {
  it('is of what is live, where anything will do and something is', async () => {
    const { live, files } = harnessOf();
    await live.run('cam');
    expect(await live.asks('play', { start: -2 })).not.toHaveProperty('file');
    expect(await live.asks('play', { start: -1 })).not.toHaveProperty('file');
    expect(files.looked).toEqual([]);
    expect(await live.asks('play', { start: 0 })).toMatchObject({ kind: 'playAccepted', file: FOUND.file });
  });

  it('is of the file where nothing is live, and says what it looks for', async () => {
    const { live, files } = harnessOf();
    expect(await live.asks('play', { start: -2, container: 'mp4' })).toMatchObject({ file: FOUND.file });
    expect(files.looked).toEqual([{ app: 'live', name: 'cam', container: 'mp4' }]);
    expect(await live.asks('play', { start: -1 })).toMatchObject({ kind: 'playRefused' });
  });

  it('is of what is live, or refused, where there is no file', async () => {
    const { live, files } = harnessOf();
    files.answer = () => Promise.resolve(undefined);
    const refusal = { code: 'ERR_PLAY_NOT_FOUND', status: 'NetStream.Play.StreamNotFound' };
    expect(await live.asks('play', { start: 0 })).toMatchObject({ kind: 'playRefused', refusal });
    await live.run('cam');
    expect(await live.asks('play', { start: 0 })).toMatchObject({ kind: 'playAccepted' });
  });

  it('is refused with the code that says why the file cannot be played', async () => {
    const { live, files } = harnessOf();
    files.answer = () => Promise.reject(new SluiceError('ERR_MP4_FRAGMENTED'));
    expect(await live.asks('play', {})).toMatchObject({
      refusal: { code: 'ERR_MP4_FRAGMENTED', status: 'NetStream.Play.Failed' },
    });
    expect(live.registry.playsRejectedBy.get('ERR_MP4_FRAGMENTED')).toBe(1);
  });

  it('is looked for by nobody who may not play', async () => {
    const { live, files } = harnessOf(DENIES);
    expect(await live.asks('play', {})).toMatchObject({ refusal: { code: 'ERR_AUTH_DENIED' } });
    expect(files.looked).toEqual([]);
  });

  it('is of the file of the name that the grant says', async () => {
    const grant = { ...PLAIN_GRANT, name: 'alias' };
    const { live, files } = harnessOf({ ...ADMIT_ALL, decide: () => ({ decision: 'allow', grant }) });
    await live.asks('play', {});
    expect(files.looked).toEqual([{ app: 'live', name: 'alias' }]);
  });

  it('is refused when its client has gone, or the server stops, while the file was looked for', async () => {
    const { live, files } = harnessOf();
    let found = (_: typeof FOUND): void => {};
    files.answer = () =>
      new Promise((resolve) => {
        found = resolve;
      });
    const gone = live.asks('play', {});
    live.withdraw('client_closed');
    found(FOUND);
    expect(await gone).toMatchObject({ refusal: { code: 'ERR_PEER_CLOSED' } });
    const late = live.asks('play', {});
    live.closedFor = 'it drains';
    found(FOUND);
    expect(await late).toMatchObject({ refusal: { code: 'ERR_SESSION_SHUTDOWN' } });
  });
});

describe('a play of a file', () => {
  it('is counted and listed, and belongs to no stream of its name', async () => {
    const { live } = harnessOf();
    const answer = await live.asks('play', { start: 0 });
    const { playId } = answer as { playId: string };
    expect(live.registry.playing).toBe(1);
    expect(live.registry.commands.wants()).toEqual([]);
    await live.run('cam');
    expect(live.registry.streams()[0]).toMatchObject({ players: 0 });
    expect(live.registry.commands.plays()).toEqual([expect.not.objectContaining({ streamId: expect.anything() })]);
    live.registry.endWaitingPlays();
    expect(live.orders.filter(({ kind }) => kind === 'endPlay')).toEqual([]);
    live.report({ kind: 'playEnded', reason: 'stream_ended', counters: { playId, bytes: 5, drops: 0 } });
    expect(live.registry.playing).toBe(0);
    expect(live.lines.filter((line) => line.includes('play '))).toEqual([
      expect.stringMatching(/play started.*live\/cam\.flv/),
      expect.stringMatching(/play ended.*live\/cam\.flv/),
    ]);
  });

  it('can be ended by an operator', async () => {
    const { live } = harnessOf();
    const { playId } = (await live.asks('play', { start: 0 })) as { playId: string };
    void live.registry.commands.kickPlay(playId, 'out');
    expect(live.orders).toEqual([expect.objectContaining({ kind: 'stopPlay', playId, reason: 'kicked' })]);
  });
});

describe('the length of a file', () => {
  it('is told in seconds to those who may play it', async () => {
    expect(await harnessOf().live.asks('length', {})).toMatchObject({ kind: 'lengthAnswered', seconds: 9.5 });
    expect(await harnessOf(DENIES).live.asks('length', {})).toMatchObject({ seconds: 0 });
  });

  it('is 0 for what is live, is not there, cannot be played, or has no name', async () => {
    const { live, files } = harnessOf();
    expect(await live.asks('length', { name: 'a b' })).toMatchObject({ seconds: 0 });
    await live.run('cam');
    expect(await live.asks('length', {})).toMatchObject({ seconds: 0 });
    expect(files.looked).toEqual([]);
    files.answer = () => Promise.reject(new SluiceError('ERR_MP4_CODEC'));
    expect(await live.asks('length', { name: 'other' })).toMatchObject({ seconds: 0 });
    expect(await new LiveStreamsHarness().asks('length', {})).toMatchObject({ seconds: 0 });
  });

  it('is not asked of admission for a file that is not there', async () => {
    let asked = 0;
    const { live, files } = harnessOf({
      ...ADMIT_ALL,
      decide: () => {
        asked++;
        return { decision: 'allow', grant: PLAIN_GRANT };
      },
    });
    files.answer = () => Promise.resolve(undefined);
    expect(await live.asks('length', {})).toMatchObject({ seconds: 0 });
    expect(asked).toBe(0);
  });
});
