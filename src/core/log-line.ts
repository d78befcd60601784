import { codecName } from './codec-name.js';
import { ERRORS, type ErrorCode } from './errors.js';
import { programName } from './program-name.js';
import { duration, size } from './quantities.js';

/** Ids of connections, streams and plays. A terminal shows them at level debug only; format json always has them. */
const ID = /(?:^id|Id)$/;
/** Fields that the line shows in another place. */
const SHOWN = new Set(['level', 'time', 'msg', 'app', 'name', 'peer', 'err', 'codecs', 'media', 'encoder', 'client']);
/** Fields that a terminal shows at level debug only: the log of a server stays one short line for each event. */
const AT_DEBUG = new Set(['afterMs']);
/** Fields whose value says by itself what it is. */
const BARE = new Set(['reason', 'cause', 'detail', 'kind']);
/** Columns of the sentence of a line about a stream, so that names stand below each other. */
const SENTENCE_COLUMNS = 16;
/** A number or name of at least so many characters that the sentence has already is not written again. */
const TELLING_CHARACTERS = 4;

type Entry = Readonly<Record<string, unknown>>;

/** The parts of a line for a person. */
interface Parts {
  readonly sentence: string;
  /** `app/name`, or ''. */
  readonly subject: string;
  readonly details: string;
}

/**
 * Writes a log entry as one line for a person: the sentence, the stream, then the facts, with the peer last.
 *
 * @param entry the fields of a line, cleaned already
 * @param withIds whether ids of connections, streams and plays are shown, too
 */
export function readableLine(entry: Entry, withIds: boolean): string {
  return joined(partsOf(entry, withIds), (text) => text);
}

const LEVELS: Readonly<Record<string, { readonly word: string; readonly colour: string }>> = {
  debug: { word: 'debug', colour: '34' },
  info: { word: 'info ', colour: '32' },
  warn: { word: 'WARN ', colour: '33' },
  error: { word: 'ERROR', colour: '31' },
};

/**
 * Turns a JSON line of the log into one for a terminal: the local time, the level, and what {@link readableLine}
 * writes. At level debug the time has milliseconds.
 *
 * @param json one JSON object, as the logger writes it
 */
export function terminalLine(json: string, o: { readonly colour: boolean; readonly withIds: boolean }): string {
  const entry = JSON.parse(json) as Entry;
  const { word, colour } = LEVELS[String(entry['level'])] ?? { word: String(entry['level']), colour: '39' };
  const paint = (code: string, text: string): string => (o.colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const isTrouble = word === 'WARN ' || word === 'ERROR';
  const line = joined(partsOf(entry, o.withIds), (text) => (isTrouble ? paint(`1;${colour}`, text) : paint('1', text)));
  return `${paint('2', localTime(String(entry['time']), o.withIds))} ${paint(colour, word)} ${line}\n`;
}

function joined({ sentence, subject, details }: Parts, paint: (sentence: string) => string): string {
  const gap = subject === '' ? '' : ' '.repeat(Math.max(0, SENTENCE_COLUMNS - sentence.length));
  return [paint(sentence) + gap, subject, details].filter((part) => part !== '').join('  ');
}

function partsOf(entry: Entry, withIds: boolean): Parts {
  const { app, name, err } = entry;
  const sentence = String(entry['msg'] ?? '');
  const stream = typeof name === 'string' && typeof app === 'string' ? `${app}/${name}` : name;
  const subject = typeof stream === 'string' ? stream : typeof app === 'string' ? `app ${app}` : '';
  const details = [mediaWords(entry)];
  const told = [sentence, entry['detail'], entry['cause'], (err as Entry | null | undefined)?.['message']].join(' ');
  for (const [key, value] of Object.entries(entry)) {
    if (
      SHOWN.has(key) ||
      (!withIds && (ID.test(key) || AT_DEBUG.has(key))) ||
      isIn(sentence, value) ||
      isEmpty(key, value, entry)
    )
      continue;
    details.push(factWords(key, value, told));
  }
  details.push(peerWords(entry));
  if (typeof err === 'object' && err !== null) details.push(errorWords(err as Entry, entry['code']));
  return { sentence, subject, details: details.filter((text) => text !== '').join(', ') };
}

/** Whether a sentence says a value in a word of its own. */
function isIn(sentence: string, value: unknown): boolean {
  const text = String(value);
  return text.length >= TELLING_CHARACTERS && ` ${sentence.replace(/[;:,]/g, ' ')} `.includes(` ${text} `);
}

/** Whether a value says nothing: an object without members, or a reason that only names another fact of the line. */
function isEmpty(key: string, value: unknown, entry: Entry): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return BARE.has(key) && typeof value === 'string' && Object.hasOwn(entry, value);
}

function factWords(key: string, value: unknown, told: string): string {
  if (typeof value === 'string' && BARE.has(key)) return value;
  if (typeof value === 'string' && key === 'code') return meaning(value, told);
  if (key === 'missing' && typeof value === 'string') return `without ${value}`;
  if (typeof value === 'number' && /^(?:ms|.*Ms)$/.test(key))
    return `${words(key.slice(0, -2))} ${duration(value)}`.trim();
  if (typeof value === 'number' && key === 'bytes') return size(value);
  if (typeof value === 'number' && key.endsWith('Bytes')) return `${words(key.slice(0, -5))} ${size(value)}`;
  return `${words(key)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`;
}

/** `reconnectTo`: `reconnect to`. */
function words(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** What an error code means, with the code behind it; a code stands alone where its meaning is told already. */
function meaning(code: string, told: string): string {
  if (code === 'ERR_INTERNAL' || !Object.hasOwn(ERRORS, code)) return code;
  const { says } = ERRORS[code as ErrorCode];
  return told.includes(says) ? code : `${says} (${code})`;
}

/** `from 192.0.2.7 (OBS 30.2)`. */
function peerWords({ peer, encoder, client }: Entry): string {
  const says = encoder ?? client;
  const program = says === undefined ? '' : programName(String(says));
  if (peer === undefined) return program === '' ? '' : `with ${program}`;
  return `from ${String(peer)}${program === '' ? '' : ` (${program})`}`;
}

/** What a stream carries: as its line says it, else its codecs in the words of people, `h264 1280x720 + aac`. */
function mediaWords({ media, codecs }: Entry): string {
  if (typeof media === 'string') return media;
  return typeof codecs === 'string'
    ? codecs.replace(/(^| \+ )([^ ]+)/g, (_, gap, codec) => gap + codecName(codec))
    : '';
}

function localTime(iso: string, withMillis: boolean): string {
  const date = new Date(iso);
  const digits = (value: number, count: number): string => String(value).padStart(count, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => digits(value, 2)).join(':');
  return withMillis ? `${clock}.${digits(date.getMilliseconds(), 3)}` : clock;
}

/** What an error says, and where a defect was thrown. */
function errorWords(err: Entry, code: unknown): string {
  const { message, frames, cause } = err;
  const own = err['code'];
  const inside = typeof cause === 'object' && cause !== null ? (cause as Entry)['message'] : undefined;
  const place = Array.isArray(frames) && typeof frames[0] === 'string' ? ` ${frames[0]}` : '';
  const known = typeof own === 'string' && own !== code && !String(message).includes(own) ? ` (${own})` : '';
  return `${String(message ?? '')}${known}${inside === undefined ? '' : `, because of: ${String(inside)}`}${place}`;
}
