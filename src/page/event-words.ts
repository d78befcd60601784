import type { Track } from '../model/track.js';
import { duration, milliseconds, plural, size, trackWords } from './format.js';
import type { Tone } from './parts/tone.js';

/** An event as `/v1/events` sends it; what stands in `data` is for each type to know. */
export interface ToldEvent {
  readonly id: string;
  readonly type: string;
  /** `<app>/<name>`. */
  readonly subject: string;
  /** ISO 8601. */
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event in words. */
export interface EventWords {
  /** `stream ready`. */
  readonly name: string;
  readonly tone: Tone;
  /** What matters about it; `''`: the name says it all. */
  readonly detail: string;
}

/** The type of an event without what all have in common: `stream.ready`. */
export function eventName(type: string): string {
  return type.replace(/^io\.sluice\./, '');
}

/** What an event says. Types of later versions have their name alone. */
export function eventWords({ type, data }: ToldEvent): EventWords {
  const name = eventName(type);
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  const parts = known?.[1](data) ?? [];
  return {
    name: name.replace('.', ' ').replaceAll('_', ' '),
    tone: known?.[0] ?? 'quiet',
    detail: parts.filter((part) => part !== '').join(', '),
  };
}

type Data = Readonly<Record<string, unknown>>;
type Parts = (data: Data) => readonly string[];

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const words = (value: unknown): string => text(value).replaceAll('_', ' ');

function from(peer: unknown): string {
  const { address, port } = (peer ?? {}) as { address?: unknown; port?: unknown };
  return typeof address === 'string' ? `from ${address}:${String(port)}` : '';
}

function tracks(value: unknown): string {
  return Array.isArray(value) ? value.map((track) => trackWords(track as Track)).join(' + ') : '';
}

const some = (count: unknown, noun: string): string => (number(count) > 0 ? plural(number(count), noun) : '');
const client = (value: unknown): string => (text(value) === '' ? '' : `with ${text(value)}`);
const detailOf: Parts = ({ reason, detail }) => [words(reason), text(detail)];

const KNOWN: Readonly<Record<string, readonly [Tone, Parts]>> = {
  'stream.started': [
    'good',
    (d) => [from(d['peer']), `over ${text(d['transport'])}`, text(d['encoder']) && `by ${text(d['encoder'])}`],
  ],
  'stream.ready': [
    'good',
    (d) => [
      tracks(d['tracks']),
      Array.isArray(d['missing']) ? `without ${d['missing'].join(' and ')}` : '',
      `after ${milliseconds(number(d['timeToReadyMs']))}`,
      d['gopMs'] === undefined ? '' : `a keyframe every ${milliseconds(number(d['gopMs']))}`,
    ],
  ],
  'stream.updated': ['quiet', ({ after }) => [tracks((after as Data | undefined)?.['tracks'])]],
  'stream.stalled': [
    'warn',
    (d) => [`${text(d['kind'])} track ${number(d['trackId'])} without frames for ${milliseconds(number(d['gapMs']))}`],
  ],
  'stream.recovered': [
    'good',
    (d) => [`${text(d['kind'])} track ${number(d['trackId'])} after ${milliseconds(number(d['gapMs']))}`],
  ],
  'stream.suspended': [
    'warn',
    (d) => [words(d['cause']), `the publisher may come back for ${duration(number(d['resumeWindowMs']))}`],
  ],
  'stream.resumed': ['good', (d) => [from(d['peer']), `after ${milliseconds(number(d['gapMs']))}`]],
  'stream.taken_over': ['warn', () => ['a newer publisher was let in']],
  'stream.ended': [
    'warn',
    (d) => [...detailOf(d), `after ${duration(number(d['durationMs']))}`, size(number(d['bytes']))],
  ],
  'stream.rejected': ['bad', (d) => [words(d['reason']), text(d['code']), from(d['peer'])]],
  'stream.active': ['quiet', () => ['the first player came']],
  'stream.idle': ['quiet', () => ['the last player left']],
  'stream.data': ['quiet', (d) => [text(d['handler']), JSON.stringify(d['values'] ?? null).slice(0, 200)]],
  'play.started': ['quiet', (d) => [from(d['peer']), `over ${text(d['transport'])}`, client(d['client'])]],
  'play.ended': [
    'quiet',
    (d) => [
      ...detailOf(d),
      `after ${duration(number(d['durationMs']))}`,
      size(number(d['bytes'])),
      some(d['drops'], 'dropped frame'),
    ],
  ],
  'record.started': ['good', (d) => [text(d['file'])]],
  'record.ended': [
    'quiet',
    (d) => [
      text(d['file']),
      ...detailOf(d),
      `${duration(number(d['durationMs']))} long`,
      size(number(d['bytes'])),
      some(d['gaps'], 'gap'),
    ],
  ],
  'relay.started': ['good', (d) => [text(d['direction']), text(d['url'])]],
  'relay.failed': ['bad', (d) => [text(d['direction']), text(d['url']), text(d['code']), text(d['detail'])]],
  'relay.ended': ['quiet', (d) => [text(d['direction']), text(d['url']), ...detailOf(d)]],
};

const ENDS: Readonly<Record<string, string>> = {
  client_unpublish: 'its publisher stopped',
  client_closed: 'its publisher disconnected',
  client_reset: 'the connection of its publisher was reset',
  dead_peer: 'its publisher no longer answered',
  idle: 'its publisher sent nothing any more',
  kicked: 'somebody ended it',
  takeover: 'a newer publisher took its name',
  limit: 'it went over a limit',
  auth_revoked: 'its permission was taken back',
  auth_expired: 'its permission ran out',
  protocol_error: 'its publisher broke the protocol',
  server_drain: 'the server was taken out of service',
  node_restart: 'the server was started again',
  node_lost: 'the server was lost',
};

/** Why a stream ended, as the rest of a sentence: `its publisher disconnected`. */
export function endWords(reason: string): string {
  return (Object.hasOwn(ENDS, reason) ? ENDS[reason] : undefined) ?? reason.replaceAll('_', ' ');
}
