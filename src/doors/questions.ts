import { ERRORS } from '../core/errors.js';
import type { ClientCall, ConnectAsk, ConnectionFacts, RpcReply } from '../live/access.js';
import type { PlayRequest } from '../live/recorded-names.js';
import { callFailed } from '../live/rpc-bridge.js';
import type { NodeEntry } from '../model/node-link.js';
import type { ConnectRefusal } from '../model/refusals.js';
import { playOf } from './player-maker.js';
import type { Asker, OpenRequest, Requests } from './requests.js';

// Requests whose answer opens nothing.

/** What a client that wants to connect has said besides its facts: the query of its app; a node, its ticket. Secret. */
export type ConnectRequest = Pick<ConnectAsk, 'query' | 'hello'>;

/** Asks whether a client may connect. It is answered with what it is when it is a node of the same cluster. */
export function askConnect(
  requests: Requests,
  facts: ConnectionFacts,
  { query, hello }: ConnectRequest,
  asker: Asker<NodeEntry | undefined, ConnectRefusal>,
): OpenRequest {
  return requests.ask(
    (id) => ({ kind: 'connect', id, facts, query, ...(hello === undefined ? {} : { hello }) }),
    asker.failed,
    (answer, withdrawn) => {
      if (withdrawn !== undefined) return;
      if (answer.kind === 'connectAccepted') asker.answered({ accept: true, run: answer.node });
      if (answer.kind === 'connectRefused') asker.answered({ accept: false, refusal: answer.refusal });
    },
  );
}

/** Asks for the answer to a call of a client. */
export function askCall(
  requests: Requests,
  facts: ConnectionFacts,
  call: ClientCall,
  answered: (reply: RpcReply) => void,
): OpenRequest {
  return requests.ask(
    (id) => ({ kind: 'call', id, facts, call }),
    () => answered(callFailed(ERRORS.ERR_INTERNAL.says)),
    (answer, withdrawn) => {
      if (answer.kind === 'callAnswered' && withdrawn === undefined) answered(answer.reply);
    },
  );
}

/** Asks how long a file is, in seconds. */
export function askLength(
  requests: Requests,
  facts: ConnectionFacts,
  request: PlayRequest,
  answered: (seconds: number) => void,
): OpenRequest {
  return requests.ask(
    (id) => ({ kind: 'length', id, facts, request: playOf(request) }),
    () => answered(0),
    (answer, withdrawn) => {
      if (answer.kind === 'lengthAnswered' && withdrawn === undefined) answered(answer.seconds);
    },
  );
}
