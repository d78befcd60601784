import type { Overview } from '../../model/overview.js';

/** What streams are sorted by. */
type TopSort = 'name' | 'players' | 'bitrate' | 'age';

/** What `sluice top` knows and shows. */
export interface TopState {
  /** The server that is asked. */
  readonly where: string;
  /** The last answer; undefined before the first. */
  readonly overview: Overview | undefined;
  /** Why there is no answer now, and since when (epoch ms); undefined while there are answers. */
  readonly trouble: { readonly text: string; readonly sinceMs: number } | undefined;
  readonly sort: TopSort;
  /** Whether the order is turned round. */
  readonly isReversed: boolean;
  /** Index of the first stream that is shown. */
  readonly first: number;
}

/** The state at the start. */
export function firstState(where: string): TopState {
  return { where, overview: undefined, trouble: undefined, sort: 'name', isReversed: false, first: 0 };
}

const SORTS: Readonly<Record<string, TopSort>> = { n: 'name', p: 'players', b: 'bitrate', a: 'age' };
const UP = ['\x1b[A', '\x1bOA', 'k'];
const DOWN = ['\x1b[B', '\x1bOB', 'j'];
const PAGE_UP = '\x1b[5~';
const PAGE_DOWN = '\x1b[6~';
const HOME = ['\x1b[H', '\x1b[1~'];
const END = ['\x1b[F', '\x1b[4~'];

/** The keys in what a terminal has sent: single characters, and sequences that begin with ESC. */
export function keysIn(text: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: keys of a terminal are control characters
  return text.match(/\x1b(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[\s\S]/gu) ?? [];
}

/** Whether a key ends the program: `q`, Ctrl-C, Ctrl-D. */
export function isQuit(key: string): boolean {
  return key === 'q' || key === 'Q' || key === '\x03' || key === '\x04';
}

/**
 * The state after a key. A sort key that is pressed again turns the order round.
 *
 * @param page streams that the screen has room for
 */
export function pressed(state: TopState, key: string, page: number): TopState {
  const sort = SORTS[key.toLowerCase()];
  if (sort !== undefined) return { ...state, sort, isReversed: sort === state.sort && !state.isReversed, first: 0 };
  const last = Math.max(0, (state.overview?.streams.length ?? 0) - page);
  const scrolled = (to: number): TopState => ({ ...state, first: Math.max(0, Math.min(last, to)) });
  if (UP.includes(key)) return scrolled(state.first - 1);
  if (DOWN.includes(key)) return scrolled(state.first + 1);
  if (key === PAGE_UP) return scrolled(state.first - page);
  if (key === PAGE_DOWN) return scrolled(state.first + page);
  if (HOME.includes(key)) return scrolled(0);
  return END.includes(key) ? scrolled(last) : state;
}

/** The state after an answer. */
export function answered(state: TopState, overview: Overview): TopState {
  return { ...state, overview, trouble: undefined };
}

/** The state after a question without an answer. What was shown stays. */
export function unanswered(state: TopState, text: string, nowMs: number): TopState {
  return { ...state, trouble: { text, sinceMs: state.trouble?.sinceMs ?? nowMs } };
}

type Streams = Overview['streams'];

/** Streams in the order of the state; the largest, and the oldest, come first. */
export function sorted({ overview, sort, isReversed }: TopState): Streams {
  const nameOf = ({ app, name }: Streams[number]): string => `${app}/${name}`;
  const byName = (a: Streams[number], b: Streams[number]): number => (nameOf(a) < nameOf(b) ? -1 : 1);
  const orders: Readonly<Record<TopSort, (a: Streams[number], b: Streams[number]) => number>> = {
    name: byName,
    players: (a, b) => b.players - a.players,
    bitrate: (a, b) => b.kbpsIn - a.kbpsIn,
    age: (a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt),
  };
  const list = [...(overview?.streams ?? [])].sort((a, b) => orders[sort](a, b) || byName(a, b));
  return isReversed ? list.reverse() : list;
}
