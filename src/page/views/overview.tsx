import type { Overview as Told } from '../../model/overview.js';
import { serverNow } from '../clock.js';
import { count, plural } from '../format.js';
import { Empty } from '../parts/empty.js';
import { ErrorNote } from '../parts/error-note.js';
import { Heading } from '../parts/heading.js';
import { usePoll } from '../poll.js';
import { useEffect, useState } from '../preact.js';
import { streamHistory } from '../stream-history.js';
import { NoStreams } from './overview-empty.js';
import { ALL, Health, Reasons, Totals } from './overview-health.js';
import { listed, ORDERS, type Order, totals } from './overview-list.js';
import { Tile } from './tile.js';
import { type Listed, tileFacts } from './tile-facts.js';

/** How often the overview is asked for, in ms. */
const EVERY_MS = 2000;

/** All live streams. */
export function Overview() {
  const { value, error } = usePoll<Told>('/v1/overview', EVERY_MS);
  useEffect(() => (value === undefined ? undefined : remember(value)), [value]);
  return (
    <>
      <Heading title="Live streams">{value === undefined ? null : <Health node={value.node} />}</Heading>
      {error === undefined ? null : <ErrorNote error={error} what="The overview is not up to date" />}
      {value === undefined ? null : <Reasons node={value.node} />}
      {value === undefined ? null : <Totals streams={value.total} sum={totals(value.streams)} />}
      {value === undefined ? null : <Streams streams={value.streams} total={value.total} />}
    </>
  );
}

/** Opening a stream shows what was seen of it here. */
function remember({ streams }: Told): void {
  const now = Date.now();
  streamHistory.keep(new Set([ALL, ...streams.map(({ streamId }) => streamId)]));
  streamHistory.add(ALL, now, totals(streams));
  for (const stream of streams) streamHistory.add(stream.streamId, now, stream);
}

/** The order is kept while the page is open, also when another view was looked at. */
let lastOrder: Order = 'name';

function Streams({ streams, total }: { streams: readonly Listed[]; total: number }) {
  const [words, setWords] = useState('');
  const [order, setOrder] = useState(lastOrder);
  if (total === 0) return <NoStreams />;
  const shown = listed(streams, words, order);
  const now = serverNow();
  const choose = (event: Event): void => {
    lastOrder = (event.currentTarget as HTMLSelectElement).value as Order;
    setOrder(lastOrder);
  };
  return (
    <section aria-label="Streams" class="streams">
      <search class="tools">
        <input
          type="search"
          aria-label="Find streams"
          placeholder="Find by name, codec, state …"
          value={words}
          onInput={({ currentTarget }) => setWords(currentTarget.value)}
        />
        <label>
          <span class="quiet">Order</span>
          <select value={order} onChange={choose}>
            {Object.entries(ORDERS).map(([key, title]) => (
              <option key={key} value={key}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <p class="quiet" role="status">
          {words.trim() === '' ? plural(total, 'stream') : `${count(shown.length)} of ${plural(total, 'stream')}`}
        </p>
      </search>
      {total > streams.length ? (
        <p class="note warn">Only the oldest {count(streams.length)} are listed here.</p>
      ) : null}
      {shown.length === 0 ? <Empty title="No stream matches" /> : null}
      <ul class="tiles">
        {shown.map((stream) => (
          <Tile key={stream.streamId} facts={tileFacts(stream, now)} />
        ))}
      </ul>
    </section>
  );
}
