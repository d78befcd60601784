import type { Listed } from './tile-facts.js';

/** How streams can be ordered, and what it is called. */
export const ORDERS = {
  name: 'Name',
  players: 'Most players',
  rate: 'Highest bit rate',
  newest: 'Newest',
} as const;

/** One of {@link ORDERS}. */
export type Order = keyof typeof ORDERS;

const COLLATOR = new Intl.Collator('en', { numeric: true });
const byName = (a: Listed, b: Listed): number =>
  COLLATOR.compare(`${a.app}/${a.name}`, `${b.app}/${b.name}`) || (a.streamId < b.streamId ? -1 : 1);

const COMPARE: Readonly<Record<Order, (a: Listed, b: Listed) => number>> = {
  name: byName,
  players: (a, b) => b.players - a.players || byName(a, b),
  // Steps of a tenth: streams of about the same rate do not change places with every look.
  rate: (a, b) => step(b.kbpsIn) - step(a.kbpsIn) || byName(a, b),
  newest: (a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt) || byName(a, b),
};

function step(kbps: number): number {
  return kbps < 1 ? 0 : Math.round(Math.log(kbps) / Math.log(1.1));
}

/**
 * The streams that match what was typed, in an order.
 *
 * @param words all of them must be in the name, the state, a codec or the trouble, whatever their case
 */
export function listed(streams: readonly Listed[], words: string, order: Order): readonly Listed[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return streams
    .filter((stream) => {
      const text = textOf(stream);
      return wanted.every((word) => text.includes(word));
    })
    .sort(COMPARE[order]);
}

function textOf({ app, name, state, tracks, trouble, streamId }: Listed): string {
  const codecs = tracks.map(({ codec }) => codec);
  const parts = [`${app}/${name}`, state, ...codecs, trouble ?? '', trouble === undefined ? '' : 'trouble', streamId];
  return parts.join(' ').toLowerCase();
}

/** What all streams have together. */
export function totals(streams: readonly Listed[]): {
  readonly players: number;
  readonly kbpsIn: number;
  readonly kbpsOut: number;
  readonly troubled: number;
} {
  const sum = (of: (stream: Listed) => number): number => streams.reduce((all, stream) => all + of(stream), 0);
  return {
    players: sum(({ players }) => players),
    kbpsIn: sum(({ kbpsIn }) => kbpsIn),
    kbpsOut: sum(({ kbpsOut }) => kbpsOut),
    troubled: sum(({ trouble }) => (trouble === undefined ? 0 : 1)),
  };
}

/**
 * Where an encoder publishes, as a URL without the name of a stream.
 *
 * @param rtmp where the server listens, `host:port`
 * @param pageHost name of the server as the browser knows it: where it listens everywhere, this one is told
 */
export function publishUrl(rtmp: string, pageHost: string): string {
  const colon = rtmp.lastIndexOf(':');
  const [host, port] = [rtmp.slice(0, colon), rtmp.slice(colon + 1)];
  const told = ['0.0.0.0', '[::]', '::', ''].includes(host) ? pageHost : host;
  return `rtmp://${told}${port === '1935' ? '' : `:${port}`}/live`;
}
