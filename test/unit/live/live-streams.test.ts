import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { AAC, AVC, LiveStreamsHarness } from '../../support/live/live-streams-harness.js';

describe('a publish', () => {
  it('is accepted once its start is durable, and ended once, with its totals', async () => {
    const harness = new LiveStreamsHarness();
    let durable = (): void => {};
    harness.journal = () =>
      new Promise((resolve) => {
        durable = resolve;
      });
    const answer = harness.publish();
    await harness.settle();
    expect(harness.names).toEqual(['streamStarted']);
    expect(harness.registry.live).toBe(0);
    expect(harness.orders.map(({ kind }) => kind)).toEqual(['nameWon']);
    durable();
    const accepted = await answer;
    expect(accepted.accept).toBe(true);
    expect(harness.registry.live).toBe(1);
    if (!accepted.accept) return;
    accepted.run.carry({ payloadBytes: 200, wireBytes: 230, videoFrames: 1, audioFrames: 1 });
    accepted.run.end('client_unpublish');
    accepted.run.end('client_reset');
    expect(harness.count('streamEnded')).toBe(1);
    expect(harness.last('streamEnded')).toMatchObject({
      reason: 'client_unpublish',
      videoFrames: 1,
      audioFrames: 1,
      bytes: 200,
      payloadBytes: 200,
      wireBytes: 230,
      heldMs: 0,
    });
    expect(harness.registry.live).toBe(0);
  });

  it('tells so many events of its own data and no more', async () => {
    const harness = new LiveStreamsHarness();
    const run = await harness.run();
    for (let n = 0; n < 80; n++) run.data('onCuePoint', n, ['a']);
    expect(harness.count('streamData')).toBe(50);
    expect(harness.last('streamData')).toEqual({ handler: 'onCuePoint', timestamp: 49, values: ['a'] });
    expect(harness.registry.suppressedEvents).toBe(30);
    run.end('client_unpublish');
    expect(harness.registry.suppressedEvents).toBe(30);
  });

  it('tells new metadata with what was before, of a flood the newest, ten times at once and then once a second', async () => {
    const harness = new LiveStreamsHarness();
    const run = await harness.run();
    run.ready([{ ...AVC, declaredKbps: 1000 }]);
    let told = 1000;
    const metadata = (videoKbps: number): void => {
      run.change(
        { tracks: [{ ...AVC, declaredKbps: told }], metadata: { videoKbps: told } },
        { tracks: [{ ...AVC, declaredKbps: videoKbps }], metadata: { videoKbps, encoder: 'e' } },
      );
      told = videoKbps;
    };
    metadata(2000);
    expect(harness.last('streamUpdated')).toMatchObject({
      before: { metadata: { videoKbps: 1000 }, tracks: [{ declaredKbps: 1000 }] },
      after: { metadata: { videoKbps: 2000, encoder: 'e' }, tracks: [{ declaredKbps: 2000 }] },
    });
    for (let n = 1; n <= 100; n++) metadata(2000 + n);
    expect(harness.count('streamUpdated')).toBe(10);
    harness.pass(1000);
    expect(harness.count('streamUpdated')).toBe(11);
    expect(harness.last('streamUpdated')).toMatchObject({
      before: { metadata: { videoKbps: 2009 } },
      after: { metadata: { videoKbps: 2100 } },
    });
    for (let n = 1; n <= 20; n++) {
      metadata(3000 + n);
      harness.pass(50);
    }
    expect(harness.count('streamUpdated')).toBe(12);
    harness.pass(5000);
    expect(harness.count('streamUpdated')).toBe(12);
    expect(harness.last('streamUpdated')).toMatchObject({ after: { metadata: { videoKbps: 3020 } } });
    expect(harness.registry.suppressedEvents).toBe(0);
  });

  it('tells nothing of a change that was taken back before it could be told', async () => {
    const harness = new LiveStreamsHarness({ eventsPerSecondPerIp: 0 });
    const run = await harness.run();
    const before = { tracks: [AVC], metadata: {} };
    for (let n = 0; n < 10; n++) run.change(before, { tracks: [AVC], metadata: { videoKbps: n } });
    run.change(before, { tracks: [AVC], metadata: { encoder: 'e' } });
    run.change({ tracks: [AVC], metadata: { encoder: 'e' } }, before);
    harness.pass(1000);
    expect(harness.count('streamUpdated')).toBe(10);
  });

  it('tells a change of tracks without metadata that has not changed, and the other way round', async () => {
    const harness = new LiveStreamsHarness();
    const run = await harness.run();
    run.change({ tracks: [AVC], metadata: { encoder: 'e' } }, { tracks: [AVC, AAC], metadata: { encoder: 'e' } });
    expect(harness.last('streamUpdated')).toEqual({ before: { tracks: [AVC] }, after: { tracks: [AVC, AAC] } });
    run.change({ tracks: [AVC, AAC], metadata: { encoder: 'e' } }, { tracks: [AVC, AAC], metadata: { encoder: 'f' } });
    expect(harness.last('streamUpdated')).toEqual({
      before: { metadata: { encoder: 'e' } },
      after: { metadata: { encoder: 'f' } },
    });
  });

  it('shows its media in its snapshot, its telemetry and its totals, and tells once of jumps and of headers that were not kept', async () => {
    const harness = new LiveStreamsHarness();
    const run = await harness.run();
    run.ready([AVC]);
    for (let n = 1; n <= 6; n++) {
      run.carry({
        bytes: n * 125_000,
        payloadBytes: n * 120_000,
        videoFrames: n * 25,
        bytesOut: n * 250_000,
        drops: 1,
      });
      run.carry({ timestampJumps: 3, headersRefused: 1 });
      harness.pass(1000);
      run.sample();
    }
    const [stream] = harness.registry.streams();
    expect(stream).toMatchObject({
      state: 'ready',
      transport: 'rtmp',
      bytesIn: 750_000,
      bytesOut: 1_500_000,
      kbpsIn: 1000,
      tracks: [AVC],
    });
    const totals = { payloadBytes: 600_000, videoFrames: 125, drops: 1, timestampJumps: 3 };
    expect(harness.last('telemetry')).toMatchObject({ kbpsIn: 1000, kbpsOut: 2000, fps: 25, gopMs: 2000, totals });
    expect(harness.registry.totalsOf(run.streamId)).toMatchObject({ payloadBytes: 720_000 });
    expect(harness.warnings.filter((text) => text.includes('timestamps'))).toHaveLength(1);
    expect(harness.warnings.filter((text) => text.includes('ERR_LIMIT_HEADERS'))).toHaveLength(1);
    run.end('client_unpublish');
    expect(harness.last('streamEnded')).toMatchObject({ timestampJumps: 3, videoFrames: 150 });
  });

  it('tells of jumps with its end only when there were any', async () => {
    const harness = new LiveStreamsHarness();
    (await harness.run()).end('client_unpublish');
    expect(harness.last('streamEnded')).not.toHaveProperty('timestampJumps');
  });

  it('that fails inside us when its start is told is ended, and its name is free again', async () => {
    const harness = new LiveStreamsHarness();
    harness.play();
    harness.fault = 'streamActive';
    await expect(harness.publish()).rejects.toThrow('a defect');
    expect(harness.orders.at(-1)).toMatchObject({ kind: 'nameReleased' });
    expect(harness.last('streamEnded')).toMatchObject({ reason: 'protocol_error', detail: 'ERR_INTERNAL' });
    harness.fault = undefined;
    expect(await harness.publish()).toMatchObject({ accept: true });
  });

  it('that is over while its start is written ends for the reason that its connection gives', async () => {
    for (const reason of ['server_drain', 'kicked', 'limit', 'client_reset'] as const) {
      const harness = new LiveStreamsHarness();
      const answer = harness.publish();
      harness.withdraw(reason);
      expect(await answer).toMatchObject({ accept: false });
      expect(harness.last('streamEnded')).toMatchObject({ reason, bytes: 0 });
      expect(harness.orders.map(({ kind }) => kind)).toEqual(['nameWon', 'nameReleased']);
    }
  });

  it('is refused while another has the name, also one whose start is not durable yet', async () => {
    const harness = new LiveStreamsHarness();
    harness.journal = () => new Promise(() => {});
    void harness.publish();
    expect(await harness.publish()).toMatchObject({
      accept: false,
      status: 'NetStream.Publish.BadName',
      code: 'ERR_PUBLISH_BUSY',
    });
    expect(harness.last('streamRejected')).toMatchObject({ app: 'live', name: 'cam', code: 'ERR_PUBLISH_BUSY' });
    expect(harness.registry.publishes.rejectedBy.get('ERR_PUBLISH_BUSY')).toBe(1);
  });

  it('is refused when its start cannot be kept, and the name is free again', async () => {
    const harness = new LiveStreamsHarness();
    harness.journal = () => Promise.reject(new SluiceError('ERR_EVENTS_JOURNAL_FULL'));
    expect(await harness.publish()).toMatchObject({ accept: false, code: 'ERR_EVENTS_JOURNAL_FULL' });
    expect(harness.orders.at(-1)).toMatchObject({ kind: 'nameReleased' });
    expect(harness.count('streamEnded')).toBe(0);
    harness.journal = () => Promise.resolve();
    await harness.run();
    expect(harness.registry.live).toBe(1);
  });

  it('is refused under names that are not allowed, and nothing of it is started', async () => {
    const harness = new LiveStreamsHarness();
    for (const name of ['*', '>', 'a b', '../x', 'a//b', 'x\0y', 'x\r\ny', 'ü', 'n'.repeat(65)]) {
      expect(await harness.publish(name)).toMatchObject({ accept: false, code: 'ERR_NAME_INVALID' });
    }
    expect(harness.count('streamStarted')).toBe(0);
    expect(harness.orders).toEqual([]);
    expect(await harness.publish('n'.repeat(64))).toMatchObject({ accept: true });
  });

  it('is refused while the server shuts down, and when the memory for media is full', async () => {
    const harness = new LiveStreamsHarness();
    harness.closedFor = 'the server is shutting down';
    const shutDown = { code: 'ERR_SESSION_SHUTDOWN', description: 'ERR_SESSION_SHUTDOWN: the server is shutting down' };
    const status = 'NetConnection.Connect.AppShutdown';
    expect(await harness.publish()).toMatchObject({ accept: false, status, ...shutDown });
    expect(await harness.connect()).toMatchObject({ kind: 'connectRefused', refusal: { status, ...shutDown } });
    let play: unknown;
    harness.askPlay('cam', harness.facts(), (decision) => {
      play = decision;
    });
    expect(play).toMatchObject({ accept: false, status: 'NetStream.Play.Failed', ...shutDown });
    harness.closedFor = undefined;
    harness.isMemoryOver = true;
    expect(await harness.publish('two')).toMatchObject({ accept: false, code: 'ERR_LIMIT_MEMORY' });
  });

  it('tells a key as a fingerprint only, never the key', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 1000 });
    const run = await harness.run('cam', 'key=canary-secret');
    await harness.publish('cam', 'key=canary-secret');
    run.end('client_closed');
    harness.pass(2000);
    const text = JSON.stringify(harness.told);
    expect(text).not.toContain('canary');
    expect(text).toMatch(/"keyFingerprint":"[0-9a-f]{8}"/);
    expect(text).toContain('"urls":{"rtmp":"rtmp://192.0.2.1:1935/live/cam"}');
  });
});

describe('plays', () => {
  it('of a live stream start at once; the first makes it active, the last to leave idle', async () => {
    const harness = new LiveStreamsHarness();
    await harness.run();
    const [one, two] = [harness.play(), harness.play()];
    expect(harness.names.slice(1)).toEqual(['streamActive', 'playStarted', 'playStarted']);
    expect(harness.registry.streams()).toMatchObject([{ players: 2 }]);
    if (one.accept) one.run.end('client_closed', 5000, 2);
    expect(harness.last('playEnded')).toMatchObject({ reason: 'client_closed', bytes: 5000, drops: 2 });
    expect(harness.count('streamIdle')).toBe(0);
    if (two.accept) two.run.end('client_closed');
    if (two.accept) two.run.end('stalled');
    expect([harness.count('streamIdle'), harness.count('playEnded')]).toEqual([1, 2]);
  });

  it('that wait are told of when the stream starts, and end with it', async () => {
    const harness = new LiveStreamsHarness();
    const answer = harness.play();
    expect(answer).toMatchObject({ accept: true });
    expect(harness.names).toEqual(['want']);
    const run = await harness.run();
    expect(harness.count('playStarted')).toBe(1);
    run.end('client_unpublish');
    expect(harness.last('playEnded')).toMatchObject({ reason: 'stream_ended', bytes: 10 });
    expect(harness.orders.filter(({ kind }) => kind === 'endPlay')).toEqual([]);
    if (answer.accept) answer.run.end('client_closed');
    expect(harness.count('playEnded')).toBe(1);
  });

  it('that wait are not told of a publisher that has gone while its start was made durable', async () => {
    const harness = new LiveStreamsHarness();
    harness.play();
    const answer = harness.publish();
    harness.withdraw('client_closed');
    await answer;
    expect(harness.names).toEqual(['want', 'streamStarted', 'streamEnded']);
  });

  it('make their name wanted as long as somebody waits and nobody publishes it, told at each change only', async () => {
    const harness = new LiveStreamsHarness();
    const wants = (): unknown[] => harness.told.filter(([name]) => name === 'want').map(([, verb]) => verb);
    const [one, two] = [harness.play(), harness.play()];
    expect(harness.told).toEqual([
      [
        'want',
        'wanted',
        expect.objectContaining({ app: 'live', name: 'cam', urls: { rtmp: 'rtmp://192.0.2.1:1935/live/cam' } }),
      ],
    ]);
    const run = await harness.run();
    expect(wants()).toEqual(['wanted', 'unwanted']);
    run.end('client_unpublish');
    expect(wants()).toEqual(['wanted', 'unwanted', 'wanted']);
    if (one.accept) one.run.end('client_closed');
    expect(wants()).toHaveLength(3);
    if (two.accept) two.run.end('client_closed');
    expect(wants()).toEqual(['wanted', 'unwanted', 'wanted', 'unwanted']);
    harness.play('other');
    expect(harness.told.at(-1)).toEqual(['want', 'wanted', expect.objectContaining({ app: 'live', name: 'other' })]);
  });

  it('lose their publisher when another node has ended the stream: once told, and its connection closed', async () => {
    const harness = new LiveStreamsHarness({ resumeWindowMs: 5000 });
    const run = await harness.run();
    harness.registry.fence(['somebody-elses', run.streamId]);
    expect(harness.closed).toEqual(['node_lost']);
    run.end('client_closed');
    expect(harness.told.filter(([name]) => name === 'streamEnded')).toMatchObject([
      ['streamEnded', run.streamId, { reason: 'node_lost' }],
    ]);
  });

  it('are refused where nobody publishes, when players may not wait', async () => {
    const harness = new LiveStreamsHarness({ waitForPublisher: false });
    expect(harness.play()).toMatchObject({ accept: false, status: 'NetStream.Play.StreamNotFound' });
    await harness.run();
    expect(harness.play()).toMatchObject({ accept: true });
    expect(harness.play('a b')).toMatchObject({ accept: false, code: 'ERR_NAME_INVALID' });
  });

  it('that the stream ended before they were attached to it are ended, when players may not wait', async () => {
    const harness = new LiveStreamsHarness({ waitForPublisher: false });
    const run = await harness.run();
    const play = harness.play();
    harness.takePlays = () => [];
    run.end('client_unpublish');
    expect(harness.last('playEnded')).toMatchObject({ reason: 'stream_ended', bytes: 0 });
    expect(harness.orders.at(-1)).toEqual({ kind: 'endPlay', playId: play.accept ? play.run.playId : '' });
  });

  it('that wait can be let go, and those of a live stream stay', async () => {
    const harness = new LiveStreamsHarness();
    await harness.run('cam');
    harness.askPlay('cam');
    let waiting = '';
    harness.askPlay('none', harness.facts(), (decision) => {
      if (decision.accept) waiting = decision.run.playId;
    });
    expect(harness.registry.playing).toBe(2);
    harness.registry.endWaitingPlays();
    expect(harness.orders.filter(({ kind }) => kind === 'endPlay')).toEqual([{ kind: 'endPlay', playId: waiting }]);
  });

  it('may not wait any more once the options were changed so', () => {
    const harness = new LiveStreamsHarness();
    harness.registry.change({ ...harness.options, waitForPublisher: false });
    let play: unknown;
    harness.askPlay('cam', harness.facts(), (decision) => {
      play = decision;
    });
    expect(play).toMatchObject({ accept: false, code: 'ERR_PLAY_NOT_FOUND' });
  });

  it('are not begun for a client that has gone while its play waited for its turn', async () => {
    const harness = new LiveStreamsHarness();
    const facts = harness.facts();
    for (let n = 0; n < 16; n++) harness.play('cam', facts);
    let answer: unknown;
    harness.askPlay('cam', facts, (decision) => {
      answer = decision;
    });
    harness.withdraw('client_closed');
    const told = harness.told.length;
    harness.pass(5000);
    await harness.settle();
    expect(answer).toMatchObject({ accept: false, code: 'ERR_PEER_CLOSED' });
    expect(harness.told.length).toBe(told);
  });
});
