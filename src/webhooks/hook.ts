import { setMaxListeners } from 'node:events';
import type { WebhookSettings } from '../config/webhook-settings.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { retryDelayMs } from '../core/retry-delay.js';
import { within } from '../core/within.js';
import { orderKey } from '../events/envelope.js';
import type { EventLog, LogEntry } from '../events/event-log.js';
import type { StreamStarted } from '../events/event-types.js';
import { END_TYPE } from '../events/subjects.js';
import { Backlog, type CursorState, type Lane } from './backlog.js';
import type { CursorFile } from './cursor-file.js';
import { CursorWriter } from './cursor-writer.js';
import type { DeadLetters } from './dead-letters.js';
import { eventFilter } from './filter.js';
import { cloudEvents } from './formats/cloudevents.js';
import type { HookFormat } from './formats/format.js';
import { nginxRtmp } from './formats/nginx-rtmp.js';
import { srs } from './formats/srs.js';
import { HealthLines } from './health-lines.js';
import { Poster, type PostOutcome } from './post.js';

/** First and longest wait between attempts for one stream, in ms. */
const RETRY_MS = [1000, 300_000] as const;
/** Most posts of one webhook at a time. */
const IN_FLIGHT = 16;
/** How often it is looked whether a stream may be tried again, in ms. */
const LOOK_MS = 250;
/** After so long without any success, one success has all waiting streams tried at once. */
const OUTAGE_MS = 10_000;
/** Pause before reading goes on after it failed, in ms. */
const READ_AGAIN_MS = 1000;

const FORMATS: Readonly<Record<WebhookSettings['format'], HookFormat>> = {
  cloudevents: cloudEvents,
  srs,
  'nginx-rtmp': nginxRtmp,
};

/** What a webhook works with. */
export interface HookDeps {
  readonly events: EventLog;
  readonly log: Logger;
  readonly clock: Clock;
  readonly node: { readonly nodeId: string; readonly bootId: string };
  /** Most events that are known and not delivered; past it no more are read until some are. Default: 10,000. */
  readonly mostOpen?: number;
}

/** The files of a webhook. */
interface HookFiles {
  readonly cursor: CursorFile;
  readonly deadLetters: DeadLetters;
}

/** How a webhook is. */
export interface HookStatus {
  readonly name: string;
  /** Without what may be a secret. */
  readonly url: string;
  readonly format: string;
  /** `failing`: at least one stream waits for another attempt; `off`: the receiver has answered 410. */
  readonly state: 'ok' | 'failing' | 'off';
  /** Events that are to be delivered, as far as they have been looked at. */
  readonly pending: number;
  /** Events of the journal that it has not looked at. */
  readonly unread: number;
  /** Since the start of the process, or the last change of its settings. */
  readonly delivered: number;
  readonly failed: number;
  readonly deadLetters: number;
  /** Age of the oldest event that is to be delivered, in ms; 0 without one. */
  readonly lagMs: number;
  /** Why the last failed attempt failed; empty: none has. */
  readonly problem: string;
}

/** Delivers the events of the journal to one webhook: in order per stream, at least once. */
export class Hook {
  readonly settings: WebhookSettings;
  readonly #deps: HookDeps;
  readonly #files: HookFiles;
  readonly #format: HookFormat;
  readonly #filter: ReturnType<typeof eventFilter>;
  readonly #poster: Poster;
  readonly #backlog: Backlog;
  readonly #cursor: CursorWriter;
  readonly #lines: HealthLines;
  /** Ends posts that are on their way. */
  readonly #end = new AbortController();
  #reading = new AbortController();
  #roomWaiter: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOff = false;
  #isClosed = false;
  #lastSuccessMs: number;
  #flightBytes = 0;
  #delivered = 0;
  #failed = 0;
  #letters = 0;
  #problem = '';
  /** Whether the last dead letter could not be written. */
  #losesLetters = false;

  /** @param state where it begins */
  constructor(settings: WebhookSettings, state: CursorState, files: HookFiles, deps: HookDeps) {
    this.settings = settings;
    this.#deps = { ...deps, log: deps.log.child({ webhook: settings.name }) };
    this.#files = files;
    this.#format = FORMATS[settings.format];
    this.#filter = eventFilter(settings);
    this.#poster = new Poster(settings, this.#format, deps.clock);
    this.#backlog = new Backlog(state, deps.mostOpen);
    this.#cursor = new CursorWriter(files.cursor, this.#backlog, this.#deps.log);
    this.#lines = new HealthLines(this.#deps.log);
    this.#lastSuccessMs = deps.clock.monotonicMs();
    // Each post that is on its way listens to it.
    setMaxListeners(0, this.#end.signal);
  }

  /** Begins. Resolves when its cursor is on disk: from then on no event is passed over. */
  async start(): Promise<void> {
    await this.#cursor.now();
    void this.#readOn();
  }

  get status(): HookStatus {
    const { name, format } = this.settings;
    const { open, failing, oldest } = this.#backlog;
    return {
      ...{ name, url: this.#poster.shownUrl, format },
      state: this.#isOff ? 'off' : failing > 0 ? 'failing' : 'ok',
      pending: open,
      unread: Math.max(0, this.#deps.events.newest - this.#backlog.read),
      ...{ delivered: this.#delivered, failed: this.#failed, deadLetters: this.#letters },
      lagMs: oldest === undefined ? 0 : Math.max(0, Math.round(this.#deps.clock.wallMs() - oldest.wallMs)),
      problem: this.#problem,
    };
  }

  /** Bytes that it holds: positions, and bodies on their way. */
  get heldBytes(): number {
    return this.#backlog.heldBytes + this.#flightBytes;
  }

  /** Posts something that is no event, once. */
  async test(): Promise<PostOutcome & { readonly latencyMs: number }> {
    const { clock, node } = this.#deps;
    const beganMs = clock.monotonicMs();
    const id = `${newId()}:test`;
    const body = this.#format.test(node, this.settings.name, id, clock.wallMs());
    const outcome = await this.#poster.post({ id, body }, this.#end.signal);
    if (outcome.kind === 'taken') this.#retryAll();
    return { ...outcome, latencyMs: Math.round(clock.monotonicMs() - beganMs) };
  }

  /**
   * Delivers the events behind a position once more, behind those that are still to be delivered.
   *
   * @returns how many events are looked at again
   * @throws SluiceError ERR_CTL_CONFLICT when it is off, or about to be
   */
  replay(after: number): number {
    if (this.#isOff || this.#isClosed)
      throw new SluiceError('ERR_CTL_CONFLICT', `the webhook ${this.settings.name} is off`);
    const before = this.#backlog.read;
    this.#reading.abort();
    this.#makeRoom();
    const { clock } = this.#deps;
    this.#backlog.rewind(after, clock.wallMs(), clock.monotonicMs());
    this.#cursor.touch();
    void this.#readOn();
    return before - this.#backlog.read;
  }

  /** The events up to a position are about to be deleted: those that are not delivered become dead letters. */
  async leaving(upTo: number): Promise<void> {
    // The cursor counts them as done only when they are in the file of dead letters.
    await this.#cursor.after(() => this.#leave(upTo));
    this.#makeRoom();
  }

  async #leave(upTo: number): Promise<void> {
    const why = 'deleted from the journal before it could be delivered';
    const { events } = this.#deps;
    for (const position of this.#backlog.leave(upTo))
      await this.#bury(position, why, (await events.at(position))?.json);
    if (this.#backlog.start < upTo) {
      for await (const entry of events.since({ afterPosition: this.#backlog.start })) {
        if (entry.position > upTo) break;
        if (this.#backlog.looksAt(entry.position) && this.#wants(entry))
          await this.#bury(entry.position, why, entry.json);
      }
    }
  }

  /**
   * Stops: what can be delivered within `graceMs` is, the rest after the next start.
   *
   * @returns resolves when the cursor is on disk
   */
  async close(graceMs: number): Promise<void> {
    if (this.#isClosed) return;
    await within(this.#idle(), graceMs);
    this.#isClosed = true;
    this.#reading.abort();
    this.#end.abort();
    clearInterval(this.#timer);
    this.#makeRoom();
    this.#poster.close();
    await this.#cursor.now();
  }

  /** Reads the journal on, until it is told to stop. */
  async #readOn(): Promise<void> {
    const reading = new AbortController();
    this.#reading = reading;
    const { signal } = reading;
    try {
      for await (const entry of this.#deps.events.follow({ afterPosition: this.#backlog.start }, signal)) {
        if (signal.aborted) return;
        this.#look(entry);
        while (this.#backlog.isFull && !signal.aborted)
          await new Promise<void>((resolve) => {
            this.#roomWaiter = resolve;
          });
      }
    } catch (error) {
      this.#deps.log.error({ err: error }, 'a webhook cannot read the journal; it tries again');
      setTimeout(() => void (signal.aborted ? undefined : this.#readOn()), READ_AGAIN_MS).unref();
    }
  }

  #look(entry: LogEntry): void {
    if (this.#backlog.looksAt(entry.position) && this.#wants(entry)) {
      const { clock } = this.#deps;
      const { position, wallMs } = entry;
      const agedMs = Math.max(0, clock.wallMs() - this.#backlog.sinceMs({ position, wallMs }));
      const triedSinceMs = clock.monotonicMs() - agedMs;
      this.#backlog.add(orderKey(entry.id), { position, wallMs, triedSinceMs });
      this.#pump(entry);
    }
    this.#cursor.touch();
  }

  #wants(entry: LogEntry): boolean {
    return this.#format.tells(entry.type) && this.#filter.type(entry.type) && this.#filter.entry(entry);
  }

  /** Sends what may be sent. @param entry an event that is at hand */
  #pump(entry?: LogEntry): void {
    while (!this.#isOff && !this.#isClosed && this.#backlog.busy < IN_FLIGHT) {
      const lane = this.#backlog.take();
      if (lane === undefined) return;
      void this.#attempt(lane, lane.events[0]!.position === entry?.position ? entry : undefined);
    }
  }

  async #attempt(lane: Lane, atHand: LogEntry | undefined): Promise<void> {
    const head = lane.events[0]!;
    const entry = atHand ?? (await this.#deps.events.at(head.position).catch(() => undefined));
    const outcome = entry === undefined ? undefined : await this.#post(entry);
    if (this.#isClosed) return;
    const { clock } = this.#deps;
    if (outcome?.kind === 'taken') this.#taken(lane);
    else if (outcome?.kind === 'gone') this.#switchOff(lane);
    else {
      const why = outcome?.why ?? 'the journal no longer has it';
      if (outcome !== undefined) this.#failed++;
      this.#problem = why;
      const isOver = clock.monotonicMs() - head.triedSinceMs >= this.settings.retryFor;
      if (outcome === undefined || isOver || lane.isLeaving) {
        this.#lines.failed(why, clock.monotonicMs());
        await this.#bury(head.position, why, entry?.json);
        this.#backlog.settle(lane);
      } else this.#rest(lane, why);
    }
    this.#makeRoom();
    this.#cursor.touch();
    this.#pump();
  }

  async #post(entry: LogEntry): Promise<PostOutcome> {
    this.#flightBytes += entry.json.length;
    try {
      const body = this.#format.body(entry, await this.#startOf(entry));
      const { traceparent } = entry.event;
      return await this.#poster.post({ id: entry.id, body, traceparent }, this.#end.signal);
    } catch (error) {
      this.#deps.log.error({ err: error, event: entry.id }, 'an event cannot be put in the form of the webhook');
      return { kind: 'failed', why: 'a defect of the server' };
    } finally {
      this.#flightBytes -= entry.json.length;
    }
  }

  /** The start of the stream that has ended, where the form of the webhook needs it. */
  async #startOf({ id, type }: LogEntry): Promise<StreamStarted | undefined> {
    if (!this.#format.needsStart || type !== END_TYPE) return undefined;
    const start = await this.#deps.events.find(`${orderKey(id)}:1`);
    return start?.event.type === 'io.sluice.stream.started' ? start.event.data : undefined;
  }

  #taken(lane: Lane): void {
    this.#delivered++;
    this.#backlog.settle(lane);
    const nowMs = this.#deps.clock.monotonicMs();
    if (nowMs - this.#lastSuccessMs >= OUTAGE_MS) this.#backlog.wake(Number.POSITIVE_INFINITY);
    this.#lastSuccessMs = nowMs;
    if (this.#backlog.failing === 0) this.#lines.isWell();
  }

  #rest(lane: Lane, why: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#backlog.rest(lane, nowMs + retryDelayMs(lane.tries + 1, RETRY_MS, Math.random()));
    this.#lines.failed(why, nowMs);
    this.#timer ??= setInterval(() => this.#retryDue(), LOOK_MS).unref();
  }

  #retryDue(): void {
    this.#backlog.wake(this.#deps.clock.monotonicMs());
    if (this.#backlog.waiting === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#pump();
  }

  /** The receiver takes something: everything that waits is tried now. */
  #retryAll(): void {
    this.#backlog.wake(Number.POSITIVE_INFINITY);
    this.#pump();
  }

  #switchOff(lane: Lane): void {
    this.#backlog.rest(lane, Number.POSITIVE_INFINITY);
    if (this.#isOff) return;
    this.#isOff = true;
    this.#problem = 'status 410';
    this.#reading.abort();
    clearInterval(this.#timer);
    this.#deps.log.warn(
      { pending: this.#backlog.open },
      'the receiver has answered 410: the webhook is off until the next start or a change of its settings',
    );
  }

  /** Writes a dead letter. The event is done with also when the disk does not take it. */
  async #bury(position: number, why: string, json: Buffer | undefined): Promise<void> {
    this.#letters++;
    try {
      await this.#files.deadLetters.write({ atMs: this.#deps.clock.wallMs(), why, position, json });
      this.#losesLetters = false;
    } catch (error) {
      if (!this.#losesLetters) this.#deps.log.error({ err: error }, 'dead letters of a webhook cannot be written');
      this.#losesLetters = true;
    }
  }

  #makeRoom(): void {
    this.#roomWaiter?.();
    this.#roomWaiter = undefined;
  }

  /** Resolves when everything that can be delivered now is. */
  async #idle(): Promise<void> {
    const { events } = this.#deps;
    const isBusy = (): boolean =>
      !this.#isOff &&
      !this.#isClosed &&
      (this.#backlog.busy > 0 || this.#backlog.hasReady || this.#backlog.read < events.newest);
    while (isBusy()) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
