import type { Overview as Told } from '../../model/overview.js';
import { usePoll } from '../poll.js';
import { hrefOf } from '../route.js';

/** How often the overview is asked for, in ms. */
const EVERY_MS = 2000;

/** All live streams. */
export function Overview() {
  const { value, error } = usePoll<Told>('/v1/overview', EVERY_MS);
  return (
    <>
      <h1>Live streams</h1>
      {error === undefined ? null : <p role="alert">{error.message}</p>}
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
