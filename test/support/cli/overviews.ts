import type { Overview } from '../../../src/model/overview.js';

/** When the overviews of the tests are looked at. */
export const LOOKED_MS = Date.parse('2026-01-31T12:00:00.000Z');

const NODE: Overview['node'] = {
  ...{ nodeId: 'node-a', version: '0.1.0', startedAt: '2026-01-31T10:57:57.000Z', ready: true, reasons: [] },
  ...{ degraded: [], nats: 'up', isInCluster: false },
};

type Stream = Overview['streams'][number];

const AVC = { id: 0, kind: 'video', codec: 'avc1.64001F', width: 1280, height: 720, fps: 30 } as const;
const AAC = { id: 0, kind: 'audio', codec: 'mp4a.40.2', sampleRate: 48_000 } as const;

/** A stream that is a minute and five seconds old, with these facts besides. */
export function overviewStream(name: string, more: Partial<Stream> = {}): Stream {
  return {
    ...{ streamId: `id-${name}`, app: 'live', name, state: 'active', startedAt: '2026-01-31T11:58:55.000Z' },
    ...{ tracks: [AVC, AAC], players: 2, kbpsIn: 2680.4, kbpsOut: 5361, delayMs: 120 },
    ...more,
  } as Stream;
}

/** An overview with these streams and these facts of the node. */
export function overviewOf(streams: readonly Stream[], node: Partial<Overview['node']> = {}): Overview {
  return { node: { ...NODE, ...node }, streams, total: streams.length };
}
