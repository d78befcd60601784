import type { Clock } from '../core/clock.js';
import type { Epoch } from '../model/epoch.js';
import type { Peer } from '../model/peer.js';
import type { RelayEndReason } from '../model/relay.js';
import { clip, clipped } from './clip.js';
import { copyEvent, type Emitter, type Envelope } from './envelope.js';
import type { EventData, EventType, StreamRef } from './event-types.js';
import type { PlayFacts, ToldPlay } from './lifecycle-stream.js';
import { toldEpoch } from './open-streams.js';
import { type EventPriority, priorityOf } from './priority.js';

/** A stream that another node owns, and the relay by which it is played here. */
export interface CopiedStream {
  readonly relayId: string;
  /** Of its owner's `stream.started`. */
  readonly streamId: string;
  readonly app: string;
  readonly name: string;
}

/** A connection to the owner that carries the stream. */
interface CopyConnection {
  /** The node that owns it now: a stream may move. */
  readonly fromNode: string;
  readonly epoch: Epoch;
  /** Where it is fetched; free of secrets. */
  readonly url: string;
  readonly connectionId: string;
  readonly peer: Peer;
  /** Connections tried since the relay began, this one included. */
  readonly attempts: number;
}

/** The parts with which it tells. */
interface CopyEventsParts {
  readonly emitter: Emitter;
  readonly clock: Clock;
  /** Returns whether the journal took the event. */
  readonly append: (build: () => Envelope, priority: EventPriority) => boolean;
  /** Whether plays are told. */
  readonly plays: boolean;
}

/** An event type of a copy. */
type CopyType = Extract<EventType, `io.sluice.relay.${string}` | `io.sluice.play.${string}`>;

/**
 * Tells of one copy of a stream that another node owns: of its relay, and of the players here. The owner counts the
 * events of the stream, so that these count in the relay: 1, 2, 3 without gaps.
 */
export class CopyEvents {
  readonly #of: CopiedStream;
  readonly #parts: CopyEventsParts;
  readonly #plays = new Map<string, ToldPlay>();
  readonly #startedMs: number;
  #connection: CopyConnection | undefined;
  #sequence = 0;

  constructor(of: CopiedStream, parts: CopyEventsParts) {
    this.#of = of;
    this.#parts = parts;
    this.#startedMs = parts.clock.wallMs();
  }

  /** The stream is carried from now on, or again. */
  started(connection: CopyConnection): void {
    this.#connection = connection;
    const { fromNode, epoch, peer, attempts } = connection;
    const data = {
      ...this.#ref(),
      ...this.#relay(),
      peer,
      attempts,
      fromNode: clip(fromNode, 128),
      ...toldEpoch(epoch),
    };
    this.#tell('io.sluice.relay.started', data);
  }

  /** It is over. @param carried bytes of media, and how often players skipped */
  ended(reason: RelayEndReason, carried: { readonly bytes: number; readonly drops: number }): void {
    const { bytes, drops } = carried;
    this.#tell('io.sluice.relay.ended', {
      ...this.#ref(),
      ...this.#relay(),
      ...{ attempts: this.#connection?.attempts ?? 0, reason, bytes, drops },
      startedAt: new Date(this.#startedMs).toISOString(),
      endedAt: new Date(this.#parts.clock.wallMs()).toISOString(),
    });
  }

  /** A player began to receive the stream here. */
  playStarted(_streamId: string, { playerId, connectionId, peer, transport, client, job }: PlayFacts): void {
    if (!this.#parts.plays) return;
    const again = { connectionId, peer, ...(job === undefined ? {} : { job }) };
    const words = { ...clipped('transport', transport, 32), ...clipped('client', client, 256) };
    if (!this.#tell('io.sluice.play.started', { ...this.#ref(), ...again, playerId, ...words })) return;
    this.#plays.set(playerId, { sinceMs: this.#parts.clock.monotonicMs(), again });
  }

  /** A player stopped receiving it. The first call per player counts. */
  playEnded(_streamId: string, d: { playerId: string; bytes: number; drops: number; reason: string }): void {
    const play = this.#plays.get(d.playerId);
    if (play === undefined) return;
    this.#plays.delete(d.playerId);
    const { playerId, bytes, drops } = d;
    const durationMs = Math.max(0, Math.round(this.#parts.clock.monotonicMs() - play.sinceMs));
    const ended = { playerId, bytes, drops, durationMs, reason: clip(d.reason, 64), ...play.again };
    this.#tell('io.sluice.play.ended', { ...this.#ref(), ...ended });
  }

  /** @returns whether the journal took it */
  #tell<T extends CopyType>(type: T, data: EventData[T]): boolean {
    const { emitter, clock, append } = this.#parts;
    const timeMs = clock.wallMs();
    const isEnd = type === 'io.sluice.relay.ended';
    return append(() => {
      // The sequence is given only now, so that an event that is dropped leaves no gap.
      const sequence = ++this.#sequence;
      return copyEvent(emitter, { stream: this.#of, ownId: this.#of.relayId, type, sequence, isEnd }, timeMs, data);
    }, priorityOf(type));
  }

  #relay(): { relayId: string; direction: 'copy'; url: string } {
    const { url = '' } = this.#connection ?? {};
    return { relayId: this.#of.relayId, direction: 'copy', url: clip(url, 1024) };
  }

  #ref(): StreamRef {
    const { streamId, app, name } = this.#of;
    const { nodeId, bootId } = this.#parts.emitter;
    return { streamId, app, name, connectionId: this.#connection?.connectionId ?? streamId, nodeId, bootId };
  }
}
