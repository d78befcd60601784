import type { Player } from '../hub/player.js';
import type { ConnectionFacts, ConnectionHost, NameRequest, PlayEndReason, RunningPlay } from './host.js';
import type { PlaySink } from './play-sink.js';

/** What runs on one connection as plays, by message stream id. */
export class ConnectionPlays {
  readonly #runs = new Map<number, RunningPlay>();

  get size(): number {
    return this.#runs.size;
  }

  /** Message streams with a play. */
  get ids(): number[] {
    return [...this.#runs.keys()];
  }

  /** The player of a message stream. */
  player(messageStreamId: number): Player | undefined {
    return this.#runs.get(messageStreamId)?.player;
  }

  /** Has the host decide a play; one that is accepted takes the place of what played on its message stream before. */
  begin(
    host: ConnectionHost,
    facts: ConnectionFacts,
    request: NameRequest & { readonly messageStreamId: number },
    sink: PlaySink,
  ): ReturnType<ConnectionHost['play']> {
    const answer = host.play(facts, request, request.messageStreamId, sink);
    if (!answer.accept) return answer;
    sink.player = answer.run.player;
    this.stop(request.messageStreamId, 'client_stopped');
    this.#runs.set(request.messageStreamId, answer.run);
    return answer;
  }

  stop(messageStreamId: number, reason: PlayEndReason): void {
    const run = this.#runs.get(messageStreamId);
    this.#runs.delete(messageStreamId);
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
