import { MemoryAccount } from '../../../src/core/memory-account.js';
import type { EventsStats } from '../../../src/events/event-layer.js';
import type { HttpDeps } from '../../../src/http/deps.js';
import { RecordingList } from '../../../src/recording/recording-list.js';
import { Keyframes } from '../../../src/server/keyframes.js';
import { overviewRoute } from '../../../src/server/overview.js';
import { previewRoute } from '../../../src/server/preview.js';
import { recordingFiles, recordingsRoute } from '../../../src/server/recordings.js';
import { LiveStreamsHarness } from '../live/live-streams-harness.js';

/**
 * What the page asks besides control, of a server with streams of which no media has come.
 *
 * @param root of recordings
 */
export function pageRoutes(root: string): Pick<HttpDeps, 'routes' | 'recordings'> & { harness: LiveStreamsHarness } {
  const harness = new LiveStreamsHarness();
  const { registry: liveStreams } = harness;
  const clock = { wallMs: () => 0, monotonicMs: () => harness.nowMs };
  const memory = new MemoryAccount();
  const list = new RecordingList(root, () => harness.nowMs);
  return {
    harness,
    recordings: recordingFiles(list),
    routes: [
      overviewRoute({
        ...{ nodeId: 'n1', bootId: 'b1', clock, memory, liveStreams, isInCluster: false },
        health: () => ({ ready: true, reasons: [], degraded: [] }),
        events: () => ({ busState: 'off' }) as EventsStats,
      }),
      new Keyframes({ clock, memory, liveStreams, hub: { publicationOf: () => undefined } }).route(),
      previewRoute(liveStreams, true),
      recordingsRoute(list),
    ],
  };
}
