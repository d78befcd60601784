import type { ClientCall } from '../live/access.js';
import type { Action } from '../protocol/server/actions.js';
import { ConnectionCalls } from './connection-calls.js';
import { ConnectionObjects, type ObjectsOwner } from './connection-objects.js';

type TalkAction = Extract<Action, { kind: 'callRequested' | 'clientAnswered' | 'sharedObject' }>;

/** What one connection exchanges besides streams: calls in both directions, and shared objects. */
export class ConnectionTalk {
  readonly calls: ConnectionCalls;
  readonly #objects: ConnectionObjects;

  constructor(owner: ConstructorParameters<typeof ConnectionCalls>[0] & ObjectsOwner) {
    this.calls = new ConnectionCalls(owner);
    this.#objects = new ConnectionObjects(owner);
  }

  /** Carries out an action of the session. @param of the stream and the play of a message stream */
  act(action: TalkAction, of: (call: { messageStreamId: number }) => Pick<ClientCall, 'streamId' | 'playId'>): void {
    if (action.kind === 'callRequested') this.calls.ask(action, of(action));
    else if (action.kind === 'clientAnswered') this.calls.answered(action);
    else this.#objects.take(action);
  }

  /** The connection is over. */
  end(): void {
    this.calls.end();
    this.#objects.end();
  }
}
