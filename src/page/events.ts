import { eventName, type ToldEvent } from './event-words.js';
import { plainJson } from './plain-json.js';
import { useEffect, useState } from './preact.js';

/** Events that are kept. */
const MOST = 200;
/** How long events are gathered before they are shown, in ms: history comes in one burst. */
const GATHER_MS = 100;
/** How long it takes until a refused question is asked again, in ms. */
const AGAIN_MS = 5000;

/** Verbs of the events that are listened for, by what they are about: an `EventSource` wants to be told each name. */
const VERBS: Readonly<Record<string, readonly string[]>> = {
  stream: [
    ...['started', 'ready', 'updated', 'stalled', 'recovered', 'suspended', 'resumed', 'taken_over', 'ended'],
    ...['rejected', 'active', 'idle', 'data'],
  ],
  play: ['started', 'ended'],
  record: ['started', 'ended'],
  relay: ['started', 'failed', 'ended'],
};
const TYPES = Object.entries(VERBS).flatMap(([entity, verbs]) => verbs.map((verb) => `io.sluice.${entity}.${verb}`));

/** The newest of all that is known, newest first, each once. */
export function merged(known: readonly ToldEvent[], come: readonly ToldEvent[]): readonly ToldEvent[] {
  const ids = new Set(known.map(({ id }) => id));
  const fresh = come.filter(({ id }) => !ids.has(id) && ids.add(id));
  return fresh.length === 0 ? known : [...fresh.reverse(), ...known].slice(0, MOST);
}

/** An event of `/v1/events`; undefined: it is none. */
export function readEvent(json: string): ToldEvent | undefined {
  try {
    const event = plainJson(json) as Partial<ToldEvent>;
    const isEvent = typeof event.id === 'string' && typeof event.type === 'string' && typeof event.data === 'object';
    return isEvent && event.data !== null ? (event as ToldEvent) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The last events of a stream, newest first, while it is shown.
 *
 * @param since where they begin: an ISO 8601 time or a duration; undefined: nothing is asked
 * @returns what is known, and whether more would be told now
 */
export function useEvents(
  streamId: string,
  since: string | undefined,
): {
  readonly events: readonly ToldEvent[];
  readonly isFollowing: boolean;
} {
  const [events, setEvents] = useState<readonly ToldEvent[]>([]);
  const [isFollowing, setFollowing] = useState(true);
  useEffect(() => {
    setEvents([]);
    if (since === undefined) return undefined;
    return follow(streamId, since, (come) => setEvents((known) => merged(known, come)), setFollowing);
  }, [streamId, since]);
  return { events, isFollowing };
}

/**
 * Follows events until the function that is returned is called. While the tab is hidden nobody looks: a browser has few
 * connections to a server for all its tabs, and the first that are open would keep all others out.
 */
function follow(
  streamId: string,
  since: string,
  onEvents: (events: readonly ToldEvent[]) => void,
  onState: (isFollowing: boolean) => void,
): () => void {
  let gathered: ToldEvent[] = [];
  let source: EventSource | undefined;
  let gathering = 0;
  let again = 0;
  /** Where it goes on when it is asked for anew: what is known already is told once more, and left out. */
  let from = since;
  const take = ({ data }: MessageEvent<string>): void => {
    const event = readEvent(data);
    if (event === undefined) return;
    from = event.time;
    gathered.push(event);
    if (gathering !== 0) return;
    gathering = window.setTimeout(() => {
      const come = gathered;
      gathered = [];
      gathering = 0;
      onEvents(come);
    }, GATHER_MS);
  };
  const open = (): void => {
    const opened = new EventSource(`/v1/events?${new URLSearchParams({ streamId, since: from })}`);
    source = opened;
    for (const type of TYPES) opened.addEventListener(type, take);
    opened.addEventListener('open', () => onState(true));
    opened.addEventListener('error', () => {
      onState(false);
      // A refusal is final for the browser: it asks again by itself only where a connection was lost.
      if (opened.readyState === EventSource.CLOSED) again = window.setTimeout(open, AGAIN_MS);
    });
  };
  const close = (): void => {
    clearTimeout(again);
    source?.close();
    source = undefined;
  };
  const look = (): void => {
    if (document.hidden) close();
    else if (source === undefined) open();
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    clearTimeout(gathering);
    close();
  };
}

/** Whether an event says that the stream is over. */
export function isEnd({ type }: ToldEvent): boolean {
  return eventName(type) === 'stream.ended';
}
