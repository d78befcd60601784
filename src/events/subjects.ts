import { escapeToken, unescapeToken } from '../core/escape.js';
import { type EventType, TYPE_PREFIX } from './event-types.js';

/** First tokens of every subject, unless `events.prefix` says otherwise. */
export const DEFAULT_PREFIX = 'sluice.v1';

/** `type` of the last event of a stream. */
export const END_TYPE = 'io.sluice.stream.ended';

/** Token behind the prefix of events of streams. */
const STREAMS = 'evt';
/** Token behind the prefix of events of nodes. */
const NODES = 'node';
/** Last token of the subject of a stream's end: the end has one subject, whatever its sequence is. */
const END = 'end';
/** Verb of the events that tell what was changed by control. Each has its ordinal, the first one too. */
const COMMAND = 'command';

/**
 * `<prefix>.evt.<app>.<name>.<streamId>.<entity>.<verb>.<last>`: the subject of a stream's event in its parts, names as
 * they are.
 */
export interface StreamSubject {
  readonly kind: 'stream';
  readonly prefix: string;
  readonly app: string;
  readonly name: string;
  /** For a refused publish the id of the attempt. */
  readonly streamId: string;
  /** `stream`, `play`. */
  readonly entity: string;
  /** `started`, `ready`, `ended` … */
  readonly verb: string;
  /**
   * Number of the event in its stream; `end` for `stream.ended`. What counts on its own has `<its id>-<number>`, and
   * `<its id>-end`.
   */
  readonly last: string;
}

/**
 * `<prefix>.node.<nodeId>.<bootId>.<verb>`: the subject of a node's event in its parts. A verb that occurs again in one
 * boot (drain, undrain, drain) has its ordinal as a further token.
 */
export interface NodeSubject {
  readonly kind: 'node';
  readonly prefix: string;
  readonly nodeId: string;
  readonly bootId: string;
  readonly verb: string;
  /** 1 for the first time that the verb occurs in a boot. */
  readonly ordinal: number;
}

/** What names a stream in subjects. */
export interface StreamNames {
  readonly app: string;
  readonly name: string;
  readonly streamId: string;
}

/** Writes a subject. The inverse of {@link parseSubject}. */
export function formatSubject(s: StreamSubject | NodeSubject): string {
  if (s.kind === 'stream') {
    return `${s.prefix}.${STREAMS}.${streamKey(s)}.${escapeToken(s.streamId)}.${s.entity}.${s.verb}.${s.last}`;
  }
  const first = `${s.prefix}.${NODES}.${nodeKey(s.nodeId, s.bootId)}.${s.verb}`;
  return s.ordinal > 1 || s.verb === COMMAND ? `${first}.${s.ordinal}` : first;
}

/**
 * Reads the subject of an event. @returns `undefined` when it is no such subject, or one of its names is not written as
 * names are
 */
export function parseSubject(subject: string): StreamSubject | NodeSubject | undefined {
  const tokens = subject.split('.');
  const stream = tokens.length - 7;
  if (stream > 0 && tokens[stream] === STREAMS) {
    const [app, name, streamId] = tokens.slice(stream + 1, stream + 4).map(unescapeToken);
    if (app === undefined || name === undefined || streamId === undefined) return undefined;
    const [entity, verb, last] = tokens.slice(stream + 4);
    return { kind: 'stream', prefix: tokens.slice(0, stream).join('.'), app, name, streamId, entity, verb, last };
  }
  const node = tokens.length - (isOrdinal(tokens[tokens.length - 1]) ? 5 : 4);
  if (node <= 0 || tokens[node] !== NODES) return undefined;
  const [nodeId, bootId] = tokens.slice(node + 1, node + 3).map(unescapeToken);
  if (nodeId === undefined || bootId === undefined) return undefined;
  const ordinal = Number(tokens[node + 4] ?? 1);
  return { kind: 'node', prefix: tokens.slice(0, node).join('.'), nodeId, bootId, verb: tokens[node + 3], ordinal };
}

function isOrdinal(token: string): boolean {
  return /^[1-9]\d*$/.test(token);
}

/** As {@link parseSubject}; `undefined` also for the subject of a node's event. */
export function parseStreamSubject(subject: string): StreamSubject | undefined {
  const parts = parseSubject(subject);
  return parts?.kind === 'stream' ? parts : undefined;
}

/** `stream.started` for `io.sluice.stream.started`: entity and verb, as subjects have them. */
export function eventName(type: string): string {
  return type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : type;
}

/**
 * The subject of a stream's event. Every event has one of its own, so that JetStream can refuse a second copy for as
 * long as it keeps the first.
 *
 * @param sequence number of the event in its stream
 */
export function eventSubject(prefix: string, stream: StreamNames, type: EventType, sequence: number): string {
  const { app, name, streamId } = stream;
  const [entity, verb] = eventName(type).split('.');
  const last = type === END_TYPE ? END : String(sequence);
  return formatSubject({ kind: 'stream', prefix, app, name, streamId, entity, verb, last });
}

/**
 * The subject of an event of something that counts on its own beside its stream, such as a recording.
 *
 * @param last its id, a dash, and the number of the event or `end`
 */
export function ownSubject(prefix: string, stream: StreamNames, type: EventType, last: string): string {
  const { app, name, streamId } = stream;
  const [entity, verb] = eventName(type).split('.');
  return formatSubject({ kind: 'stream', prefix, app, name, streamId, entity, verb, last });
}

/** Whether an event counts on its own, and not in the sequence of its stream. */
export function countsOnItsOwn({ last }: StreamSubject): boolean {
  return last !== END && !/^\d+$/.test(last);
}

/**
 * The number in the last token of a subject of a stream's event. @returns `undefined` for an end, and for what counts
 * on its own
 */
export function sequenceIn({ last }: StreamSubject): number | undefined {
  return /^\d+$/.test(last) ? Number(last) : undefined;
}

/**
 * The filter that takes the events of streams: all of them, or those of one type, of one entity of a stream, of one
 * stream, of one name.
 */
export function eventFilter(
  prefix: string,
  of: Partial<StreamNames> & { readonly type?: EventType; readonly entity?: 'stream' | 'play' } = {},
): string {
  const { app, name, streamId, type, entity } = of;
  const names = `${prefix}.${STREAMS}.${tokenOf(app)}.${tokenOf(name)}`;
  if (type !== undefined) {
    return `${names}.${tokenOf(streamId)}.${eventName(type)}.${type === END_TYPE ? END : '*'}`;
  }
  if (entity !== undefined) return `${names}.${tokenOf(streamId)}.${entity}.>`;
  return streamId === undefined ? `${names}.>` : `${names}.${tokenOf(streamId)}.>`;
}

function tokenOf(text: string | undefined): string {
  return text === undefined ? '*' : escapeToken(text);
}

/** The filters that take every event there is: those of streams, then those of nodes. */
export function allEvents(prefix: string): readonly [streams: string, nodes: string] {
  return [`${prefix}.${STREAMS}.>`, `${prefix}.${NODES}.>`];
}

/** The subject of an event type with the parts that vary in braces, as AsyncAPI writes them. */
export function subjectTemplate(type: EventType): string {
  const name = eventName(type);
  const [entity, verb] = name.split('.');
  if (entity === 'node') {
    return `${DEFAULT_PREFIX}.${NODES}.{nodeId}.{bootId}.${verb}${verb === COMMAND ? '.{n}' : ''}`;
  }
  const own = entity === 'record' || entity === 'relay' ? `{${entity}Id}-${verb === 'ended' ? END : '{n}'}` : undefined;
  const last = own ?? (type === END_TYPE ? END : '{seq}');
  return `${DEFAULT_PREFIX}.${STREAMS}.{app}.{name}.{streamId}.${name}.${last}`;
}

/** The subject of a message that is not stored: `<prefix>.<tokens…>`, each token escaped. */
export function signalSubject(prefix: string, tokens: readonly string[]): string {
  return [prefix, ...tokens.map(escapeToken)].join('.');
}

/** Key of a stream's value in `SLUICE_STREAMS`. */
export function streamKey({ app, name }: { readonly app: string; readonly name: string }): string {
  return `${escapeToken(app)}.${escapeToken(name)}`;
}

/** The name that {@link streamKey} made a key of; undefined when it made no such key. */
export function nameOfKey(key: string): { readonly app: string; readonly name: string } | undefined {
  const [app, name, ...more] = key.split('.').map(unescapeToken);
  if (app === undefined || name === undefined || more.length > 0) return undefined;
  return streamKey({ app, name }) === key ? { app, name } : undefined;
}

/** Key of a process's heartbeat in `SLUICE_NODES`. */
export function nodeKey(nodeId: string, bootId: string): string {
  return `${escapeToken(nodeId)}.${escapeToken(bootId)}`;
}
