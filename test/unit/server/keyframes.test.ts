import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryAccount } from '../../../src/core/memory-account.js';
import { Keyframes } from '../../../src/server/keyframes.js';
import { message } from '../../support/hub/media.js';
import { PublicationHarness } from '../../support/hub/publication-harness.js';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

function setUp(limits: ConstructorParameters<typeof PublicationHarness>[0] = {}) {
  const harness = new PublicationHarness(limits);
  const memory = new MemoryAccount();
  const shown = { app: 'live', name: 'cam1' };
  const live = new Map([['stream', shown]]);
  const keyframes = new Keyframes({
    clock: { wallMs: () => Date.now(), monotonicMs: () => Date.now() },
    memory,
    hub: { publicationOf: () => harness.publication },
    liveStreams: { commands: { nameOf: (id: string) => live.get(id) } } as never,
  });
  const route = keyframes.route();
  const ask = (streamId = 'stream', headers: Record<string, string> = {}) =>
    route.handle({ params: { streamId }, query: {}, body: undefined, headers, actor: 'test' });
  const send = harness.send.bind(harness);
  return { harness, memory, live, ask, send };
}

const picture = (n: number, bytes = 200) => [message('videoHeader', 0), message('key', n, bytes)] as const;

describe('the keyframe of a stream', () => {
  it('is read at most once a second, and is the same bytes for all who ask', async () => {
    const { ask, send } = setUp();
    send(...picture(1));
    const first = await ask();
    expect(first).toMatchObject({ status: 200, headers: { 'content-type': 'video/x-flv' } });
    send(...picture(2));
    expect((await ask()).body).toBe(first.body);
    vi.advanceTimersByTime(1000);
    const second = await ask();
    expect(second.headers!['etag']).not.toBe(first.headers!['etag']);
    vi.advanceTimersByTime(1000);
    expect((await ask()).body).toBe(second.body);
  });

  it('is not sent again to who has it, and then not read either', async () => {
    const { ask, send, memory } = setUp();
    send(...picture(1));
    const etag = (await ask()).headers!['etag']!;
    expect(await ask('stream', { 'if-none-match': etag })).toMatchObject({ status: 304, body: undefined });
    memory.limitBytes = 1;
    memory.relieve();
    expect(memory.total).toBe(0);
    expect(await ask('stream', { 'if-none-match': etag })).toMatchObject({ status: 304 });
    expect(memory.total).toBe(0);
  });

  it('is on the memory account while its stream is there and is asked for', async () => {
    const { ask, send, memory, live } = setUp();
    send(...picture(1));
    const { body } = await ask();
    expect(memory.total).toBe((body as Buffer).length);
    live.clear();
    expect(await ask()).toMatchObject({ status: 404, body: { code: 'ERR_CTL_STREAM_UNKNOWN' } });
    expect(memory.total).toBe(0);
  });

  it('is kept no longer than a minute after somebody has asked, also when its stream has gone', async () => {
    const { ask, send, memory, live } = setUp();
    send(...picture(1));
    await ask();
    live.clear();
    expect(memory.total).toBeGreaterThan(0);
    vi.advanceTimersByTime(60_000);
    expect([memory.total, vi.getTimerCount()]).toEqual([0, 0]);
  });

  it('is refused with a code where there is none, or where it is too long', async () => {
    const { ask, send, memory } = setUp({ gopMaxBytes: 8 * 2 ** 20 });
    send(message('audioHeader', 0), message('audio', 1));
    expect(await ask()).toMatchObject({ status: 404, body: { code: 'ERR_KEYFRAME_MISSING' } });
    send(...picture(1, 2 * 2 ** 20));
    expect(await ask()).toMatchObject({ status: 413, body: { code: 'ERR_KEYFRAME_TOO_LONG' } });
    expect(memory.total).toBe(0);
  });

  it('is the last that was shown while the log has none, because a group of pictures became too long', async () => {
    const { ask, send } = setUp({ gopMaxBytes: 1000 });
    send(...picture(1));
    const first = await ask();
    send(message('inter', 2, 1200));
    vi.advanceTimersByTime(5000);
    expect((await ask()).body).toBe(first.body);
  });

  it('is kept of so many streams as there is room for, those that were read last', async () => {
    const { ask, send, memory, live, harness } = setUp({ gopMaxBytes: 8 * 2 ** 20 });
    send(...picture(1, 1.5 * 2 ** 20));
    for (let n = 0; n < 20; n++) {
      live.set(`s${n}`, live.get('stream')!);
      Object.assign(harness.publication, { streamId: `s${n}` });
      expect((await ask(`s${n}`)).status).toBe(200);
    }
    expect(memory.total).toBeGreaterThan(14 * 2 ** 20);
    expect(memory.total).toBeLessThanOrEqual(16 * 2 ** 20);
  });
});
