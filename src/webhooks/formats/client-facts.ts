import type { AnySluiceEvent, StreamStarted } from '../../events/event-types.js';

/** What the callbacks of other servers say of a client and its stream. */
interface ClientFacts {
  readonly call: 'publish' | 'publishDone' | 'play' | 'playDone';
  readonly nodeId: string;
  readonly bootId: string;
  readonly streamId: string;
  /** The same in the decision about the client, at its start and at its end. */
  readonly connectionId: string;
  readonly address: string;
  readonly app: string;
  readonly name: string;
  readonly tcUrl: string;
  /** Program of the client. */
  readonly program: string;
}

const CALLS: Readonly<Record<string, ClientFacts['call']>> = {
  'io.sluice.stream.started': 'publish',
  'io.sluice.stream.ended': 'publishDone',
  'io.sluice.play.started': 'play',
  'io.sluice.play.ended': 'playDone',
};

/** Whether other servers have a callback for events of a type. */
export function hasCall(type: string): boolean {
  return Object.hasOwn(CALLS, type);
}

/**
 * What callbacks say of an event. Texts that are not known are empty.
 *
 * @param event of a type that {@link hasCall}
 * @param start of its stream, for an end: it has what the end has not
 */
export function factsOf(event: AnySluiceEvent, start: StreamStarted | undefined): ClientFacts {
  const data = event.data as Partial<StreamStarted> & { readonly client?: string };
  const call = CALLS[event.type]!;
  const ofPublisher = call === 'publishDone' ? start : undefined;
  const { nodeId = '', bootId = '', streamId = '', app = '', name = '' } = data;
  return {
    ...{ call, nodeId, bootId, streamId, app, name },
    connectionId: ofPublisher?.connectionId ?? data.connectionId ?? '',
    address: ofPublisher?.peer.address ?? data.peer?.address ?? '',
    tcUrl: ofPublisher?.tcUrl ?? data.tcUrl ?? '',
    program: ofPublisher?.encoder ?? data.encoder ?? data.client ?? '',
  };
}
