import type { ErrorCode } from '../core/errors.js';
import { SluiceError } from '../core/errors.js';
import type { Viewer } from '../doors/client.js';
import type { RecordedPlayers } from '../doors/recorded-player.js';
import type { RecordedRun } from '../doors/recorded-runs.js';
import type { Asker } from '../doors/requests.js';
import type { RunningPlay } from '../doors/running-play.js';
import { PlaySink } from '../hub/play-sink.js';
import { Player } from '../hub/player.js';
import type { ConnectionFacts } from '../live/access.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { PlayRefusal } from '../model/refusals.js';
import type { Action } from '../protocol/server/actions.js';
import type { ServerSession } from '../protocol/server/session.js';
import type { OpenChannel } from '../transport/byte-channel.js';
import { playChannel } from './aggregate-channel.js';
import { type ConnectionParts, refused } from './connection-options.js';
import type { ConnectionPlays } from './connection-plays.js';
import type { DecisionHold } from './decision-hold.js';
import { RecordedPlaySink } from './recorded-sink.js';

/**
 * How far a node that fetches a stream may fall behind, in place of `play.maxLagBytes`: what it skips, all players
 * behind it miss. At 6 Mbit/s that is as much as the default of `play.maxLagMs` lets anybody be behind.
 */
const RELAY_LAG_BYTES = 8 * 2 ** 20;

/** What requests to play need of their connection. */
interface PlayRequestsOwner {
  readonly facts: () => ConnectionFacts;
  readonly session: () => ServerSession;
  /** Why plays that are accepted now end at once, because the connection does; undefined while it is open. */
  readonly endsFor: () => PlayEndReason | undefined;
  /** The way back to the client of the play of a message stream. */
  readonly viewer: (messageStreamId: number) => Viewer;
  /** Carries out actions of the session. */
  readonly run: (actions: readonly Action[]) => void;
  /** Does something; an error of it ends the connection. Never throws. */
  readonly safely: (work: () => void) => void;
  /** The publisher of a play came, or is gone for good. */
  readonly onPublisher: (messageStreamId: number, came: boolean) => void;
  /** A play cannot go on. Never throws. */
  readonly playFailed: (messageStreamId: number, error: SluiceError) => void;
  /** The connection cannot go on. */
  readonly failed: (error: unknown) => void;
}

/** The requests of one connection to play, live or recorded, and to know how long a file is. */
export class PlayRequests {
  /** What players send on: the one of the handshake, encrypted where it is. */
  channel: OpenChannel;
  readonly #parts: ConnectionParts;
  readonly #plays: ConnectionPlays;
  readonly #hold: DecisionHold;
  readonly #owner: PlayRequestsOwner;

  constructor(
    channel: OpenChannel,
    parts: ConnectionParts,
    of: { readonly plays: ConnectionPlays; readonly hold: DecisionHold },
    owner: PlayRequestsOwner,
  ) {
    this.channel = channel;
    this.#parts = parts;
    this.#plays = of.plays;
    this.#hold = of.hold;
    this.#owner = owner;
  }

  /** Has a play decided, and begins it. */
  decide(request: Extract<Action, { kind: 'playRequested' }>): void {
    const owner = this.#owner;
    const { requestId, messageStreamId } = request;
    const { options } = this.#parts;
    const isRelay = owner.facts().info?.node !== undefined;
    const maxLagBytes = isRelay ? RELAY_LAG_BYTES : options.maxLagBytes;
    const sink = new PlaySink(playChannel(this.channel, request.query, options), maxLagBytes, {
      onPublisher: (came) => owner.onPublisher(messageStreamId, came),
      onDefect: (error) => owner.playFailed(messageStreamId, error),
      onEvicted: (error) => owner.failed(error),
      onDrained: this.#plays.unclogged,
    });
    this.#hold.until(
      (asker: Asker<RunningPlay | RecordedRun, PlayRefusal>) =>
        this.#parts.door.play(
          owner.facts(),
          request,
          {
            live: (playId, writes) => {
              sink.player = new Player(playId, sink, messageStreamId, { maxLagBytes }, writes);
              sink.player.isRelay = isRelay;
              return sink.player;
            },
            recorded: (playId, file) => this.#recorded(request, playId, file),
          },
          owner.viewer(messageStreamId),
          asker,
        ),
      (decision) => {
        const endsFor = owner.endsFor();
        if (endsFor !== undefined) {
          if (decision.accept) decision.run.end(endsFor);
          return;
        }
        if (decision.accept) this.#plays.begin(messageStreamId, decision.run);
        const told = decision.accept
          ? ({ accept: true, waiting: !decision.run.isLive, isRecorded: decision.run.isRecorded } as const)
          : refused(decision.refusal);
        owner.run(owner.session().answerPlay(requestId, told, this.#parts.nowMs()));
      },
    );
  }

  /** Answers how long a file is, when that is known. Everything else on the connection goes on meanwhile. */
  length({ requestId, ...of }: Extract<Action, { kind: 'lengthRequested' }>): void {
    const owner = this.#owner;
    this.#parts.door.length(owner.facts(), { ...of, start: -2 }, (seconds) =>
      owner.safely(() => owner.run(owner.session().answerCall(requestId, { kind: 'result', value: seconds }))),
    );
  }

  #recorded(request: Extract<Action, { kind: 'playRequested' }>, id: string, file: string) {
    const owner = this.#owner;
    const { messageStreamId, start: startMs, duration: durationMs } = request;
    const { maxLagBytes, chunkSize } = this.#parts.options;
    const stop = (reason: PlayEndReason): void => this.#plays.stop(messageStreamId, reason);
    const sink = new RecordedPlaySink(this.channel, maxLagBytes, {
      onComplete: ({ durationMs: playedMs, bytes }) =>
        owner.safely(() => {
          stop('stream_ended');
          owner.run(owner.session().playCompleted(messageStreamId, playedMs / 1000, bytes));
        }),
      onFailed: (cause) => owner.playFailed(messageStreamId, playError(cause)),
      onDrained: this.#plays.unclogged,
    });
    sink.player = players(this.#parts.recorded).play(
      { id, file, startMs, durationMs, messageStreamId, chunkSize },
      sink,
    );
    return sink.player;
  }
}

/** A file is found by the same part that plays it. */
function players(recorded: RecordedPlayers | undefined): RecordedPlayers {
  if (recorded === undefined) throw new SluiceError('ERR_INTERNAL', 'a file was found, and nothing plays files');
  return recorded;
}

function playError(cause: unknown): SluiceError {
  if (cause instanceof SluiceError) return cause;
  const code: ErrorCode = 'ERR_PLAY_DEFECT';
  return new SluiceError(code, cause instanceof Error ? cause.message : String(cause), { cause });
}
