/** The state of a connection. */
export type ConnectionState = 'awaiting_connect' | 'connect_pending' | 'connected' | 'closed';

/** What can happen to a connection. `command` is any command but connect, `connect_accepted` the owner's answer. */
export type ConnectionInput = 'connect' | 'connect_accepted' | 'command' | 'data' | 'control' | 'close';

/** The effects of an input on a connection. */
export type ConnectionEffect =
  | 'ignore'
  | 'request_connect'
  | 'accept_connect'
  | 'refuse_connect'
  | 'refuse_early'
  | 'dispatch'
  | 'close';

/** The state of a NetStream. Deleted ones are removed. */
export type NetStreamState =
  | 'idle'
  | 'publish_pending'
  | 'publishing'
  | 'play_pending'
  | 'playing'
  | 'paused'
  | 'deleted';

/** The inputs of a NetStream: the client's commands, the owner's answers, and what the hub says of a publisher. */
export type NetStreamInput =
  | 'publish'
  | 'unpublish'
  | 'play'
  | 'pause'
  | 'unpause'
  | 'seek'
  | 'receive'
  | 'data'
  | 'close'
  | 'delete'
  | 'publish_accepted'
  | 'publish_rejected'
  | 'play_accepted'
  | 'play_rejected'
  | 'publisher_came'
  | 'publisher_left'
  | 'publisher_ended'
  | 'play_completed'
  | 'kick';

/** The effects of an input on a NetStream. Each has exactly one function in `net-stream-effects.ts`. */
export type NetStreamEffect =
  | 'ignore'
  | 'request_publish'
  | 'refuse_publish'
  | 'start_publish'
  | 'reject_publish'
  | 'stop_publish'
  | 'cancel_publish'
  | 'drop_publish'
  | 'kick_publish'
  | 'request_play'
  | 'request_other_play'
  | 'refuse_play'
  | 'start_play'
  | 'reject_play'
  | 'stop_play'
  | 'kick_play'
  | 'end_play'
  | 'notify_pause'
  | 'notify_unpause'
  | 'fail_seek'
  | 'seek'
  | 'complete_play'
  | 'change_receive'
  | 'accept_data'
  | 'notify_came'
  | 'notify_left';

/** One cell: the state to go to, then the effect to run. */
export interface Transition<State, Effect> {
  readonly to: State;
  readonly effect: Effect;
}

/** Every state, every input. */
export type TransitionTable<State extends string, Input extends string, Effect> = Readonly<
  Record<State, Readonly<Record<Input, Transition<State, Effect>>>>
>;

function go<State, Effect>(to: State, effect: Effect): Transition<State, Effect> {
  return { to, effect };
}

/** The connection. Set Chunk Size and other control may come before connect (OBS). */
export const CONNECTION_TABLE: TransitionTable<ConnectionState, ConnectionInput, ConnectionEffect> = {
  awaiting_connect: {
    connect: go('connect_pending', 'request_connect'),
    connect_accepted: go('awaiting_connect', 'ignore'),
    command: go('closed', 'refuse_early'),
    data: go('closed', 'refuse_early'),
    control: go('awaiting_connect', 'dispatch'),
    close: go('closed', 'close'),
  },
  connect_pending: {
    connect: go('closed', 'refuse_connect'),
    connect_accepted: go('connected', 'accept_connect'),
    command: go('closed', 'refuse_early'),
    data: go('closed', 'refuse_early'),
    control: go('connect_pending', 'dispatch'),
    close: go('closed', 'close'),
  },
  connected: {
    connect: go('closed', 'refuse_connect'),
    connect_accepted: go('connected', 'ignore'),
    command: go('connected', 'dispatch'),
    data: go('connected', 'dispatch'),
    control: go('connected', 'dispatch'),
    close: go('closed', 'close'),
  },
  closed: {
    connect: go('closed', 'ignore'),
    connect_accepted: go('closed', 'ignore'),
    command: go('closed', 'ignore'),
    data: go('closed', 'ignore'),
    control: go('closed', 'ignore'),
    close: go('closed', 'ignore'),
  },
};

function ignoring(state: NetStreamState): Record<NetStreamInput, Transition<NetStreamState, NetStreamEffect>> {
  const stay = go<NetStreamState, NetStreamEffect>(state, 'ignore');
  return {
    publish: stay,
    unpublish: stay,
    play: stay,
    pause: stay,
    unpause: stay,
    seek: stay,
    receive: stay,
    data: stay,
    close: stay,
    delete: stay,
    publish_accepted: stay,
    publish_rejected: stay,
    play_accepted: stay,
    play_rejected: stay,
    publisher_came: stay,
    publisher_left: stay,
    publisher_ended: stay,
    play_completed: stay,
    kick: stay,
  };
}

/** One NetStream. Inputs that a row does not name are ignored in that state. */
export const NET_STREAM_TABLE: TransitionTable<NetStreamState, NetStreamInput, NetStreamEffect> = {
  idle: {
    ...ignoring('idle'),
    publish: go('publish_pending', 'request_publish'),
    play: go('play_pending', 'request_play'),
    seek: go('idle', 'fail_seek'),
    receive: go('idle', 'change_receive'),
    delete: go('deleted', 'ignore'),
  },
  publish_pending: {
    ...ignoring('publish_pending'),
    publish: go('publish_pending', 'refuse_publish'),
    play: go('publish_pending', 'refuse_play'),
    unpublish: go('idle', 'cancel_publish'),
    close: go('idle', 'cancel_publish'),
    delete: go('deleted', 'cancel_publish'),
    publish_accepted: go('publishing', 'start_publish'),
    publish_rejected: go('idle', 'reject_publish'),
    kick: go('idle', 'kick_publish'),
  },
  publishing: {
    ...ignoring('publishing'),
    publish: go('publishing', 'refuse_publish'),
    play: go('publishing', 'refuse_play'),
    unpublish: go('idle', 'stop_publish'),
    close: go('idle', 'stop_publish'),
    delete: go('deleted', 'drop_publish'),
    data: go('publishing', 'accept_data'),
    kick: go('idle', 'kick_publish'),
  },
  play_pending: {
    ...ignoring('play_pending'),
    publish: go('play_pending', 'refuse_publish'),
    play: go('play_pending', 'request_other_play'),
    receive: go('play_pending', 'change_receive'),
    close: go('idle', 'stop_play'),
    delete: go('deleted', 'stop_play'),
    play_accepted: go('playing', 'start_play'),
    play_rejected: go('idle', 'reject_play'),
    kick: go('idle', 'kick_play'),
  },
  playing: {
    ...ignoring('playing'),
    publish: go('playing', 'refuse_publish'),
    play: go('play_pending', 'request_other_play'),
    pause: go('paused', 'notify_pause'),
    seek: go('playing', 'seek'),
    receive: go('playing', 'change_receive'),
    close: go('idle', 'stop_play'),
    delete: go('deleted', 'stop_play'),
    publisher_came: go('playing', 'notify_came'),
    publisher_left: go('playing', 'notify_left'),
    publisher_ended: go('idle', 'end_play'),
    play_completed: go('idle', 'complete_play'),
    kick: go('idle', 'kick_play'),
  },
  paused: {
    ...ignoring('paused'),
    publish: go('paused', 'refuse_publish'),
    play: go('play_pending', 'request_other_play'),
    unpause: go('playing', 'notify_unpause'),
    seek: go('paused', 'seek'),
    receive: go('paused', 'change_receive'),
    close: go('idle', 'stop_play'),
    delete: go('deleted', 'stop_play'),
    publisher_came: go('paused', 'notify_came'),
    publisher_left: go('paused', 'notify_left'),
    publisher_ended: go('idle', 'end_play'),
    play_completed: go('idle', 'complete_play'),
    kick: go('idle', 'kick_play'),
  },
  deleted: ignoring('deleted'),
};

/** States in which a NetStream keeps its connection open: something runs, or an answer is awaited. */
export const ACTIVE_STATES: ReadonlySet<NetStreamState> = new Set<NetStreamState>([
  'publish_pending',
  'publishing',
  'play_pending',
  'playing',
  'paused',
]);
