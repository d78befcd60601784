import type { StreamSnapshot } from '../../model/snapshot.js';
import { State } from '../parts/badge.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { usePoll } from '../poll.js';
import { hrefOf } from '../route.js';
import { mayControl } from '../session.js';
import { StreamFacts } from './stream-facts.js';
import { KickStream } from './stream-kick.js';
import { StreamPlayers } from './stream-players.js';
import type { ViewProps } from './view.js';

/** How often a stream is asked for, in ms. */
const EVERY_MS = 2000;

/** Everything about one stream. */
export function Stream({ session, rest: [streamId = ''] }: ViewProps) {
  const path = `/v1/streams/${encodeURIComponent(streamId)}`;
  const { value: stream, error, refresh } = usePoll<StreamSnapshot>(path, EVERY_MS);
  if (stream === undefined) {
    return (
      <>
        <Heading title="Stream" />
        {error === undefined ? <Empty title="Loading …" /> : <ErrorNote error={error} />}
      </>
    );
  }
  const name = `${stream.app}/${stream.name}`;
  return (
    <>
      <a class="back" href={hrefOf()}>
        All streams
      </a>
      <Heading title={name}>
        <State state={stream.state} />
        {mayControl(session) ? (
          <div class="actions">
            <KickStream streamId={streamId} name={name} onKicked={refresh} />
          </div>
        ) : null}
      </Heading>
      {error === undefined ? null : <ErrorNote error={error} />}
      <StreamFacts stream={stream} />
      <StreamPlayers streamId={streamId} mayKick={mayControl(session)} />
    </>
  );
}
