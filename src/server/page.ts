import type { Config } from '../config/table.js';
import type { EventLayer } from '../events/event-layer.js';
import type { Health, HttpDeps } from '../http/deps.js';
import type { ApiRoute } from '../model/api-route.js';
import { RecordingList } from '../recording/recording-list.js';
import { Keyframes } from './keyframes.js';
import { mediaRoot } from './options.js';
import { overviewRoute } from './overview.js';
import type { Parts } from './parts.js';
import { previewRoute } from './preview.js';
import { recordingFiles, recordingsRoute } from './recordings.js';

/** What the page's routes are made of, besides the parts of the server. */
interface PageDeps {
  readonly config: Config;
  readonly eventLayer: EventLayer;
  readonly of: { readonly nodeId: string; readonly bootId: string };
  health(): Health;
}

/** What HTTP serves besides health, metrics and events: the routes of control, and those that only the page asks. */
export function pageDeps(
  { clock, memory, hub, liveStreams, cluster }: Parts,
  control: readonly ApiRoute[],
  { config, eventLayer, of: { nodeId, bootId }, health }: PageDeps,
): Pick<HttpDeps, 'routes' | 'recordings'> {
  const events = () => eventLayer.stats();
  const isInCluster = cluster !== undefined;
  const recordings = new RecordingList(mediaRoot(config), () => clock.monotonicMs());
  return {
    recordings: recordingFiles(recordings),
    routes: [
      ...control,
      overviewRoute({ nodeId, bootId, clock, memory, liveStreams, isInCluster, health, events }),
      new Keyframes({ clock, memory, hub, liveStreams }).route(),
      previewRoute(liveStreams, config.httpFlv.enabled),
      recordingsRoute(recordings),
    ],
  };
}
