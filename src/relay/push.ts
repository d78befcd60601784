import { newId } from '../core/ids.js';
import type { RelayedStream } from '../events/relay-events.js';
import type { Hub } from '../hub/hub.js';
import { PlaySink } from '../hub/play-sink.js';
import { Player } from '../hub/player.js';
import type { OutgoingLink } from '../link/outgoing-link.js';
import type { Carrier } from './relay.js';

/** What a push needs of those who keep it. None of it throws. */
interface PushOwner {
  /** The stream has ended here, and everything of it was sent. */
  streamEnded(): void;
  /** The connection cannot go on: it has to be closed. */
  broken(error: Error): void;
}

const DATA_AMF0 = 18;

/**
 * Publishes a stream of this server to another. It is a player of the stream: what lies in the log is sent as it is,
 * and an other side that is too slow skips to the next keyframe.
 */
export class Push implements Carrier {
  readonly of: RelayedStream;
  readonly #hub: Hub;
  readonly #maxLagBytes: number;
  readonly #owner: PushOwner;
  #player: Player | undefined;
  #bytesPast = 0;
  #dropsPast = 0;

  /** @param maxLagBytes unsent bytes past which it skips */
  constructor(stream: RelayedStream, hub: Hub, maxLagBytes: number, owner: PushOwner) {
    this.of = stream;
    this.#hub = hub;
    this.#maxLagBytes = maxLagBytes;
    this.#owner = owner;
  }

  stream(): RelayedStream {
    return this.of;
  }

  get bytes(): number {
    return this.#bytesPast + (this.#player?.bytesSent ?? 0);
  }

  get drops(): number {
    return this.#dropsPast + (this.#player?.skips ?? 0);
  }

  ready(link: OutgoingLink): void {
    const sink = new PlaySink(link.channel, this.#maxLagBytes, {
      onPublisher: (came) => {
        if (!came) this.#owner.streamEnded();
      },
      onDefect: (error) => this.#owner.broken(error),
      onEvicted: (error) => this.#owner.broken(error),
      onDrained: () => {},
    });
    const player = new Player(
      newId(),
      sink,
      link.messageStreamId,
      { maxLagBytes: this.#maxLagBytes },
      this.#hub.writes,
    );
    sink.player = player;
    player.endsWithStream = true;
    this.#player = player;
    const { app, name } = this.of;
    const isLive = this.#hub.subscribe(app, name, player);
    // Players get metadata without @setDataFrame, which some servers ask of publishers.
    const metadata = player.publication?.headers.get('metadata');
    if (metadata !== undefined) link.send(DATA_AMF0, player.publication!.lastTimestamp >>> 0, metadata);
    if (!isLive) this.#owner.streamEnded();
  }

  media(): void {}

  news(): void {}

  lost(): void {
    const player = this.#player;
    if (player === undefined) return;
    this.#player = undefined;
    this.#bytesPast += player.bytesSent;
    this.#dropsPast += player.skips;
    this.#hub.unsubscribe(this.of.app, this.of.name, player);
  }
}
