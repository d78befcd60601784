import type { Overview } from '../../model/overview.js';
import type { StreamSnapshot } from '../../model/snapshot.js';
import type { ApiError } from '../api.js';
import { endWords, type ToldEvent } from '../event-words.js';
import { isEnd, useEvents } from '../events.js';
import { State } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { Time } from '../parts/time.js';
import { usePoll } from '../poll.js';
import { useEffect, useRef, useState } from '../preact.js';
import { hrefOf } from '../route.js';
import { mayControl, type Session } from '../session.js';
import { streamHistory } from '../stream-history.js';
import { StreamCharts } from './stream-charts.js';
import { StreamFacts } from './stream-facts.js';
import { KickStream } from './stream-kick.js';
import { StreamPlayers } from './stream-players.js';
import { StreamPreview } from './stream-preview.js';
import { StreamTimeline } from './stream-timeline.js';
import type { Listed } from './tile-facts.js';
import type { ViewProps } from './view.js';

/** How often a stream is asked for, in ms. */
const EVERY_MS = 2000;
/** How far before an end events are looked for, where nothing is known of the beginning. */
const BEFORE_END_MS = 6 * 3600_000;

/** What is known of a stream, live or not. */
interface Known {
  /** As it was when it was last there. */
  readonly stream: StreamSnapshot | undefined;
  /** As the overview has it. */
  readonly listed: Listed | undefined;
  readonly error: ApiError | undefined;
  readonly refresh: () => void;
}

/** Everything about one stream. */
export function Stream({ session, rest: [streamId = ''] }: ViewProps) {
  const known = useStream(streamId);
  const { stream, error } = known;
  const endedAt = error?.status === 404 ? error.told['endedAt'] : undefined;
  const { events, isFollowing } = useEvents(streamId, sinceOf(stream, endedAt));
  const name = stream === undefined ? events[0]?.subject : `${stream.app}/${stream.name}`;
  const isOver = error?.status === 404 && (stream !== undefined || typeof endedAt === 'string');
  return (
    <>
      <a class="back" href={hrefOf()}>
        All streams
      </a>
      {isOver ? (
        <Ended name={name} error={error} events={events} />
      ) : (
        <Head name={name} known={known} session={session} />
      )}
      {stream === undefined ? null : (
        <div class="columns">
          <div class="column">
            {isOver ? null : (
              <StreamPreview streamId={streamId} name={name ?? ''} tracks={stream.tracks} key={streamId} />
            )}
            <StreamCharts streamId={streamId} />
          </div>
          <div class="column">
            <StreamFacts stream={stream} listed={known.listed} />
            {isOver ? null : <StreamPlayers streamId={streamId} mayKick={mayControl(session)} />}
          </div>
        </div>
      )}
      {stream === undefined && !isOver ? null : <StreamTimeline events={events} isFollowing={isFollowing} />}
    </>
  );
}

/** Asks for a stream while it lives, and remembers it when it is gone. */
function useStream(streamId: string): Known {
  const { value, error, refresh } = usePoll<StreamSnapshot>(`/v1/streams/${encodeURIComponent(streamId)}`, EVERY_MS);
  const isGone = error?.status === 404;
  const overview = usePoll<Overview>(isGone ? undefined : '/v1/overview', EVERY_MS);
  const listed = overview.value?.streams.find((each) => each.streamId === streamId);
  useEffect(() => {
    if (listed !== undefined) streamHistory.add(streamId, Date.now(), listed);
  }, [listed]);
  const last = useRef<Pick<Known, 'stream' | 'listed'>>({ stream: undefined, listed: undefined });
  last.current = { stream: value ?? last.current.stream, listed: listed ?? last.current.listed };
  return { ...last.current, error, refresh };
}

/** From when on events are asked for: from the beginning of the stream, a moment before. */
function sinceOf(stream: StreamSnapshot | undefined, endedAt: unknown): string | undefined {
  if (stream !== undefined) return new Date(Date.parse(stream.startedAt) - 1000).toISOString();
  const ms = typeof endedAt === 'string' ? Date.parse(endedAt) : Number.NaN;
  return Number.isNaN(ms) ? undefined : new Date(ms - BEFORE_END_MS).toISOString();
}

function Head({ name, known, session }: { name: string | undefined; known: Known; session: Session }) {
  const { stream, listed, error, refresh } = known;
  const [told, setTold] = useState('');
  const onKicked = (): void => {
    setTold('The stream was ended.');
    refresh();
  };
  return (
    <>
      <Heading title={name ?? 'Stream'}>
        {stream === undefined ? null : <State state={stream.state} />}
        {stream !== undefined && mayControl(session) ? (
          <div class="actions">
            <KickStream streamId={stream.streamId} name={name ?? ''} onKicked={onKicked} />
          </div>
        ) : null}
      </Heading>
      <p class="told" role="status">
        {told}
      </p>
      {error === undefined ? null : <ErrorNote error={error} />}
      {listed?.trouble === undefined ? null : <p class="note warn">{listed.trouble}</p>}
      {stream === undefined && error === undefined ? <Empty title="Loading …" /> : null}
    </>
  );
}

/** A stream that is over is no error: when, and why. */
function Ended(props: { name: string | undefined; error: ApiError | undefined; events: readonly ToldEvent[] }) {
  const end = props.events.find(isEnd);
  const endedAt = props.error?.told['endedAt'] ?? end?.time;
  const reason = props.error?.told['reason'] ?? end?.data['reason'];
  return (
    <>
      <Heading title={props.name ?? 'Stream'}>
        <State state="ended" />
      </Heading>
      <p class="note quiet" role="status" data-ended={String(reason ?? '')}>
        <span>
          The stream has ended{typeof reason === 'string' ? `: ${endWords(reason)}` : ''}.
          {typeof endedAt === 'string' ? (
            <>
              {' '}
              It was over at <Time iso={endedAt} />.
            </>
          ) : null}
        </span>
      </p>
    </>
  );
}
