import type { Door } from '../doors/door.js';
import type { RecordedRun } from '../doors/recorded-runs.js';
import type { RunningPlay } from '../doors/running-play.js';
import type { PlayEndReason } from '../model/reasons.js';
import type { Action } from '../protocol/server/actions.js';

/** What the session says of a play that runs. */
type PlayAction = Extract<
  Action,
  { kind: 'playStopped' | 'pauseChanged' | 'receiveChanged' | 'seekRequested' | 'bufferChanged' }
>;

/** The plays of one connection, by message stream id. */
export class ConnectionPlays {
  readonly #runs = new Map<number, RunningPlay | RecordedRun>();
  #size = 0;

  /**
   * How many there are. It is read for every read of the socket, of hundreds of connections in turn: a number of its
   * own is one place in memory less than that of a map.
   */
  get size(): number {
    return this.#size;
  }

  /** Message streams with a play. */
  get ids(): number[] {
    return [...this.#runs.keys()];
  }

  /** The play of a message stream, or the only one; empty when there is none. */
  at({ messageStreamId }: { readonly messageStreamId: number }): { readonly playId?: string } {
    const run = this.#runs.get(messageStreamId) ?? (this.#size === 1 ? [...this.#runs.values()][0] : undefined);
    return run === undefined ? {} : { playId: run.player.id };
  }

  /** A play was accepted. It replaces the play that its message stream had before. */
  begin(messageStreamId: number, run: RunningPlay | RecordedRun): void {
    this.stop(messageStreamId, 'client_stopped');
    this.#runs.set(messageStreamId, run);
    this.#size = this.#runs.size;
  }

  /** Carries out an action of the session for one of them. */
  act(action: PlayAction): void {
    const run = this.#runs.get(action.messageStreamId);
    switch (action.kind) {
      case 'playStopped':
        this.stop(action.messageStreamId, 'client_stopped');
        break;
      case 'pauseChanged':
        run?.player.setPaused(action.paused);
        break;
      case 'receiveChanged':
        run?.player.setReceive(action);
        break;
      case 'seekRequested':
        if (run?.isRecorded) run.player.seek(action.positionMs);
        break;
      case 'bufferChanged':
        if (run?.isRecorded) run.player.setBuffer(action.bufferMs);
        break;
    }
  }

  /** A node of the cluster tells how many players it has behind one of them. */
  audienceTold({ messageStreamId, players }: Extract<Action, { kind: 'audienceTold' }>, door: Door): void {
    const run = this.#runs.get(messageStreamId);
    if (run !== undefined) door.audienceTold(run.player.id, players);
  }

  stop(messageStreamId: number, reason: PlayEndReason): void {
    const run = this.#runs.get(messageStreamId);
    this.#runs.delete(messageStreamId);
    this.#size = this.#runs.size;
    run?.end(reason);
  }

  stopAll(reason: PlayEndReason): void {
    for (const id of [...this.#runs.keys()]) this.stop(id, reason);
  }

  /** The socket has sent some of what waited. Never throws. */
  readonly unclogged = (): void => {
    for (const { player } of this.#runs.values()) player.unclogged();
  };
}
