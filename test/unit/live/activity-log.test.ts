import { describe, expect, it } from 'vitest';
import type { ConnectionInfo } from '../../../src/model/connection-info.js';
import { AAC, AVC, LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

const OBS: ConnectionInfo = {
  ...{ app: 'live', tcUrl: '', flashVer: 'FMLE/3.0', swfUrl: '', pageUrl: '' },
  ...{ objectEncoding: 0, isEnhanced: false, capsEx: 0 },
};

describe('the lines of a terminal', () => {
  it('tell the life of a stream and of its player, a line each, with peers and codecs and without ids', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 5000 });
    const waiting = harness.play('cam', harness.facts('198.51.100.9'));
    const facts = { ...harness.facts(), info: OBS };
    const run = await harness.run('cam', '', facts);
    run.ready();
    run.carry({ bytes: 4000 });
    harness.pass(2000);
    run.end('client_reset');
    harness.pass(1000);
    const again = await harness.run();
    if (waiting.accept) waiting.run.end('client_stopped');
    again.end('client_unpublish');
    expect(harness.lines).toEqual([
      'play waits: nobody publishes this  live/cam  from 198.51.100.9',
      'stream started    live/cam  from 192.0.2.1 (FMLE/3.0)',
      'play started      live/cam  from 198.51.100.9',
      'stream ready      live/cam  h264 320x240 + aac, from 192.0.2.1 (FMLE/3.0)',
      'stream held for its publisher to come back  live/cam  client_reset, for 5.0 s, from 192.0.2.1',
      'stream resumed    live/cam  from 192.0.2.1',
      expect.stringMatching(/^play ended {8}live\/cam {2}client_stopped, \d+ B, from 198\.51\.100\.9$/),
      expect.stringMatching(
        /^stream ended {6}live\/cam {2}h264 320x240 \+ aac, client_unpublish, [\d.]+ k?B, from 192\.0\.2\.1$/,
      ),
    ]);
  });

  it.each([
    [{ fps: 29.97, declaredFps: 60 }, { sampleRate: 44_100 }, 'h264 320x240@29.97 + aac 44.1k'],
    [{ declaredFps: 30 }, { sampleRate: 48_000 }, 'h264 320x240@30 + aac 48k'],
    [{ fps: 14.985014 }, {}, 'h264 320x240@14.99 + aac'],
  ])('tell the rates of a stream that is ready, measured before claimed: %j %j', async (video, audio, words) => {
    const harness = new LiveStreamsHarness();
    const run = await harness.run('cam', '', { ...harness.facts(), info: OBS });
    run.ready(
      [
        { ...AVC, ...video },
        { ...AAC, ...audio },
      ],
      [],
      'obs-output module (libobs version 30.2.0)',
    );
    expect(harness.lines.at(-1)).toBe(`stream ready      live/cam  ${words}, from 192.0.2.1 (OBS 30.2)`);
  });

  it('tell each track of a stream that has several, and a codec alone while nothing else is known', async () => {
    const harness = new LiveStreamsHarness();
    const run = await harness.run();
    const small = { ...AVC, id: 1, codec: 'hvc1.1.6.L93.B0', width: 160, height: 120, fps: 15 };
    run.ready([{ ...AVC, fps: 30 }, small, { id: 0, kind: 'audio', codec: 'speex' }], [], undefined);
    expect(harness.lines.at(-1)).toBe(
      'stream ready      live/cam  h264 320x240@30 + hevc 160x120@15 + speex, from 192.0.2.1',
    );
  });

  it('tell a stall and that it is over, and a play that is refused', async () => {
    const harness = new LiveStreamsHarness({ waitForPublisher: false });
    const run = await harness.run();
    run.tracks = [AVC];
    const track = { kind: 'video', trackId: 0 } as const;
    run.health({ verb: 'stalled', ...track, gapMs: 3000, cause: 'no_media' });
    run.health({ verb: 'recovered', ...track, gapMs: 5000 });
    harness.play('nobody', harness.facts('198.51.100.9'));
    expect(harness.lines.slice(1)).toEqual([
      'stream stalled    live/cam  video, gap 3.0 s, from 192.0.2.1',
      'stream recovered  live/cam  video, gap 5.0 s, from 192.0.2.1',
      'play refused      live/nobody  nobody publishes under this name (ERR_PLAY_NOT_FOUND), from 198.51.100.9',
    ]);
  });
});

describe('lines about plays', () => {
  const plays = (harness: LiveStreamsHarness, address: string, times: number): void => {
    for (let n = 0; n < times; n++) {
      const answer = harness.play('cam', harness.facts(address));
      if (answer.accept) answer.run.end('client_stopped');
    }
  };

  it('are twenty at once and one in four seconds for an address, begin and end counted', async () => {
    const harness = new LiveStreamsHarness({ playsPerSecondPerIp: 0 });
    await harness.run();
    const told = (): string[] => harness.lines.filter((line) => line.startsWith('play '));
    plays(harness, '198.51.100.9', 100);
    expect(told()).toHaveLength(20);
    for (let second = 0; second < 60; second++) {
      harness.pass(1000);
      plays(harness, '198.51.100.9', 20);
    }
    expect(told()).toHaveLength(35);
    harness.pass(1000);
    plays(harness, '203.0.113.1', 1);
    expect(told().at(-2)).toMatch(/^play started {6}live\/cam {2}lines kept back \d+, from 203\.0\.113\.1$/);
    expect(told().at(-1)).toMatch(/^play ended {8}live\/cam {2}client_stopped, 0 B, from 203\.0\.113\.1$/);
  });

  it('are twenty a second for all addresses together, and cost the lines about streams nothing', async () => {
    const harness = new LiveStreamsHarness();
    await harness.run();
    for (let n = 0; n < 500; n++) plays(harness, `198.51.100.${n % 250}`, 1);
    expect(harness.lines.filter((line) => line.startsWith('play '))).toHaveLength(20);
    await harness.run('other');
    expect(harness.lines.at(-1)).toMatch(/^stream started {4}live\/other/);
  });
});
