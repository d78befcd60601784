import type { ConnectionFacts, NameRequest, PublishAsk } from '../live/access.js';
import type { CopyOf } from '../model/copy-of.js';
import type { PublishType, RecordStatus } from '../model/recording.js';
import type { Publisher } from './client.js';

/** What a client wants to publish. Without a type it is live. */
export type PublishRequest = NameRequest & {
  readonly publishType?: PublishType;
  /** Whether the server itself publishes: see {@link PublishAsk.isOwn}. */
  readonly isOwn?: boolean;
  /** Which stream of another node it is a copy of. */
  readonly copy?: CopyOf;
};

/** What the fact side is asked about a publish. */
export function publishAsk(
  id: number,
  facts: ConnectionFacts,
  { app, name, query, isOwn, copy }: PublishRequest,
): PublishAsk {
  const marks = { ...(isOwn === true && { isOwn }), ...(copy !== undefined && { copy }) };
  return { kind: 'publish', id, facts, request: { app, name, query }, ...marks };
}

/** A stream that has just begun, for those that follow streams. */
export interface BegunStream {
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
  /** The connection that published it first. */
  readonly connectionId: string;
  readonly publishType: PublishType;
  /** Tells that client of a recording. Without effect when it is gone. Never throws. */
  readonly tell: (status: RecordStatus, description: string) => void;
}

/** @param named the stream, which may have another name than was asked for */
export function begunStream(
  streamId: string,
  named: Pick<NameRequest, 'app' | 'name'>,
  publisher: Publisher,
  { facts, request }: { readonly facts: ConnectionFacts; readonly request: PublishRequest },
): BegunStream {
  const { app, name } = named;
  const { publishType = 'live' } = request;
  return { streamId, app, name, connectionId: facts.connectionId, publishType, tell: publisher.record };
}
