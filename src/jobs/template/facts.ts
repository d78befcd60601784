import type { StreamReady, StreamStarted, StreamState, StreamUpdated } from '../../events/event-types.js';
import type { Track } from '../../model/track.js';
import type { JobFacts } from './template.js';

const OF_TRACKS: readonly string[] =
  'width height fps declaredFps kbps videoCodec audioCodec sampleRate channels'.split(' ');

/** The facts of a live stream as `SLUICE_STREAMS` keeps it. */
export function factsOfState(state: StreamState): JobFacts {
  const { streamId, app, name, labels = {}, startedAt, encoder, transport, tracks } = state;
  const readyMs = state.readyAt === undefined ? Number.NaN : Date.parse(state.readyAt) - Date.parse(startedAt);
  return {
    ...{ streamId, app, name, labels, startedAt, transport },
    ...known({ encoder, timeToReadyMs: readyMs >= 0 ? readyMs : undefined }),
    ...factsOfTracks(tracks),
  };
}

/** The facts that `stream.started` tells. @param startedAt the time of the event */
export function factsOfStarted(data: StreamStarted, startedAt: string): JobFacts {
  const { streamId, app, name, labels = {}, transport, encoder } = data;
  return { streamId, app, name, labels, startedAt, transport, ...known({ encoder }) };
}

/** Facts with what `stream.ready` adds. */
export function factsWithReady(facts: JobFacts, { tracks, timeToReadyMs, gopMs }: StreamReady): JobFacts {
  return { ...withTracks(facts, tracks), timeToReadyMs, ...known({ gopMs }) };
}

/** Facts with what `stream.updated` changes: labels and tracks are replaced as a whole. */
export function factsWithUpdate(facts: JobFacts, { after }: StreamUpdated): JobFacts {
  const labelled = after.labels === undefined ? facts : { ...facts, labels: after.labels };
  return after.tracks === undefined ? labelled : withTracks(labelled, after.tracks);
}

/** The facts of a name that a player waits for and nobody publishes. */
export function factsOfWanted(app: string, name: string, publishUrl?: string): JobFacts {
  return { app, name, labels: {}, ...known({ publishUrl }) };
}

/** Facts of tracks that are gone go with them. */
function withTracks(facts: JobFacts, tracks: readonly Track[]): JobFacts {
  const others = Object.entries(facts).filter(([name]) => !OF_TRACKS.includes(name));
  return { ...(Object.fromEntries(others) as unknown as JobFacts), ...factsOfTracks(tracks) };
}

/** Those of the default tracks, which have the id 0, else of the first of each kind; `kbps` of all together. */
function factsOfTracks(tracks: readonly Track[]): Partial<JobFacts> {
  const track = (kind: Track['kind']): Track | undefined => {
    const ofKind = tracks.filter((each) => each.kind === kind);
    return ofKind.find(({ id }) => id === 0) ?? ofKind[0];
  };
  const video = track('video');
  const audio = track('audio');
  const rates = tracks.map(({ kbps }) => kbps).filter((kbps) => kbps !== undefined);
  return known({
    width: video?.width,
    height: video?.height,
    fps: video?.fps,
    declaredFps: video?.declaredFps,
    videoCodec: video?.codec,
    audioCodec: audio?.codec,
    sampleRate: audio?.sampleRate,
    channels: audio?.channels,
    kbps: rates.length === 0 ? undefined : rates.reduce((sum, kbps) => sum + kbps, 0),
  });
}

/** Without the members that are not known. */
function known<T extends object>(facts: T): Partial<T> {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as Partial<T>;
}
