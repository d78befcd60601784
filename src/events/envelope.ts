import { escapeToken } from '../core/escape.js';
import type { EventData, EventType, SluiceEvent } from './event-types.js';
import { dataSchemaId } from './schemas/index.js';
import { END_TYPE, eventName, eventSubject, formatSubject, ownSubject, type StreamNames } from './subjects.js';

/** Largest event, in bytes of JSON. {@link file://./lifecycle.ts} keeps every field bounded so that none is larger. */
export const MAX_EVENT_BYTES = 8192;

/** A finished event: its JSON bytes, which the journal holds and JetStream stores, and its subject. */
export interface Envelope {
  readonly id: string;
  readonly type: EventType;
  /** NATS subject. */
  readonly subject: string;
  /** UTF-8 JSON of the {@link SluiceEvent}; immutable shared. */
  readonly json: Buffer;
}

/** The process that emits. */
export interface Emitter {
  readonly prefix: string;
  readonly nodeId: string;
  readonly bootId: string;
}

const sources = new WeakMap<Emitter, string>();

/** `source` of everything that a process emits. */
function sourceOf(emitter: Emitter): string {
  let source = sources.get(emitter);
  if (source === undefined) {
    source = `/sluice/${escapeToken(emitter.nodeId)}/${emitter.bootId}`;
    sources.set(emitter, source);
  }
  return source;
}

/** A sequence in the form that CloudEvents' extension of that name requires: a text that sorts. */
export function sequenceText(sequence: number): string {
  return String(sequence).padStart(10, '0');
}

/** The id of a stream's event: `<streamId>:<seq>`, `<streamId>:end` for `stream.ended`. */
export function eventId(streamId: string, type: EventType, sequence: number): string {
  return type === END_TYPE ? `${streamId}:end` : `${streamId}:${sequence}`;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A W3C `traceparent` that is the same for all events of a stream: the trace id is the ULID's 128 bits, the parent id
 * its last 64.
 *
 * @returns `undefined` when `streamId` is not a ULID
 */
export function traceparentOf(streamId: string): string | undefined {
  if (streamId.length !== 26) return undefined;
  let bits = 0n;
  for (const letter of streamId) {
    const value = CROCKFORD.indexOf(letter);
    if (value < 0) return undefined;
    bits = (bits << 5n) | BigInt(value);
  }
  const hex = (bits & ((1n << 128n) - 1n)).toString(16).padStart(32, '0');
  const parent = hex.slice(16);
  return `00-${hex}-${parent === '0000000000000000' ? '0000000000000001' : parent}-01`;
}

/**
 * Builds the envelope of a stream's event.
 *
 * @param stream for a refused publish its `streamId` is the id of the attempt
 * @param timeMs when it happened, milliseconds since the epoch
 */
export function streamEvent<T extends EventType>(
  emitter: Emitter,
  stream: StreamNames,
  type: T,
  sequence: number,
  timeMs: number,
  data: EventData[T],
  traceparent: string | undefined = traceparentOf(stream.streamId),
): Envelope {
  return envelopeOf(emitter, {
    ...{ stream, type, sequence, timeMs, data, traceparent },
    id: eventId(stream.streamId, type, sequence),
    subject: eventSubject(emitter.prefix, stream, type, sequence),
  });
}

/** One event of something that counts on its own beside its stream. */
interface OwnEvent<T extends EventType> {
  readonly stream: StreamNames;
  /** Its id, one subject token, such as a ULID. */
  readonly ownId: string;
  readonly type: T;
  /** Number of the event, from 1. */
  readonly sequence: number;
  /** Whether it is the last one: then id and subject are the same whatever its number is. */
  readonly isEnd?: boolean;
}

/**
 * Builds the envelope of an event of something that has a life of its own beside its stream, such as a recording. The
 * id is `<streamId>:<ownId>-<n>`, or `-end`, so that it is published in order with the events of its stream.
 *
 * @param timeMs when it happened, milliseconds since the epoch
 */
export function ownEvent<T extends EventType>(
  emitter: Emitter,
  { stream, ownId, type, sequence, isEnd = false }: OwnEvent<T>,
  timeMs: number,
  data: EventData[T],
): Envelope {
  const last = `${ownId}-${isEnd ? 'end' : sequence}`;
  return envelopeOf(emitter, {
    ...{ stream, type, sequence, timeMs, data, traceparent: traceparentOf(stream.streamId) },
    id: `${stream.streamId}:${last}`,
    subject: ownSubject(emitter.prefix, stream, type, last),
  });
}

/**
 * Builds the envelope of an event about a copy of a stream that another node owns. It counts in its relay: the id is
 * `<relayId>:<n>`, or `<relayId>:end`, and the extension `relayid` says so.
 *
 * @param timeMs when it happened, milliseconds since the epoch
 */
export function copyEvent<T extends EventType>(
  emitter: Emitter,
  { stream, ownId, type, sequence, isEnd = false }: OwnEvent<T>,
  timeMs: number,
  data: EventData[T],
): Envelope {
  const n = isEnd ? 'end' : sequence;
  return envelopeOf(emitter, {
    ...{ stream, type, sequence, timeMs, data, traceparent: traceparentOf(stream.streamId) },
    id: `${ownId}:${n}`,
    subject: ownSubject(emitter.prefix, stream, type, `${ownId}-${n}`),
    relayid: ownId,
  });
}

function envelopeOf<T extends EventType>(
  emitter: Emitter,
  of: {
    readonly stream: StreamNames;
    readonly type: T;
    readonly id: string;
    readonly subject: string;
    readonly sequence: number;
    readonly timeMs: number;
    readonly traceparent: string | undefined;
    readonly data: EventData[T];
    readonly relayid?: string;
  },
): Envelope {
  const { stream, type, id, subject, sequence, timeMs, traceparent, data, relayid } = of;
  const event: SluiceEvent<T> = {
    specversion: '1.0',
    id,
    source: sourceOf(emitter),
    type,
    subject: `${stream.app}/${stream.name}`,
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaId(type),
    sequence: sequenceText(sequence),
    streamid: stream.streamId,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(relayid === undefined ? {} : { relayid }),
    data,
  };
  return { id, type, subject, json: Buffer.from(JSON.stringify(event), 'utf8') };
}

/**
 * Builds the envelope of a node's event.
 *
 * @param about the process the event is about; for `node.lost` not the one that emits it
 * @param ordinal 1 for the first time this verb occurs in this boot
 */
export function nodeEvent<T extends EventType>(
  emitter: Emitter,
  about: { nodeId: string; bootId: string },
  type: T,
  sequence: number,
  ordinal: number,
  timeMs: number,
  data: EventData[T],
): Envelope {
  const verb = eventName(type).slice('node.'.length);
  const event: SluiceEvent<T> = {
    specversion: '1.0',
    id: `${about.bootId}:${verb}${ordinal > 1 || verb === 'command' ? `.${ordinal}` : ''}`,
    source: sourceOf(emitter),
    type,
    subject: about.nodeId,
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaId(type),
    sequence: sequenceText(sequence),
    streamid: about.bootId,
    data,
  };
  return {
    id: event.id,
    type,
    subject: formatSubject({ kind: 'node', prefix: emitter.prefix, ...about, verb, ordinal }),
    json: Buffer.from(JSON.stringify(event), 'utf8'),
  };
}

/**
 * The part of an event id before the colon: the stream id, or the boot id of a node event. Events with the same key are
 * published in order.
 */
export function orderKey(id: string): string {
  const colon = id.indexOf(':');
  return colon < 0 ? id : id.slice(0, colon);
}
