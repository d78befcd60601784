import { channel } from 'node:diagnostics_channel';

/** What happens on one RTMP connection, as bytes: who subscribes reads them as messages. `bytes` are borrowed. */
export type RtmpTrace =
  | { readonly kind: 'opened'; readonly connectionId: string; readonly peer: string }
  | { readonly kind: 'received' | 'sent'; readonly connectionId: string; readonly bytes: Buffer }
  | { readonly kind: 'closed'; readonly connectionId: string };

/** One thing that happens to an event or on the connection to NATS, without secrets. */
export interface FactTrace {
  /** Such as `appended`, `stored`, `request`. */
  readonly what: string;
  /** An event's type, a subject, a state. */
  readonly name: string;
  readonly detail?: string | number;
}

/** RTMP connections: {@link RtmpTrace}. A connection is traced when somebody subscribes before it is accepted. */
export const RTMP_TRACE = channel('sluice:rtmp');
/** Events on their way into the journal and to NATS: {@link FactTrace}. */
export const EVENTS_TRACE = channel('sluice:events');
/** Requests to NATS, their answers, and states of the connection: {@link FactTrace}. */
export const NATS_TRACE = channel('sluice:nats');
