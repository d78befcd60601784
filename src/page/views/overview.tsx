import type { Overview as Told } from '../../model/overview.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { usePoll } from '../poll.js';
import { hrefOf } from '../route.js';

/** How often the overview is asked for, in ms. */
const EVERY_MS = 2000;

/** All live streams. */
export function Overview() {
  const { value, error } = usePoll<Told>('/v1/overview', EVERY_MS);
  return (
    <>
      <Heading title="Live streams" />
      {error === undefined ? null : <ErrorNote error={error} />}
      <ul class="streams">
        {value?.streams.map(({ streamId, app, name, players, kbpsIn }) => (
          <li key={streamId}>
            <a href={hrefOf('streams', streamId)}>{`${app}/${name}`}</a> {players} players, {Math.round(kbpsIn)} kbit/s
          </li>
        ))}
      </ul>
    </>
  );
}
