import { join } from 'node:path';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import type { Logger } from '../core/log.js';
import { within } from '../core/within.js';
import { connectionOptions } from '../nats/connection.js';
import type { NatsRequests } from '../nats/requests.js';
import type { BusState } from './bus/bus-state.js';
import { EventBus } from './bus/event-bus.js';
import { Quarantine } from './bus/quarantine.js';
import { type Emitter, streamEvent } from './envelope.js';
import { EventLog } from './event-log.js';
import type { LeavingListener } from './journal/compaction.js';
import { type DirLock, lockDir } from './journal/dir-lock.js';
import { FolderWatch } from './journal/folder-watch.js';
import { type CarriedStream, Journal } from './journal/journal.js';
import { LifeFile, type LifeRecord } from './journal/life-file.js';
import type { JournalState } from './journal/options.js';
import { FileStorage, MemoryStorage, type SegmentStorage } from './journal/storage.js';
import { Lifecycle } from './lifecycle.js';
import { lateEnd, type OpenStream, OpenStreams } from './open-streams.js';
import { type EventsOptions, type ResolvedEventsOptions, resolveEventsOptions } from './options.js';
import { SignOfLife } from './sign-of-life.js';
import { storedStream } from './stream-moves.js';

/** What the event layer is made with. */
interface EventsDeps {
  readonly log: Logger;
  readonly clock: Clock;
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  /** Called before events up to a position are deleted from the journal, which waits for it. */
  readonly leaving?: LeavingListener;
  /** For tests: the place of the segments, instead of `dir`. */
  readonly storage?: SegmentStorage;
}

/** Counters and states for metrics and `/readyz`. */
export interface EventsStats {
  readonly emitted: number;
  readonly published: number;
  /** Events that wait in the journal for their PubAck. */
  readonly pending: number;
  /** Events that were not taken because the journal was full; 0 unless a disk or `events.maxJournalBytes` is full. */
  readonly dropped: number;
  /** Optional events left out so that the journal keeps room for starts and for its history. */
  readonly withheld: number;
  readonly retries: number;
  readonly quarantined: number;
  /** Events of streams that another node had ended by then; settled without being sent. */
  readonly superseded: number;
  readonly refusedStarts: number;
  readonly suppressedRejections: number;
  readonly openStreams: number;
  readonly busState: BusState;
  /** One sentence on the state; empty when everything works. */
  readonly busDetail: string;
  /** Why the newest sign of life could not be written; empty when it could. */
  readonly lifeDetail: string;
  readonly journalState: JournalState;
  readonly journalDetail: string;
  readonly journalBytes: number;
  readonly journalSegments: number;
}

/** Journal, log, lifecycle and bus put together: the event layer of one process. */
export class EventLayer {
  readonly lifecycle: Lifecycle;
  readonly log: EventLog;
  /** The NATS connection for control, state and reaper; `undefined` without NATS. */
  readonly bus: EventBus | undefined;
  readonly #journal: Journal;
  readonly #life: SignOfLife | undefined;
  readonly #lock: DirLock | undefined;
  readonly #watch: FolderWatch | undefined;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  private constructor(
    o: ResolvedEventsOptions,
    deps: EventsDeps,
    parts: { journal: Journal; storage?: SegmentStorage; life?: LifeFile; lock?: DirLock },
  ) {
    this.#journal = parts.journal;
    this.#lock = parts.lock;
    const { journal, storage } = parts;
    this.#watch =
      storage &&
      new FolderWatch(
        () => storage.verify(),
        (error) => journal.distrust(error),
      );
    this.#clock = deps.clock;
    this.log = new EventLog(parts.journal, () => deps.clock.wallMs());
    const emitter: Emitter = { prefix: o.prefix, nodeId: deps.nodeId, bootId: deps.bootId };
    let bus: EventBus | undefined;
    this.lifecycle = new Lifecycle(emitter, {
      sink: parts.journal,
      signals: { send: (tokens, data) => bus?.signal(tokens, data) },
      clock: deps.clock,
      bus: o.nats !== undefined,
      plays: o.plays,
      refuseStart: () =>
        o.nats !== undefined && o.onBusDown !== 'accept' && bus?.state !== 'ready'
          ? new SluiceError('ERR_EVENTS_BUS_DOWN', bus?.detail ?? '')
          : undefined,
    });
    this.#life =
      parts.life &&
      new SignOfLife(parts.life, {
        ...{ bootId: deps.bootId, clock: deps.clock, log: deps.log },
        totals: () => this.lifecycle.totals,
      });
    if (o.nats !== undefined) {
      bus = new EventBus(o.nats, o, emitter, {
        journal: parts.journal,
        lifecycle: this.lifecycle,
        log: deps.log,
        clock: deps.clock,
      });
    }
    this.bus = bus;
  }

  /**
   * Opens the journal, ends what older boots left open (`node_restart`, at the time of the last sign of life) and
   * starts towards NATS in the background: a broker that is down delays nothing.
   *
   * @throws ERR_EVENTS_JOURNAL_LOCKED when another process uses the folder; the system's error when the folder cannot
   *   be used
   */
  static async open(options: EventsOptions, deps: EventsDeps): Promise<EventLayer> {
    const o = resolveEventsOptions(options);
    // Errors in the settings are reported now; a server that does not answer may do so in a moment.
    if (o.nats !== undefined) await connectionOptions(o.nats);
    const found = new OpenStreams();
    const boots = new Set<string>();
    let bootHasBus = true;
    let lock: DirLock | undefined;
    let life: LifeFile | undefined;
    let lastLife: LifeRecord | undefined;
    let storage = deps.storage;
    if (o.dir !== undefined) {
      lock = await lockDir(o.dir);
      life = new LifeFile(o.dir);
      storage ??= new FileStorage(join(o.dir, 'journal'), lock.keep);
    }
    try {
      if (o.dir !== undefined) await Quarantine.check(o.dir);
      lastLife = await life?.read();
      const { journal, recovered } = await Journal.open(
        storage ?? new MemoryStorage(),
        {
          maxBytes: o.maxJournalBytes,
          segmentBytes: o.segmentBytes,
          historyBytes: o.historyBytes,
          historyMs: o.historyMs,
          fsync: o.fsync,
          fsyncIntervalMs: o.fsyncIntervalMs,
          reservePerStream: 4096,
          bus: o.nats !== undefined,
        },
        {
          event: (position, _wallMs, subject, json) => found.apply(position, subject, json, bootHasBus),
          carried: (position, json) => found.carry(position, json),
          moved: (json) => found.moved(json),
          boot: (json) => {
            const boot = JSON.parse(json.toString('utf8')) as { bootId: string; bus: boolean };
            bootHasBus = boot.bus;
            boots.add(boot.bootId);
          },
        },
        deps,
      );
      if (deps.leaving !== undefined) journal.onLeaving(deps.leaving);
      const eventLayer = new EventLayer(o, deps, { journal, storage, life, lock });
      await eventLayer.#begin(found, boots, recovered.lastWallMs, lastLife, o, deps);
      return eventLayer;
    } catch (error) {
      await lock?.release();
      throw error;
    }
  }

  /** Requests and subscriptions over the one NATS connection; undefined without NATS. */
  get requests(): NatsRequests | undefined {
    return this.bus?.requests;
  }

  /** Counters and states. */
  stats(): EventsStats {
    const journal = this.#journal.stats();
    const { counts } = this.lifecycle;
    return {
      emitted: counts.emitted,
      published: this.bus?.counts.published ?? 0,
      pending: journal.pending,
      dropped: counts.dropped,
      withheld: counts.withheld,
      retries: this.bus?.counts.retries ?? 0,
      quarantined: this.bus?.counts.quarantined ?? 0,
      superseded: this.bus?.counts.superseded ?? 0,
      refusedStarts: counts.refusedStarts,
      suppressedRejections: counts.suppressedRejections,
      openStreams: this.lifecycle.openStreams.size,
      busState: this.bus?.state ?? 'off',
      busDetail: this.bus?.detail ?? '',
      lifeDetail: this.#life?.trouble ?? '',
      journalState: journal.state,
      journalDetail: journal.cause,
      journalBytes: journal.bytes,
      journalSegments: journal.segments,
    };
  }

  /** Resolves when everything emitted so far survives a power loss. */
  flush(): Promise<void> {
    return this.#journal.sync();
  }

  /**
   * Flushes and closes. Events that NATS has not taken by the deadline stay in the journal and follow after the next
   * start.
   *
   * @param deadlineMs longest wait, in ms
   */
  close(deadlineMs = 4000): Promise<void> {
    this.#closing ??= this.#close(deadlineMs);
    return this.#closing;
  }

  async #close(deadlineMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    const left = (): number => Math.max(50, endMs - this.#clock.monotonicMs());
    this.#watch?.stop();
    this.#life?.stop();
    this.lifecycle.endAll('server_drain');
    await within(
      this.#journal.sync().catch(() => undefined),
      left() / 3,
    );
    await within(this.bus?.close(left() / 2), left() * 0.7);
    this.log.close();
    // A write that hangs may still reach the disk, so the folder stays locked as long as this process lives.
    if (!(await within(this.#journal.close(left() / 2), left()))) return;
    if (await within(this.#life?.close(), left())) await within(this.#lock?.release(), left());
  }

  async #begin(
    found: OpenStreams,
    boots: ReadonlySet<string>,
    lastWallMs: number,
    lastLife: LifeRecord | undefined,
    o: ResolvedEventsOptions,
    deps: EventsDeps,
  ): Promise<void> {
    const journal = this.#journal;
    const orphans = [...found.open.values()];
    journal.carry = (upTo) => this.#carried(upTo, orphans);
    journal.adoptStreams(orphans.length + found.undecided.size);
    const endedMs = Math.max(lastWallMs, lastLife?.wallMs ?? 0);
    this.lifecycle.moves.adopt(found.undecided.values(), endedMs);
    journal.note(
      'Boot',
      Buffer.from(
        JSON.stringify({ format: 1, bootId: deps.bootId, nodeId: deps.nodeId, bus: o.nats !== undefined }),
        'utf8',
      ),
    );
    const emitter: Emitter = { prefix: o.prefix, nodeId: deps.nodeId, bootId: deps.bootId };
    for (const stream of orphans.splice(0)) {
      const totals = lastLife?.bootId === stream.bootId ? lastLife.totals[stream.streamId] : undefined;
      const data = lateEnd(stream, { reason: 'node_restart', endedMs, totals });
      const event = streamEvent(emitter, stream, 'io.sluice.stream.ended', stream.seq + 1, endedMs, data);
      const position = journal.append(event);
      // No consumer on the bus has heard of a stream that was started without one.
      if (o.nats !== undefined && !stream.bus) journal.commit(position);
      journal.releaseStream();
    }
    await journal
      .sync()
      .catch((error: Error) => deps.log.warn({ cause: error.message }, 'journal: not synced at start'));
    if (found.open.size > 0) {
      deps.log.warn(
        { streams: found.open.size, endedAt: new Date(endedMs).toISOString() },
        'ended the streams that an earlier run left open',
      );
    }
    if (this.#life !== undefined) {
      await this.#life.start(journal);
      this.#watch?.start();
    }
    this.bus?.start([...boots].filter((bootId) => bootId !== deps.bootId));
  }

  #carried(upTo: number, orphans: readonly OpenStream[]): CarriedStream[] {
    const out: CarriedStream[] = [];
    const { openStreams, moves } = this.lifecycle;
    for (const stream of [...openStreams.values(), ...moves.undecided, ...orphans]) {
      if (stream.anchor > upTo) continue;
      out.push({
        json: storedStream(stream),
        moved: (position) => {
          stream.anchor = position;
        },
      });
    }
    return out;
  }
}
