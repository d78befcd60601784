/** Who caused an error: the peer by its bytes or behaviour, the operator by the set-up, or Sluice by a defect. */
export type Blame = 'peer' | 'operator' | 'internal';

/**
 * Why the streams of a connection end that is closed with a code: the reasons of `stream.ended` that a code can mean.
 */
type StreamEnd = 'client_closed' | 'dead_peer' | 'idle' | 'kicked' | 'limit' | 'protocol_error' | 'server_drain';

/** Why the plays of a connection end that is closed with a code. */
type PlayEnd = 'error' | 'fenced' | 'limit' | 'stalled';

/** How a command ends that fails with a code: the names of the exit codes. */
export type Exit = 'ok' | 'failed' | 'usage' | 'unreachable' | 'refused';

/**
 * One row of the registry: who is to blame, what happened and was expected, what to do about it, and what follows from
 * it.
 */
export interface ErrorEntry {
  readonly blame: Blame;
  /** What happened and what was expected; one sentence without a final stop. */
  readonly says: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** `undefined` for a code that closes no connection. */
  readonly endsStreamsAs: StreamEnd | undefined;
  /**
   * `undefined` where the code says nothing of the plays: then they end for the reason that the connection ends for.
   */
  readonly endsPlaysAs: PlayEnd | undefined;
  /** Whether connections are closed with this code when all goes well: it is logged at level debug only. */
  readonly usual: boolean;
  readonly exit: Exit;
}

/**
 * A row of a code with which a connection is closed for what `endsStreamsAs` says. The other functions of this file
 * make rows from it.
 */
export function ending(
  endsStreamsAs: StreamEnd,
  blame: Blame,
  says: string,
  hint: string,
  more: { readonly usual?: true; readonly endsPlaysAs?: PlayEnd; readonly exit?: Exit } = {},
): ErrorEntry {
  const endsPlaysAs = more.endsPlaysAs ?? (blame === 'internal' ? 'error' : undefined);
  return { blame, says, hint, endsStreamsAs, endsPlaysAs, usual: more.usual ?? false, exit: more.exit ?? 'failed' };
}

/** A row of a code that says that the peer went past a configured limit. */
export function limit(blame: Blame, says: string, hint: string): ErrorEntry {
  return ending('limit', blame, says, hint, { endsPlaysAs: 'limit' });
}

/** A row of a code that says that a peer or this program broke the protocol. */
export function breach(blame: Blame, says: string, hint: string): ErrorEntry {
  return ending('protocol_error', blame, says, hint);
}

/** A row of a code that closes no connection: a command, a start or a request fails with it. */
export function failure(exit: Exit, blame: Blame, says: string, hint: string): ErrorEntry {
  return { blame, says, hint, endsStreamsAs: undefined, endsPlaysAs: undefined, usual: false, exit };
}
