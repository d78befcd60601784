import type { StreamDetails } from '../../model/overview.js';
import type { StreamSnapshot } from '../../model/snapshot.js';
import type { ApiError } from '../api.js';
import { endWords, type ToldEvent } from '../event-words.js';
import { isEnd, useEvents } from '../events.js';
import { sentence } from '../format.js';
import { State } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { Time } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { useEffect, useRef, useState } from '../preact.js';
import { hrefOf } from '../route.js';
import { mayControl } from '../session.js';
import { streamHistory } from '../stream-history.js';
import { StreamCharts } from './stream-charts.js';
import { StreamFacts } from './stream-facts.js';
import { KickStream } from './stream-kick.js';
import { StreamPlayers } from './stream-players.js';
import { StreamPreview } from './stream-preview.js';
import { StreamTimeline } from './stream-timeline.js';
import type { ViewProps } from './view.js';

/** How often a stream is asked for, in ms. */
const EVERY_MS = 2000;
/** How far before an end events are looked for, where nothing is known of the beginning. */
const BEFORE_END_MS = 6 * 3600_000;

/** What is known of a stream, live or not. */
interface Known {
  /** As it was when it was last there. */
  readonly stream: StreamDetails | undefined;
  readonly error: ApiError | undefined;
  readonly refresh: () => void;
  /** It is not live any more. */
  readonly isOver: boolean;
  /** The stream that has its name now, when it is over. */
  readonly successor: string | undefined;
}

/** Everything about one stream. */
export function Stream({ session, rest: [streamId = ''] }: ViewProps) {
  const known = useStream(streamId);
  const { stream, error, isOver } = known;
  const { events, isFollowing } = useEvents(streamId, sinceOf(stream, error?.told['endedAt']));
  const [told, setTold] = useState('');
  const name = stream === undefined ? events[0]?.subject : `${stream.app}/${stream.name}`;
  const state = isOver ? 'ended' : stream?.state;
  const onKicked = (): void => {
    setTold('The stream was ended.');
    known.refresh();
  };
  return (
    <>
      <a class="back" href={hrefOf()}>
        All streams
      </a>
      <Heading title={name ?? 'Stream'}>
        {state === undefined ? null : <State state={state} />}
        {stream !== undefined && !isOver && mayControl(session) ? (
          <div class="actions">
            <KickStream streamId={streamId} name={name ?? ''} onKicked={onKicked} />
          </div>
        ) : null}
      </Heading>
      <p class="told" role="status">
        {isOver ? '' : told}
      </p>
      <Notes known={known} events={events} />
      {stream === undefined ? null : (
        <div class="columns">
          <div class="column">
            {isOver ? null : <StreamPreview streamId={streamId} name={name ?? ''} tracks={stream.tracks} />}
            <StreamCharts streamId={streamId} />
          </div>
          <div class="column">
            <StreamFacts stream={stream} isOver={isOver} />
            {isOver ? null : <StreamPlayers streamId={streamId} mayKick={mayControl(session)} />}
          </div>
        </div>
      )}
      {stream === undefined && !isOver ? null : <StreamTimeline events={events} isFollowing={isFollowing} />}
    </>
  );
}

/** What is to be said about a stream above all: that it is over, what is wrong, that it cannot be shown. */
function Notes({ known, events }: { known: Known; events: readonly ToldEvent[] }) {
  const { stream, error, isOver, successor } = known;
  if (isOver) return <Ended error={error} end={events.find(isEnd)} successor={successor} />;
  return (
    <>
      {error === undefined ? null : <ErrorNote error={error} />}
      {stream?.trouble === undefined ? null : <p class="note warn">{sentence(stream.trouble)}</p>}
      {stream === undefined && error === undefined ? <Empty title="Loading …" /> : null}
    </>
  );
}

/** Asks for a stream while it lives, and remembers it when it is gone. */
function useStream(streamId: string): Known {
  const [gone, setGone] = useState<ApiError>();
  const path = `/v1/streams/${encodeURIComponent(streamId)}`;
  const { value, refresh, ...asked } = usePoll<StreamDetails>(gone === undefined ? path : undefined, EVERY_MS);
  const error = gone ?? asked.error;
  useEffect(() => {
    if (value !== undefined) streamHistory.add(streamId, Date.now(), value);
  }, [value]);
  const last = useRef<StreamDetails>();
  last.current = value ?? last.current;
  const stream = last.current;
  const isOver = error?.status === 404 && (stream !== undefined || typeof error.told['endedAt'] === 'string');
  // What is over stays over: it is not asked for again.
  useEffect(() => {
    if (isOver) setGone(error);
  }, [isOver]);
  const successor = useSuccessor(isOver ? stream : undefined);
  return { stream, error, refresh, isOver, successor };
}

/** Looks for the stream that has the name of one that is over. */
function useSuccessor(ended: StreamSnapshot | undefined): string | undefined {
  const path =
    ended === undefined
      ? undefined
      : `/v1/streams?limit=1&app=${encodeURIComponent(ended.app)}&name=${encodeURIComponent(ended.name)}`;
  const next = usePoll<{ streams: readonly StreamSnapshot[] }>(path, EVERY_MS).value?.streams[0]?.streamId;
  return next === ended?.streamId ? undefined : next;
}

/** From when on events are asked for: from the beginning of the stream, a moment before. */
function sinceOf(stream: StreamSnapshot | undefined, endedAt: unknown): string | undefined {
  if (stream !== undefined) return new Date(Date.parse(stream.startedAt) - 1000).toISOString();
  const ms = typeof endedAt === 'string' ? Date.parse(endedAt) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms - BEFORE_END_MS).toISOString();
}

/** A stream that is over is no error: when, and why. */
function Ended(props: { error: ApiError | undefined; end: ToldEvent | undefined; successor: string | undefined }) {
  const { error, end, successor } = props;
  const endedAt = error?.told['endedAt'] ?? end?.time;
  const reason = error?.told['reason'] ?? end?.data['reason'];
  return (
    <div class="note quiet" role="status" data-ended={String(reason ?? '')}>
      <p>The stream has ended{typeof reason === 'string' ? `: ${endWords(reason)}` : ''}.</p>
      {typeof endedAt === 'string' ? (
        <p>
          It was over at <Time iso={endedAt} />.
        </p>
      ) : null}
      {successor === undefined ? null : (
        <p>
          Its name is live again: <a href={hrefOf('streams', successor)}>show the new stream</a>.
        </p>
      )}
    </div>
  );
}
