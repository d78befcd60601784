import { formatHostPort, type HostPort } from '../config/listen.js';
import { resolveConfig } from '../config/load.js';
import type { Config, DeepPartial } from '../config/table.js';
import { type Clock, systemClock } from '../core/clock.js';
import { ERRORS, type ErrorCode, SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import { createLogger, guardedLogger, type Logger, stderrLosses } from '../core/log.js';
import { MemoryAccount } from '../core/memory-account.js';
import { NameRule } from '../core/names.js';
import { RunningClock } from '../core/running-clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import { VERSION } from '../core/version.js';
import { within } from '../core/within.js';
import { EventLayer } from '../events/event-layer.js';
import type { EventLog } from '../events/event-log.js';
import type { Health } from '../http/deps.js';
import type { HttpServer } from '../http/server.js';
import { Hub } from '../hub/hub.js';
import { LiveStreams } from '../live/live-streams.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import { RtmpListener } from '../rtmp/rtmp-listener.js';
import { CodecPool } from '../wasm/pool.js';
import { advertisedAddress, streamUrls } from './advertise.js';
import { Descriptors } from './descriptors.js';
import { healthOf } from './health.js';
import { openInstallation } from './installation.js';
import { LoopTurns } from './loop-turns.js';
import { collectMetrics } from './metrics.js';
import { codecLimits, eventsOptions, hubOptions, listenerOptions } from './options.js';
import { memoriesOfProcess, type Room, roomOf } from './room.js';
import { checkClock, startError } from './start-error.js';

/** What a program may hand to {@link createServer} besides the configuration. */
export interface ServerDeps {
  readonly log?: Logger;
  readonly clock?: Clock;
}

/** A running server. */
export interface SluiceServer {
  readonly nodeId: string;
  readonly bootId: string;
  /** Where encoders and players connect; the port is the real one also when 0 was configured. */
  readonly rtmpAddress: HostPort;
  /** Undefined when `http.listen` is off. */
  readonly httpAddress: HostPort | undefined;
  /** The embedded event log. */
  readonly events: EventLog;
  /** The live streams, now. */
  streams(): StreamSnapshot[];
  /** Ends every stream in good order, tells players, writes the events, and lets everything go. Safe to call twice. */
  close(): Promise<void>;
}

/** Deadlines are looked at this often. */
const TICK_MS = 250;
/** Connections that publish or play are looked at every so many ticks: with thousands of players it shows. */
const SETTLED_EVERY = 4;
/** Warm WASM instances: a burst of connections up to this many needs no instantiation. */
const WARM_INSTANCES = 64;
/** How often it is told that an address connects too often, or that there are too few file descriptors. */
const FLOOD_LINES_PER_SECOND = 0.1;

/**
 * Starts a server.
 *
 * @param config what differs from the defaults; `resolveConfig` checks it
 * @throws SluiceError `ERR_CONFIG_*`, `ERR_LISTEN`, `ERR_DATA_FOLDER`, `ERR_EVENTS_*`; nothing is left running then
 */
export async function createServer(config: DeepPartial<Config> = {}, deps: ServerDeps = {}): Promise<SluiceServer> {
  const settings = resolveConfig(config);
  const clock = deps.clock ?? systemClock;
  checkClock(clock.wallMs());
  const log = deps.log === undefined ? createLogger(settings.log) : guardedLogger(deps.log);
  const server = new Server(settings, log, clock);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw startError(error);
  }
  return server;
}

/** The composition root: makes the parts, ties them, and takes them down in order. */
class Server implements SluiceServer {
  readonly bootId = newId();
  nodeId = '';
  rtmpAddress: HostPort = { host: '', port: 0 };
  httpAddress: HostPort | undefined;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #refused = new Map<ErrorCode, number>();
  #pipeline: EventLayer | undefined;
  #listener: RtmpListener | undefined;
  #registry: LiveStreams | undefined;
  #http: HttpServer | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #turns: LoopTurns | undefined;
  #descriptors: Descriptors | undefined;
  #draining = false;
  #closing: Promise<void> | undefined;

  constructor(config: Config, log: Logger, clock: Clock) {
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
  }

  get events(): EventLog {
    return this.#pipeline!.log;
  }

  streams(): StreamSnapshot[] {
    return this.#registry?.streams() ?? [];
  }

  async start(): Promise<void> {
    const config = this.#config;
    const clock = new RunningClock(this.#clock);
    const log = this.#log;
    // Fastify takes longest to load: it does so while the journal is opened.
    const httpModule = config.http.listen === 'off' ? undefined : import('../http/server.js');
    // It is waited for further down; until then a failure to load it is nobody's unhandled rejection.
    httpModule?.catch(() => undefined);
    const { nodeId, salt } = await openInstallation(config.data, config.node.id);
    this.nodeId = nodeId;
    const pipeline = await EventLayer.open(eventsOptions(config), {
      log,
      clock: this.#clock,
      nodeId,
      bootId: this.bootId,
    }).catch((cause: unknown) => {
      throw dataFolderError(config.data, cause);
    });
    this.#pipeline = pipeline;
    const { lifecycle } = pipeline;
    const nowMs = (): number => clock.monotonicMs();
    const memory = new MemoryAccount(config.limits.memoryBytes);
    const hub = new Hub(hubOptions(config), nowMs);
    hub.joinAccount(memory);
    memory.register('log_lines', () => stderrLosses().heldBytes);
    pipeline.log.joinAccount(memory);
    const codecs = new CodecPool({ limits: codecLimits(config), warm: WARM_INSTANCES });
    const registry = new LiveStreams(
      {
        maxLagBytes: config.play.maxLagBytes,
        eventsPerSecondPerIp: config.limits.eventsPerSecondPerIp,
        publishesPerSecondPerIp: config.limits.publishesPerSecondPerIp,
        playsPerSecondPerIp: config.limits.playsPerSecondPerIp,
        limitLoopback: config.limits.limitLoopback,
        waitForPublisher: config.play.waitForPublisher,
        stallAfterMs: config.publish.stallAfterMs,
        faultLinesPerSecond: config.log.faultLinesPerSecond,
        resumeWindowMs: config.publish.resumeWindowMs,
      },
      {
        hub,
        memory,
        lifecycle,
        names: new NameRule(config.names),
        clock,
        log,
        salt,
        urls: (stream) => streamUrls(advertised, stream),
        closedFor: () => (this.#draining ? 'the server is shutting down' : undefined),
      },
    );
    this.#registry = registry;
    lifecycle.measure = (streamId) => registry.totalsOf(streamId);
    pipeline.bus?.onFenced((streamIds) => registry.fence(streamIds));
    const floodLines = new TokenBucket({ burst: 1, perSecond: FLOOD_LINES_PER_SECOND });
    const descriptors = new Descriptors(
      { rtmp: () => listener.connections.size, http: () => this.#http?.connections ?? 0 },
      nowMs,
    );
    this.#descriptors = descriptors;
    const shortageLines = new TokenBucket({ burst: 1, perSecond: FLOOD_LINES_PER_SECOND });
    const tellShortage = (): boolean => {
      const { shortage } = descriptors;
      if (shortage === undefined || !shortageLines.take(nowMs())) return false;
      const refused = this.#refused.get('ERR_DESCRIPTORS') ?? 0;
      log.warn({ code: 'ERR_DESCRIPTORS', refused }, `${shortage}: ${ERRORS.ERR_DESCRIPTORS.hint}`);
      return true;
    };
    const setting = config.limits.maxConnections;
    const memories = memoriesOfProcess();
    const room = (): Room => roomOf({ setting, memories, descriptors: descriptors.rtmpShare });
    const options = { ...listenerOptions(config), maxConnections: Math.min(setting, memories) };
    const listener: RtmpListener = new RtmpListener(options, {
      codecs,
      connectionHost: registry,
      log,
      nowMs,
      // Both are asked about a socket that was just accepted.
      descriptorShare: () => descriptors.rtmpShareAt(1),
      refused: (code, address) => {
        this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
        if (code === 'ERR_LIMIT_ACCEPT_RATE') {
          // A flood is told in numbers: every line and message for each of its sockets would be its work too.
          if (!floodLines.take(nowMs())) return;
          log.warn({ code, peer: address, refused: this.#refused.get(code) }, 'an address connects too often');
        }
        if (code === 'ERR_DESCRIPTORS' && !tellShortage()) return;
        registry.refused(address, code);
        log.debug({ code, peer: address }, 'connection refused');
      },
    });
    this.#listener = listener;
    codecs.joinAccount(memory);
    listener.joinAccount(memory);
    await lifecycle.nodeStarted({ version: VERSION });
    this.rtmpAddress = await listener.listen();
    const advertised = advertisedAddress(config.rtmp.advertise, this.rtmpAddress);
    let ticks = 0;
    this.#ticker = setInterval(() => {
      const now = nowMs();
      ticks++;
      const lostMs = clock.takeLostMs();
      if (lostMs > 0) {
        log.warn(
          { lostMs: Math.round(lostMs) },
          'the process could not run for a while: deadlines of peers are moved by as much',
        );
        // What came meanwhile is read first; who owes something after that is seen at the next tick.
        return;
      }
      try {
        hub.tick(now);
        memory.relieve();
        if (ticks % SETTLED_EVERY === 0) {
          listener.tick(now);
          tellShortage();
        } else listener.tickYoung(now);
        registry.tick(now);
        this.#turns?.tick(now);
      } catch (error) {
        log.error({ err: error, code: 'ERR_INTERNAL' }, 'a defect while deadlines were looked at');
      }
    }, TICK_MS);
    if (httpModule !== undefined) {
      const { createHttpServer } = await httpModule;
      const turns = new LoopTurns();
      this.#turns = turns;
      this.#http = await createHttpServer({
        options: config.http,
        log,
        clock,
        events: pipeline.log,
        connectionShare: () => descriptors.httpShareAt(1),
        streams: () => registry.streams(),
        metrics: () =>
          collectMetrics({
            hub,
            memory,
            listener,
            registry,
            codecs,
            refused: this.#refused,
            events: () => pipeline.stats(),
            health: this.#health(),
            turns,
            descriptors,
            room: room(),
          }),
        health: () => this.#health(),
        node: () => ({
          nodeId,
          bootId: this.bootId,
          version: VERSION,
          rtmp: formatHostPort(this.rtmpAddress),
          events: pipeline.stats(),
        }),
      });
      const http = this.#http;
      this.httpAddress = http.address;
      http.joinAccount(memory);
    }
    const { connections, bound } = room();
    log[connections < setting ? 'warn' : 'info'](
      { connections, bound, setting, descriptors: descriptors.rtmpShare, memories },
      `there is room for ${connections} RTMP connections; the least bound is ${bound}`,
    );
    await lifecycle.nodeReady();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { deadlineMs } = this.#config.shutdown;
    const deadline = this.#clock.monotonicMs() + deadlineMs;
    const left = (): number => Math.max(50, deadline - this.#clock.monotonicMs());
    this.#draining = true;
    this.#pipeline?.bus?.setDraining(true);
    const pipeline = this.#pipeline;
    // A disk or a broker that hangs costs a part of the time each, and never more than all of it.
    await this.#inTime('telling that the node drains', pipeline?.lifecycle.nodeDraining(), left() / 4);
    this.#listener?.stop();
    for (const connection of [...(this.#listener?.connections ?? [])])
      connection.shutdown('server_drain', 'the server is shutting down', 'server_drain');
    this.#registry?.endSuspended('server_drain');
    await this.#connectionsGone(left() / 2);
    clearInterval(this.#ticker);
    this.#turns?.stop();
    await this.#inTime('telling that the node has stopped', pipeline?.lifecycle.nodeStopped(), left() / 3);
    await this.#inTime('closing HTTP', this.#http?.close(), left() / 3);
    await this.#inTime('closing the event layer', pipeline?.close(left()), left());
  }

  /** Does one part of the shutdown: the next one comes also when it fails, or hangs. */
  async #inTime(what: string, work: Promise<unknown> | undefined, timeoutMs: number): Promise<void> {
    const failed = (error: unknown): void => this.#log.error({ err: error, what }, 'a part of the shutdown failed');
    const done = await within(work?.catch(failed), timeoutMs);
    if (!done)
      this.#log.error({ what, timeoutMs: Math.round(timeoutMs) }, 'a part of the shutdown was not done in time');
  }

  /** Waits until the peers have taken their last messages, at most `timeoutMs`. */
  async #connectionsGone(timeoutMs: number): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) return;
    const until = this.#clock.monotonicMs() + timeoutMs;
    while (listener.connections.size > 0 && this.#clock.monotonicMs() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const connection of [...listener.connections]) connection.destroy();
  }

  #health(): Health {
    return healthOf({
      draining: this.#draining,
      events: this.#pipeline?.stats(),
      descriptorShortage: this.#descriptors?.shortage,
      onBusDown: this.#config.events.onBusDown,
    });
  }
}

/** What the system says about a file in the data folder is the operator's to mend; anything else stays as it is. */
function dataFolderError(folder: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'syscall' in cause)) return cause;
  return new SluiceError('ERR_DATA_FOLDER', `${folder}: ${cause.message}`, { cause });
}
