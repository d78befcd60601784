import { vi } from 'vitest';
import { resolveConfig } from '../../../src/config/load.js';
import { Audience } from '../../../src/hub/audience.js';
import { Fanout } from '../../../src/hub/fanout.js';
import { Player } from '../../../src/hub/player.js';
import type { PlayFormat } from '../../../src/hub/player-sink.js';
import { Publication } from '../../../src/hub/publication.js';
import type { PublicationLimits } from '../../../src/hub/publication-limits.js';
import { type Slab, SlabPool } from '../../../src/hub/slab-pool.js';
import { UnsentWrites } from '../../../src/hub/unsent-writes.js';
import type { StreamMetadata } from '../../../src/model/metadata.js';
import type { Track } from '../../../src/model/track.js';
import { hubOptions } from '../../../src/server/options.js';
import { CodecPublisher } from './codec-publisher.js';
import { batch, CHUNK_SIZE, type Message, numberOf } from './media.js';
import { RecordingSink, type SinkMode } from './sinks.js';

/** Ruins what a freed slab holds: whoever still reads from it is found out. */
export class PoisoningPool extends SlabPool {
  override release(slab: Slab): void {
    if (slab.inFlight === 0) slab.buffer.fill(0xdd);
    super.release(slab);
  }
}

const { startDelayMs: _ofHub, ...defaults } = hubOptions(resolveConfig());

/** The limits as the settings' defaults have them, with chunks small enough that ordinary frames need several. */
export const LIMITS: PublicationLimits = { ...defaults, chunkSize: CHUNK_SIZE };

/** One publication with players, on fake timers (which the test turns on). */
export class PublicationHarness {
  readonly fanout = new Fanout({ maxDelayMs: 20, playersAtMaxDelay: 2 }, () => Date.now());
  readonly audience = new Audience<Player>(this.fanout);
  readonly publication: Publication;
  readonly ready: (readonly Track[])[] = [];
  readonly updates: (readonly Track[])[] = [];
  /** The metadata of each update. */
  readonly metadata: StreamMetadata[] = [];
  readonly refusedCodecs: string[] = [];
  readonly maxLagBytes: number;
  readonly writes = new UnsentWrites();
  /** Set when a codec frames straight into the log. */
  readonly publisher: CodecPublisher | undefined;
  #made = 0;

  constructor(limits: Partial<PublicationLimits> & { maxLagBytes?: number; slabBytes?: number } = {}) {
    this.maxLagBytes = limits.maxLagBytes ?? 2 * 2 ** 20;
    this.publication = new Publication(
      'stream',
      new PoisoningPool(),
      this.audience,
      { ...LIMITS, ...limits },
      {
        ready: ({ tracks }) => this.ready.push(tracks.list()),
        updated: (_publication, _before, after) => {
          this.updates.push(after.tracks);
          this.metadata.push(after.metadata);
        },
        codecRefused: (codec) => void this.refusedCodecs.push(codec),
      },
      Date.now(),
    );
    if (limits.slabBytes !== undefined) this.publisher = new CodecPublisher(this.publication, limits.slabBytes);
  }

  /** A player, attached and in the ring. */
  join(
    mode: SinkMode = 'sync',
    messageStreamId = 1,
    prepare: (player: Player) => void = () => {},
    format: PlayFormat = 'rtmp',
  ): RecordingSink {
    const sink = new RecordingSink(mode, format);
    const limits = { maxLagBytes: this.maxLagBytes };
    const player = new Player(`p${++this.#made}`, sink, messageStreamId, limits, this.writes, format);
    sink.player = player;
    prepare(player);
    player.attach(this.publication);
    this.audience.add(player);
    return sink;
  }

  /** The same, of FLV tags. */
  joinFlv(mode: SinkMode = 'sync'): RecordingSink {
    return this.join(mode, 1, undefined, 'flv');
  }

  leave(sink: RecordingSink): void {
    this.audience.remove(sink.player!);
    sink.player!.detach();
  }

  /** The publisher sends one batch; with a codec, what of it comes in whole reads. */
  send(...messages: readonly Message[]): void {
    if (this.publisher !== undefined) this.publisher.send(messages, Date.now());
    else this.publication.append(batch(...messages), Date.now());
  }

  /** Lets time pass for the fan-out: every player has had a turn. */
  turn(ms = 100): void {
    vi.advanceTimersByTime(ms);
  }

  /** Sends, then gives every player a turn. */
  play(...messages: readonly Message[]): void {
    this.send(...messages);
    this.publisher?.flush(Date.now());
    this.turn();
  }
}

/**
 * What a player got, in words: `V1` a video header with number 1, `K2` a keyframe, `I3`, `A4`, `H5` an audio header,
 * `D` data.
 */
export function words(sink: RecordingSink): string {
  return sink
    .messages()
    .map(({ type, payload }) => {
      if (type === 18) return 'D';
      const letter =
        type === 8 ? (payload[1] === 0 ? 'H' : 'A') : payload[1] === 0 ? 'V' : payload[0] === 0x17 ? 'K' : 'I';
      return `${letter}${numberOf(payload)}`;
    })
    .join(' ');
}
