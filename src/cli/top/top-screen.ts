import { codecName } from '../../core/codec-name.js';
import { cleanText } from '../../core/log-fields.js';
import { duration } from '../../core/quantities.js';
import type { Overview } from '../../model/overview.js';
import type { Track } from '../../model/track.js';
import { inColumns, textWidth } from './text-width.js';
import { sorted, type TopState } from './top-state.js';

/** The screen that is drawn on. */
interface ScreenShape {
  readonly columns: number;
  /** Lines; undefined: as many as it takes, and no line about keys. */
  readonly rows: number | undefined;
  readonly colour: boolean;
  /** The clock, epoch ms. */
  readonly nowMs: number;
}

type Stream = Overview['streams'][number];

interface Column {
  readonly title: string;
  readonly show: (stream: Stream, nowMs: number) => string;
  readonly isNumber?: boolean;
  /** Fewest columns; a text column without them has the width of its longest cell. */
  readonly least?: number;
}

const COLUMNS: readonly Column[] = [
  { title: 'STREAM', show: ({ app, name }) => cleanText(`${app}/${name}`), least: 12 },
  { title: 'STATE', show: ({ state }) => cleanText(state) },
  { title: 'AGE', show: ({ startedAt }, nowMs) => ageOf(startedAt, nowMs), isNumber: true },
  { title: 'CODEC', show: ({ tracks }) => cleanText(codecs(tracks)) },
  { title: 'PICTURE', show: ({ tracks }) => pictureOf(tracks) },
  { title: 'IN kbit/s', show: ({ kbpsIn }) => String(Math.round(kbpsIn)), isNumber: true },
  { title: 'OUT kbit/s', show: ({ kbpsOut }) => String(Math.round(kbpsOut)), isNumber: true },
  { title: 'PLAYERS', show: ({ players }) => String(players), isNumber: true },
  { title: 'DELAY', show: ({ delayMs }) => (delayMs === undefined ? '-' : duration(delayMs)), isNumber: true },
  { title: 'TROUBLE', show: ({ trouble }) => cleanText(trouble ?? ''), least: 10 },
];
/** What is left out first where the screen is narrow. */
const LEFT_OUT = ['PICTURE', 'CODEC', 'DELAY', 'AGE', 'OUT kbit/s', 'TROUBLE', 'STATE', 'PLAYERS', 'IN kbit/s'];
const GAP = 2;
/** Lines that are no streams: three of the head, an empty one, the titles, and the keys. */
const OTHER_LINES = 6;
const KEYS = 'n name  p players  b bitrate  a age  arrows scroll  q quit';

/** Streams that a screen of so many lines has room for. */
export function pageOf(rows: number): number {
  return Math.max(1, rows - OTHER_LINES);
}

/** The lines of the screen, none wider and not more than it has. */
export function renderTop(state: TopState, screen: ScreenShape): readonly string[] {
  const { columns, rows, colour } = screen;
  const paint = (code: string, text: string): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const list = sorted(state);
  const page = rows === undefined ? list.length : pageOf(rows);
  const first = Math.max(0, Math.min(state.first, list.length - page));
  const shown = list.slice(first, first + page);
  const health = healthOf(state, screen.nowMs);
  const lines = [
    paint('1', clip(headOf(state, screen.nowMs), columns)),
    paint(health.colour, clip(health.text, columns)),
    clip(totalsOf(state), columns),
  ];
  if (state.overview !== undefined) lines.push('', ...tableOf(shown, screen, paint));
  if (rows === undefined) return lines;
  const range = list.length > shown.length ? `  ${first + 1}-${first + shown.length} of ${list.length}` : '';
  const sort = `  sorted by ${state.sort}${state.isReversed ? ', turned round' : ''}`;
  while (lines.length < rows - 1) lines.push('');
  return [...lines.slice(0, rows - 1), paint('2', clip(`${KEYS}${sort}${range}`, columns))];
}

function clip(text: string, columns: number): string {
  return inColumns(text, Math.min(columns, textWidth(text)));
}

function headOf({ where, overview }: TopState, nowMs: number): string {
  if (overview === undefined) return `sluice top  ${where}`;
  const { nodeId, version, startedAt } = overview.node;
  return `sluice top  ${where}  ${cleanText(`${nodeId}  ${version}`)}  up ${ageOf(startedAt, nowMs)}`;
}

function healthOf({ overview, trouble }: TopState, nowMs: number): { readonly text: string; readonly colour: string } {
  if (trouble !== undefined) {
    const since = duration(Math.max(0, nowMs - trouble.sinceMs));
    return { text: `no answer for ${since}: ${cleanText(trouble.text)}; it is asked again every second`, colour: '31' };
  }
  if (overview === undefined) return { text: 'asking …', colour: '2' };
  const { ready, reasons, degraded, nats } = overview.node;
  const bus = nats === 'off' ? '' : `  NATS ${nats}`;
  if (!ready) return { text: `takes no work: ${cleanText(reasons.join('; '))}${bus}`, colour: '31' };
  if (degraded.length > 0) return { text: `degraded: ${cleanText(degraded.join('; '))}${bus}`, colour: '33' };
  return { text: `healthy${bus}`, colour: '32' };
}

function totalsOf({ overview }: TopState): string {
  if (overview === undefined) return '';
  const { streams, total } = overview;
  const sum = (of: (stream: Stream) => number): number => streams.reduce((all, stream) => all + of(stream), 0);
  const mbit = (kbps: number): string => `${(kbps / 1000).toFixed(1)} Mbit/s`;
  const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const troubled = streams.filter(({ trouble }) => trouble !== undefined).length;
  const parts = [
    count(total, 'stream'),
    count(
      sum(({ players }) => players),
      'player',
    ),
    `in ${mbit(sum(({ kbpsIn }) => kbpsIn))}`,
    `out ${mbit(sum(({ kbpsOut }) => kbpsOut))}`,
  ];
  if (troubled > 0) parts.push(`${troubled} with trouble`);
  if (total > streams.length) parts.push(`the oldest ${streams.length} are shown`);
  return parts.join('  ');
}

function tableOf(
  streams: readonly Stream[],
  { columns, nowMs }: ScreenShape,
  paint: (code: string, text: string) => string,
): readonly string[] {
  if (streams.length === 0) return ['nothing is published'];
  const cells = streams.map((stream) => COLUMNS.map(({ show }) => show(stream, nowMs)));
  const widths = widthsOf(cells, columns);
  const line = (texts: readonly string[]): string => {
    const fitted = texts
      .map((text, i) => inColumns(text, widths[i]!, COLUMNS[i]?.isNumber))
      .filter((_, i) => widths[i]! > 0);
    return fitted.join(' '.repeat(GAP)).trimEnd();
  };
  const head = paint('2', line(COLUMNS.map(({ title }) => title)));
  return [
    head,
    ...cells.map((texts, i) => (streams[i]?.trouble === undefined ? line(texts) : paint('33', line(texts)))),
  ];
}

/** Columns of each cell; 0: it is left out. */
function widthsOf(cells: readonly (readonly string[])[], columns: number): number[] {
  const wanted = COLUMNS.map(({ title }, i) => Math.max(title.length, ...cells.map((row) => textWidth(row[i]!))));
  const [name, trouble] = [0, COLUMNS.length - 1];
  if (cells.every((row) => row[trouble] === '')) wanted[trouble] = 0;
  const widths = wanted.map((width, i) => Math.min(width, COLUMNS[i]?.least ?? width));
  const room = (): number => {
    const used = widths.filter((width) => width > 0);
    return columns - used.reduce((sum, width) => sum + width + GAP, -GAP);
  };
  for (const title of LEFT_OUT) {
    if (room() >= 0) break;
    widths[COLUMNS.findIndex((column) => column.title === title)] = 0;
  }
  if (room() < 0) widths[name] = columns;
  for (const index of [name, trouble]) {
    if (widths[index]! > 0) widths[index] = Math.min(wanted[index]!, widths[index]! + Math.max(0, room()));
  }
  return widths;
}

function ageOf(startedAt: string, nowMs: number): string {
  const startedMs = Date.parse(startedAt);
  return Number.isNaN(startedMs) ? '-' : duration(Math.max(0, nowMs - startedMs));
}

function codecs(tracks: readonly Track[]): string {
  return tracks.map(({ codec }) => codecName(codec)).join(' + ');
}

/** `1280x720@30` of the first track with a picture. */
function pictureOf(tracks: readonly Track[]): string {
  const track = tracks.find(({ width }) => width !== undefined);
  if (track === undefined) return '-';
  const fps = track.fps ?? track.declaredFps;
  return `${track.width}x${track.height}${fps === undefined ? '' : `@${Math.round(fps * 100) / 100}`}`;
}
