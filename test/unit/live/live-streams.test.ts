import { describe, expect, it } from 'vitest';
import { SluiceError } from '../../../src/core/errors.js';
import { ChunkCodec } from '../../../src/wasm/chunk-codec.js';
import { batch, message } from '../../support/hub/media.js';
import { AAC, AVC } from './support/headers.js';
import { data, Office } from './support/live-streams-harness.js';

describe('a publish', () => {
  it('is accepted once its start is durable, and ended once, with its totals', async () => {
    const office = new Office();
    let durable = (): void => {};
    office.journal = () =>
      new Promise((resolve) => {
        durable = resolve;
      });
    const answer = office.publish();
    expect(office.names).toEqual(['streamStarted']);
    expect(office.hub.isLive('live', 'cam')).toBe(false);
    durable();
    const accepted = await answer;
    expect(accepted.accept).toBe(true);
    expect(office.hub.isLive('live', 'cam')).toBe(true);
    if (!accepted.accept) return;
    accepted.run.publication.append(batch(message('key', 1), message('audio', 2)), office.nowMs);
    accepted.run.end('client_unpublish');
    accepted.run.end('client_reset');
    expect(office.count('streamEnded')).toBe(1);
    expect(office.last('streamEnded')).toMatchObject({
      reason: 'client_unpublish',
      videoFrames: 1,
      audioFrames: 1,
      bytes: accepted.run.publication.payloadBytes,
      payloadBytes: accepted.run.publication.payloadBytes,
      wireBytes: 0,
      heldMs: 0,
    });
    expect(office.registry.live).toBe(0);
    expect(office.hub.isLive('live', 'cam')).toBe(false);
  });

  it('tells so many events of its own data and no more, while players get all of it', async () => {
    const office = new Office();
    const run = await office.run();
    const { head } = run.publication.log;
    for (let n = 0; n < 80; n++) run.data(data('onCuePoint', Buffer.from([2, 0, 1, 0x61]), n, ['a']));
    expect(office.count('streamData')).toBe(50);
    expect(office.registry.suppressedEvents).toBe(30);
    expect(run.publication.log.head - head).toBe(80 * 16);
    run.end('client_unpublish');
    expect(office.registry.suppressedEvents).toBe(30);
  });

  it('tells new metadata with what was before, of a flood the newest, ten times at once and then once a second', async () => {
    const office = new Office();
    const run = await office.run();
    const metadata = (videodatarate: number): void =>
      run.data(data('onMetaData', Buffer.from([2, 0, 1, videodatarate & 255]), 0, [{ videodatarate, encoder: 'e' }]));
    metadata(1000);
    run.publication.append(batch(AVC, message('key', 1)), office.nowMs);
    office.pass(2000);
    expect(office.count('streamReady')).toBe(1);
    expect(office.count('streamUpdated')).toBe(0);
    metadata(2000);
    expect(office.last('streamUpdated')).toMatchObject({
      before: { metadata: { videoKbps: 1000 }, tracks: [{ declaredKbps: 1000 }] },
      after: { metadata: { videoKbps: 2000, encoder: 'e' }, tracks: [{ declaredKbps: 2000 }] },
    });
    for (let n = 1; n <= 100; n++) metadata(2000 + n);
    expect(office.count('streamUpdated')).toBe(1);
    office.pass(250);
    expect(office.count('streamUpdated')).toBe(2);
    expect(office.last('streamUpdated')).toMatchObject({
      before: { metadata: { videoKbps: 2000 } },
      after: { metadata: { videoKbps: 2100 } },
    });
    for (let n = 1; n <= 20; n++) {
      metadata(3000 + n);
      office.pass(50);
    }
    expect(office.count('streamUpdated')).toBeGreaterThanOrEqual(10);
    expect(office.count('streamUpdated')).toBeLessThanOrEqual(12);
    office.pass(5000);
    expect(office.count('streamUpdated')).toBeLessThanOrEqual(13);
    expect(office.last('streamUpdated')).toMatchObject({ after: { metadata: { videoKbps: 3020 } } });
    run.dataCleared('onMetaData');
    expect(office.last('streamUpdated')).toMatchObject({ after: { metadata: {} } });
    expect(office.registry.suppressedEvents).toBe(0);
  });

  it('tells a change of tracks without metadata that has not changed, and the other way round', async () => {
    const office = new Office();
    const run = await office.run();
    run.data(data('onMetaData', Buffer.from([2, 0, 0]), 0, [{ encoder: 'e' }]));
    run.publication.append(batch(AVC, message('key', 1)), office.nowMs);
    office.pass(2000);
    run.publication.append(batch(AAC), office.nowMs);
    expect(office.last('streamUpdated')).toEqual({
      before: { tracks: [expect.objectContaining({ kind: 'video' })] },
      after: { tracks: [expect.anything(), expect.objectContaining({ kind: 'audio' })] },
    });
    office.pass(250);
    run.data(data('onMetaData', Buffer.from([2, 0, 1, 1]), 0, [{ encoder: 'f' }]));
    expect(office.last('streamUpdated')).toEqual({
      before: { metadata: { encoder: 'e' } },
      after: { metadata: { encoder: 'f' } },
    });
  });

  it('goes on when a player that waited for it fails inside us, and so do the other players', async () => {
    const office = new Office();
    const [one, two] = [office.play(), office.play()];
    const defect = new Error('a defect');
    one.sink.publisherCame = () => {
      throw defect;
    };
    const run = await office.run();
    expect(one.sink.failures).toEqual([defect]);
    run.publication.append(batch(message('key', 1)), office.nowMs);
    two.sink.player!.visit();
    one.sink.player!.visit();
    expect([one.sink.writes.length, two.sink.writes.length > 0]).toEqual([0, true]);
  });

  it('that fails inside us when its start is told is ended, and its name is free again', async () => {
    const office = new Office();
    office.play();
    office.fault = 'streamActive';
    await expect(office.publish()).rejects.toThrow('a defect');
    expect(office.last('streamEnded')).toMatchObject({ reason: 'protocol_error', detail: 'ERR_INTERNAL' });
    office.fault = undefined;
    expect(await office.publish()).toMatchObject({ accept: true });
  });

  it('that is over while its start is written ends for the reason that its connection gives', async () => {
    for (const reason of ['server_drain', 'kicked', 'limit', 'client_reset'] as const) {
      const office = new Office();
      expect(await office.publish('cam', '', office.facts(), () => reason)).toMatchObject({ accept: false });
      expect(office.last('streamEnded')).toMatchObject({ reason, bytes: 0 });
      expect(office.hub.size).toBe(0);
    }
  });

  it('is refused while another has the name, also one whose start is not durable yet', async () => {
    const office = new Office();
    office.journal = () => new Promise(() => {});
    void office.publish();
    expect(await office.publish()).toMatchObject({
      accept: false,
      status: 'NetStream.Publish.BadName',
      code: 'ERR_PUBLISH_BUSY',
    });
    expect(office.last('streamRejected')).toMatchObject({ app: 'live', name: 'cam', code: 'ERR_PUBLISH_BUSY' });
    expect(office.registry.rejectedBy.get('ERR_PUBLISH_BUSY')).toBe(1);
  });

  it('is refused when its start cannot be kept, and the name is free again', async () => {
    const office = new Office();
    office.journal = () => Promise.reject(new SluiceError('ERR_EVENTS_JOURNAL_FULL'));
    expect(await office.publish()).toMatchObject({ accept: false, code: 'ERR_EVENTS_JOURNAL_FULL' });
    expect(office.hub.size).toBe(0);
    expect(office.count('streamEnded')).toBe(0);
    office.journal = () => Promise.resolve();
    await office.run();
    expect(office.registry.live).toBe(1);
  });

  it('is refused under names that are not allowed, and nothing of it is started', async () => {
    const office = new Office();
    for (const name of ['*', '>', 'a b', '../x', 'a//b', 'x\0y', 'x\r\ny', 'ü', 'n'.repeat(65)]) {
      expect(await office.publish(name)).toMatchObject({ accept: false, code: 'ERR_NAME_INVALID' });
    }
    expect(office.count('streamStarted')).toBe(0);
    expect(office.hub.size).toBe(0);
    expect(await office.publish('n'.repeat(64))).toMatchObject({ accept: true });
  });

  it('is refused while the server shuts down, and when the memory for media is full', async () => {
    const office = new Office({ memoryBytes: 100_000 });
    office.closedFor = 'the server is shutting down';
    expect(await office.publish()).toMatchObject({ accept: false, code: 'ERR_SESSION_PUBLISH_REFUSED' });
    office.closedFor = undefined;
    const run = await office.run('one');
    for (let n = 0; n < 10; n++) run.publication.append(batch(message('key', n, 30_000)), office.nowMs);
    expect(office.hub.heldBytes).toBeGreaterThan(100_000);
    expect(await office.publish('two')).toMatchObject({ accept: false, code: 'ERR_LIMIT_MEMORY' });
  });

  it('tells a key as a fingerprint only, never the key', async () => {
    const office = new Office({ resumeWindowMs: 1000 });
    const run = await office.run('cam', 'key=canary-secret');
    await office.publish('cam', 'key=canary-secret');
    run.end('client_closed');
    office.pass(2000);
    const text = JSON.stringify(office.told);
    expect(text).not.toContain('canary');
    expect(text).toMatch(/"keyFingerprint":"[0-9a-f]{8}"/);
    expect(text).toContain('"urls":{"rtmp":"rtmp://192.0.2.1:1935/live/cam"}');
  });

  it('is told to be over also when a player fails on the way, and its name is free', async () => {
    const office = new Office();
    const run = await office.run();
    const { sink } = office.play();
    run.publication.append(batch(message('key', 1)), office.nowMs);
    sink.write = () => {
      throw new Error('a defect');
    };
    run.end('client_closed');
    expect(sink.failures).toHaveLength(1);
    run.end('client_closed');
    expect(office.count('streamEnded')).toBe(1);
    expect(office.registry.live).toBe(0);
    expect(await office.publish()).toMatchObject({ accept: true });
  });

  it('sends metadata once however often it is repeated, and tells of other data', async () => {
    const office = new Office();
    const run = await office.run();
    const metadata = Buffer.from('metadata');
    run.data(data('onMetaData', metadata, 0, [{ width: 1 }]));
    const { head } = run.publication.log;
    run.data(data('onMetaData', Buffer.from(metadata), 0, [{ width: 1 }]));
    expect(run.publication.log.head).toBe(head);
    run.dataCleared('onMetaData');
    run.data(data('onMetaData', Buffer.from(metadata), 0, [{ width: 1 }]));
    expect(run.publication.log.head).toBeGreaterThan(head);
    expect(office.count('streamData')).toBe(0);
    run.data(data('onCuePoint', Buffer.from('cue'), 40, ['x']));
    expect(office.last('streamData')).toEqual({ handler: 'onCuePoint', timestamp: 40, values: ['x'] });
  });
});

describe('plays', () => {
  it('of a live stream start at once; the first makes it active, the last to leave idle', async () => {
    const office = new Office();
    const run = await office.run();
    const [one, two] = [office.play(), office.play()];
    run.publication.append(batch(message('key', 1)), office.nowMs);
    one.sink.player!.visit();
    expect(office.names.slice(1)).toEqual(['streamActive', 'playStarted', 'playStarted']);
    if (one.answer.accept) one.answer.run.end('client_closed');
    expect(office.last('playEnded')).toMatchObject({
      reason: 'client_closed',
      bytes: one.sink.bytes.length,
      drops: 0,
    });
    expect(office.count('streamIdle')).toBe(0);
    if (two.answer.accept) two.answer.run.end('client_closed');
    if (two.answer.accept) two.answer.run.end('stalled');
    expect([office.count('streamIdle'), office.count('playEnded')]).toEqual([1, 2]);
    expect(office.hub.playersOf('live', 'cam')).toEqual([]);
  });

  it('that wait are told of when the stream starts, and end with it', async () => {
    const office = new Office();
    const { sink, answer } = office.play();
    expect(answer).toMatchObject({ accept: true, live: false });
    expect(office.names).toEqual(['want']);
    const run = await office.run();
    expect(sink.notices).toEqual(['came']);
    expect(office.count('playStarted')).toBe(1);
    run.end('client_unpublish');
    expect(office.last('playEnded')).toMatchObject({ reason: 'stream_ended' });
    if (answer.accept) answer.run.end('client_closed');
    expect(office.count('playEnded')).toBe(1);
  });

  it('that wait are not told of a publisher that has gone while its start was made durable', async () => {
    const office = new Office();
    office.play();
    const answer = await office.publish('cam', '', office.facts(), () => 'client_closed');
    if (answer.accept) answer.run.end('client_closed');
    expect(office.names).toEqual(['want', 'streamStarted', 'streamEnded']);
  });

  it('make their name wanted as long as somebody waits and nobody publishes it, told at each change only', async () => {
    const office = new Office();
    const wants = (): unknown[] => office.told.filter(([name]) => name === 'want').map(([, verb]) => verb);
    const [one, two] = [office.play(), office.play()];
    expect(office.told).toEqual([['want', 'wanted', { app: 'live', name: 'cam' }]]);
    const run = await office.run();
    expect(wants()).toEqual(['wanted', 'unwanted']);
    run.end('client_unpublish');
    expect(wants()).toEqual(['wanted', 'unwanted', 'wanted']);
    if (one.answer.accept) one.answer.run.end('client_closed');
    expect(wants()).toHaveLength(3);
    if (two.answer.accept) two.answer.run.end('client_closed');
    expect(wants()).toEqual(['wanted', 'unwanted', 'wanted', 'unwanted']);
    office.play('other');
    expect(office.told.at(-1)).toEqual(['want', 'wanted', { app: 'live', name: 'other' }]);
  });

  it('lose their publisher when another node has ended the stream: once told, and its connection closed', async () => {
    const office = new Office({ resumeWindowMs: 5000 });
    const run = await office.run();
    office.registry.fence(['somebody-elses', run.streamId]);
    expect(office.closed).toEqual(['node_lost']);
    run.end('client_closed');
    expect(office.told.filter(([name]) => name === 'streamEnded')).toMatchObject([
      ['streamEnded', run.streamId, { reason: 'node_lost' }],
    ]);
  });

  it('are refused where nobody publishes, when players may not wait', async () => {
    const office = new Office({ waitForPublisher: false });
    expect(office.play().answer).toMatchObject({ accept: false, status: 'NetStream.Play.StreamNotFound' });
    await office.run();
    expect(office.play().answer).toMatchObject({ accept: true, live: true });
    expect(office.play('a b').answer).toMatchObject({ accept: false, code: 'ERR_NAME_INVALID' });
  });
});

describe('a stream with a resume window', () => {
  const resumeWindowMs = 10_000;

  it('outlives its connection: the same principal goes on under the same id, players stay', async () => {
    const office = new Office({ resumeWindowMs });
    const run = await office.run();
    const { sink } = office.play();
    const codec = new ChunkCodec();
    codec.setPublishing(true);
    run.publication.writer.frameFrom(codec);
    run.publication.append(batch(message('key', 1, 100, 4000)), office.nowMs);
    run.end('client_reset');
    expect(office.last('streamSuspended')).toMatchObject({ cause: 'client_reset', resumeWindowMs });
    expect(codec.target).toBeUndefined();
    office.pass(9999);
    const again = await office.run();
    expect(again.streamId).toBe(run.streamId);
    expect(again.publication).toBe(run.publication);
    expect(again.resumeTimestamp).toBe(4040);
    expect(office.last('streamResumed')).toMatchObject({ gapMs: 9999 });
    expect(sink.notices).toEqual([]);
    office.pass(resumeWindowMs * 2);
    expect(office.count('streamEnded')).toBe(0);
  });

  it('takes no notice of what its earlier connection still does', async () => {
    const office = new Office({ resumeWindowMs });
    const run = await office.run();
    run.end('client_reset');
    const again = await office.run();
    run.end('protocol_error');
    run.data(data('onCuePoint', Buffer.from('late'), 0, []));
    expect([office.count('streamEnded'), office.count('streamData'), office.registry.live]).toEqual([0, 0, 1]);
    again.end('client_unpublish');
    expect(office.last('streamEnded')).toMatchObject({ reason: 'client_unpublish' });
  });

  it('ends when the window is over, with the reason for which its connection went', async () => {
    const office = new Office({ resumeWindowMs });
    (await office.run()).end('dead_peer');
    office.pass(resumeWindowMs - 1);
    expect(office.count('streamEnded')).toBe(0);
    office.pass(1);
    expect(office.last('streamEnded')).toMatchObject({ reason: 'dead_peer' });
    expect(office.hub.claim('live', 'cam')).toBeDefined();
  });

  it('is given back neither to another key nor to another address', async () => {
    const office = new Office({ resumeWindowMs });
    (await office.run('keyed', 'key=a')).end('client_reset');
    expect(await office.publish('keyed', 'key=b')).toMatchObject({ accept: false, code: 'ERR_PUBLISH_BUSY' });
    expect(await office.publish('keyed', '')).toMatchObject({ accept: false });
    expect(await office.publish('keyed', 'key=a', office.facts('198.51.100.9'))).toMatchObject({ accept: true });
    (await office.run('open')).end('client_reset');
    expect(await office.publish('open', '', office.facts('198.51.100.9'))).toMatchObject({ accept: false });
    expect(await office.publish('open')).toMatchObject({ accept: true });
  });

  it('ends at once when its publisher said goodbye, was sent away, or the server stops', async () => {
    const office = new Office({ resumeWindowMs });
    for (const reason of ['client_unpublish', 'kicked', 'protocol_error', 'server_drain'] as const) {
      (await office.run()).end(reason);
      expect(office.last('streamEnded')).toMatchObject({ reason });
    }
    (await office.run()).end('client_closed');
    office.registry.endSuspended('server_drain');
    expect(office.last('streamEnded')).toMatchObject({ reason: 'server_drain' });
    expect(office.registry.live).toBe(0);
  });
});
