import { serverNow } from '../clock.js';
import { type EventWords, eventWords, type ToldEvent } from '../event-words.js';
import { timeOfDay } from '../format.js';
import { Badge } from '../parts/badge.js';
import { Time } from '../parts/time.js';
import { useEffect, useRef, useState } from '../preact.js';

/** What happened to a stream, newest first. What comes while it is shown is also told to those who listen. */
export function StreamTimeline({ events, isFollowing }: { events: readonly ToldEvent[]; isFollowing: boolean }) {
  return (
    <section class="panel" aria-labelledby="timeline">
      <div class="heading">
        <h2 id="timeline">Events</h2>
        {isFollowing ? null : <Badge tone="warn">not connected, trying again</Badge>}
      </div>
      <Told events={events} />
      {events.length === 0 ? <p class="quiet">None yet.</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <section class="timeline" aria-label="Events of this stream" tabIndex={0}>
        <ol data-events={events.length}>
          {events.map((event) => (
            <Item key={event.id} event={event} words={eventWords(event)} />
          ))}
        </ol>
      </section>
    </section>
  );
}

function Item({ event: { time, type }, words: { name, tone, detail } }: { event: ToldEvent; words: EventWords }) {
  return (
    <li data-type={type}>
      <Time iso={time}>{timeOfDay(time)}</Time>
      <span class="what">
        <span class={`dot ${tone}`} aria-hidden="true" />
        <b>{name}</b> <span class="quiet">{detail}</span>
      </span>
    </li>
  );
}

/** The newest event in words, once it is one that came while the page was open. */
function Told({ events: [newest] }: { events: readonly ToldEvent[] }) {
  const opened = useRef(serverNow());
  const [told, setTold] = useState('');
  useEffect(() => {
    if (newest === undefined || Date.parse(newest.time) < opened.current) return;
    const { name, detail } = eventWords(newest);
    setTold(`${name}: ${detail}`);
  }, [newest]);
  return (
    <p class="unseen" role="status">
      {told}
    </p>
  );
}
