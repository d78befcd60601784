import type { Transition, TransitionTable } from '../server/transitions.js';

/** The state of a client session. `ended`: the server ended the stream, the connection is still there. */
export type ClientState = 'new' | 'connecting' | 'creating' | 'requesting' | 'running' | 'ended' | 'closed';

/** The inputs of a client session. */
export type ClientInput =
  | 'start'
  | 'connected'
  /** Connected, and no stream is wanted. */
  | 'joined'
  | 'created'
  | 'accepted'
  | 'refused'
  | 'stream_ended'
  | 'server_closed'
  | 'timeout'
  | 'stop';

/** The effects of an input on a client session. */
type ClientEffect =
  | 'ignore'
  | 'send_connect'
  | 'send_create_stream'
  | 'send_request'
  | 'report_ready'
  | 'report_rejected'
  | 'report_ended'
  | 'report_closed'
  | 'report_timeout'
  | 'send_stop'
  | 'close_quietly';

function go(to: ClientState, effect: ClientEffect): Transition<ClientState, ClientEffect> {
  return { to, effect };
}

function ignoring(state: ClientState): Record<ClientInput, Transition<ClientState, ClientEffect>> {
  const stay = go(state, 'ignore');
  return {
    start: stay,
    connected: stay,
    joined: stay,
    created: stay,
    accepted: stay,
    refused: stay,
    stream_ended: stay,
    server_closed: stay,
    timeout: stay,
    stop: stay,
  };
}

const UNTIL_RUNNING = {
  refused: go('closed', 'report_rejected'),
  stream_ended: go('closed', 'report_rejected'),
  server_closed: go('closed', 'report_closed'),
  timeout: go('closed', 'report_timeout'),
  stop: go('closed', 'close_quietly'),
} as const;

/**
 * The client: connect, createStream, publish or play, run; or connect and run. Inputs that a row does not name are
 * ignored in that state.
 */
export const CLIENT_TABLE: TransitionTable<ClientState, ClientInput, ClientEffect> = {
  new: { ...ignoring('new'), start: go('connecting', 'send_connect'), stop: go('closed', 'close_quietly') },
  connecting: {
    ...ignoring('connecting'),
    ...UNTIL_RUNNING,
    connected: go('creating', 'send_create_stream'),
    joined: go('running', 'report_ready'),
  },
  creating: { ...ignoring('creating'), ...UNTIL_RUNNING, created: go('requesting', 'send_request') },
  requesting: {
    ...ignoring('requesting'),
    ...UNTIL_RUNNING,
    accepted: go('running', 'report_ready'),
    stop: go('closed', 'send_stop'),
  },
  running: {
    ...ignoring('running'),
    refused: go('ended', 'report_ended'),
    stream_ended: go('ended', 'report_ended'),
    server_closed: go('closed', 'report_closed'),
    stop: go('closed', 'send_stop'),
  },
  ended: {
    ...ignoring('ended'),
    accepted: go('running', 'report_ready'),
    server_closed: go('closed', 'report_closed'),
    stop: go('closed', 'send_stop'),
  },
  closed: ignoring('closed'),
};
