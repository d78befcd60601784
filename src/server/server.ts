import { fingerprints } from '../admission/fingerprint.js';
import { FileWatch } from '../config/file-watch.js';
import type { HostPort } from '../config/listen.js';
import { LiveSettings } from '../config/live-settings.js';
import { configFileOf } from '../config/load.js';
import type { Config, DeepPartial } from '../config/table.js';
import type { ControlService } from '../control/nats/control-service.js';
import type { Facts } from '../control/ports.js';
import { type Clock, systemClock } from '../core/clock.js';
import { newId } from '../core/ids.js';
import { createLogger, guardedLogger, type Logger } from '../core/log.js';
import { NameRule } from '../core/names.js';
import { RunningClock } from '../core/running-clock.js';
import { VERSION } from '../core/version.js';
import type { EventLayer } from '../events/event-layer.js';
import type { EventLog } from '../events/event-log.js';
import type { Health, HttpDeps } from '../http/deps.js';
import type { HttpServer } from '../http/server.js';
import { toldEnd } from '../live/told-end.js';
import type { StreamSnapshot } from '../model/snapshot.js';
import type { Captures } from '../rtmp/captures.js';
import { Traces } from '../traces/traces.js';
import { Webhooks } from '../webhooks/webhooks.js';
import { ServerAdmission } from './admission.js';
import { connectionsGone } from './connections-gone.js';
import { type Control, checkHttpBind, makeControl } from './control.js';
import { clusterOf, controlOverNats } from './control-nats.js';
import { drainCounts } from './drain-counts.js';
import { healthOf } from './health.js';
import { announceNode } from './heartbeat.js';
import { inTime } from './in-time.js';
import { openInstallation, secretFor } from './installation.js';
import { JobCounts } from './job-counts.js';
import { listenAll } from './listen-all.js';
import { LoopTurns } from './loop-turns.js';
import { readForMetrics } from './metric-reads.js';
import { collectMetrics } from './metrics.js';
import { nodeControl, Reloader } from './node-control.js';
import { type DrainOptions, type DrainProgress, NodeDrain } from './node-drain.js';
import { nodeFacts } from './node-facts.js';
import { hidesNames } from './options.js';
import { pageDeps } from './page.js';
import { logRoom, makeParts, openCaptures, openEventLayer, openObjects, openWebhooks, type Parts } from './parts.js';
import { Places } from './places.js';
import { tellLogger, tellParts, tellTokens, tellWebhooks } from './settings-users.js';
import type { ServerDeps, SluiceServer } from './sluice-server.js';
import { checkClock, checkedGiven, startError } from './start-error.js';
import { Ticker } from './ticker.js';

/**
 * Starts a server.
 *
 * @param config what differs from the defaults; `resolveConfig` checks it
 * @throws SluiceError `ERR_CONFIG_*`, `ERR_LISTEN`, `ERR_DATA_FOLDER`, `ERR_EVENTS_*`; nothing is left running then
 */
export async function createServer(config: DeepPartial<Config> = {}, deps: ServerDeps = {}): Promise<SluiceServer> {
  const file = configFileOf(deps.sources ?? {});
  const watch = file === undefined ? undefined : new FileWatch(file);
  const settings = new LiveSettings({ ...deps.sources, given: checkedGiven(config) });
  const clock = deps.clock ?? systemClock;
  checkClock(clock.wallMs());
  const own = deps.log ?? createLogger(settings.config.log);
  const log = deps.log === undefined ? own : guardedLogger(own);
  const server = new Server(settings, log, clock, watch);
  tellLogger(settings, own);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw startError(error);
  }
  return server;
}

/** The composition root: makes the parts, ties them together, and takes them down in order. */
class Server implements SluiceServer {
  readonly bootId = newId();
  nodeId = '';
  httpAddress: HostPort | undefined;
  failure: SluiceServer['failure'];
  readonly stopped: Promise<void>;
  readonly #settings: LiveSettings;
  readonly #reloader: Reloader;
  readonly #places: Places;
  readonly #watch: FileWatch | undefined;
  readonly #drain: NodeDrain;
  readonly #webhooks: Webhooks;
  readonly #log: Logger;
  readonly #clock: Clock;
  #eventLayer: EventLayer | undefined;
  #parts: Parts | undefined;
  #captures: Captures | undefined;
  #admission: ServerAdmission | undefined;
  #http: HttpServer | undefined;
  #control: Control | undefined;
  #controlService: ControlService | undefined;
  #ticker: Ticker | undefined;
  #turns: LoopTurns | undefined;
  #traces: Traces | undefined;
  #closing: Promise<void> | undefined;
  #hasStopped: () => void = () => {};

  constructor(settings: LiveSettings, log: Logger, clock: Clock, watch: FileWatch | undefined) {
    this.stopped = new Promise((resolve) => {
      this.#hasStopped = resolve;
    });
    this.#settings = settings;
    this.#webhooks = new Webhooks(settings.config.data);
    this.#log = log;
    this.#clock = clock;
    this.#reloader = new Reloader(settings, log, clock, (entry) => this.#eventLayer?.lifecycle.nodeCommand(entry));
    this.#watch = watch;
    this.#places = new Places(settings, log, clock);
    this.#drain = new NodeDrain({
      log,
      clock,
      endingMs: () => settings.config.shutdown.deadlineMs,
      counts: () => drainCounts(this.#parts, this.#eventLayer),
      askAway: (tcUrl) => this.#askAway(tcUrl),
      begun: (told) => this.#closeDoors(told),
      tell: (told) => this.#eventLayer?.lifecycle.nodeDraining(told) ?? Promise.resolve(),
      undone: () => this.#openDoors(),
      stop: () => void this.close(),
    });
  }

  get #config(): Config {
    return this.#settings.config;
  }

  get rtmpAddress(): HostPort {
    return this.#places.rtmp;
  }

  get rtmpsAddress(): HostPort | undefined {
    return this.#places.rtmps;
  }

  get hidesNames(): boolean {
    return hidesNames(this.#config);
  }

  get closeMs(): number {
    return this.#config.shutdown.deadlineMs;
  }

  get events(): EventLog {
    return this.#eventLayer!.log;
  }

  streams(): StreamSnapshot[] {
    return this.#parts?.liveStreams.streams() ?? [];
  }

  async start(): Promise<void> {
    const config = this.#config;
    const log = this.#log;
    checkHttpBind(config.http);
    await this.#places.rtmpsFiles.open();
    // Fastify takes longest to load, so it is loaded while the journal is opened.
    const httpModule = config.http.listen === 'off' ? undefined : import('../http/server.js');
    // The result is awaited further down. Until then a failure to load must not count as an unhandled rejection.
    httpModule?.catch(() => undefined);
    const installation = await openInstallation(config.data, config.node.id);
    this.nodeId = installation.nodeId;
    const { nodeId, bootId } = this;
    const webhooks = this.#webhooks;
    const eventLayer = await openEventLayer(config, { log, clock: this.#clock, nodeId, bootId, webhooks });
    this.#eventLayer = eventLayer;
    const { lifecycle, log: events } = eventLayer;
    const traces = await Traces.open(config.traces, { log, instanceId: nodeId });
    traces?.follow(events);
    this.#traces = traces;
    await openWebhooks(config, webhooks, { events, log, clock: this.#clock, node: { nodeId, bootId } });
    const fingerprint = fingerprints(config.auth.salt, installation.salt);
    const clock = new RunningClock(this.#clock);
    const names = new NameRule(config.names);
    const admission = new ServerAdmission(config, {
      ...{ log, clock, nodeId, bootId, fingerprint, names, nats: eventLayer.bus },
    });
    this.#admission = admission;
    await admission.open();
    this.#captures = await openCaptures(config, { log, clock: this.#clock, hidesNames: () => this.hidesNames });
    const parts = makeParts(config, {
      log,
      clock,
      eventLayer,
      names,
      captures: this.#captures,
      objectFiles: await openObjects(config),
      admission: traces?.admission(admission.chain, () => this.#clock.wallMs()) ?? admission.chain,
      ...{ nodeId, bootId },
      urls: (stream) => this.#places.urls(stream),
      certificates: () => this.#places.rtmpsFiles.certificates,
      ticketSecret: secretFor('job tickets', installation),
      closedFor: () => this.#drain.closedFor,
      settings: () => this.#config,
      httpConnections: () => this.#http?.connections ?? 0,
    });
    this.#parts = parts;
    admission.endBanned(parts.liveStreams);
    parts.memory.register('webhooks', () => webhooks.heldBytes);
    tellParts(this.#settings, parts);
    tellWebhooks(this.#settings, webhooks);
    this.#settings.use(admission.settings);
    await lifecycle.nodeStarted({ version: VERSION });
    await listenAll(config, this.#places, parts, log);
    announceNode(config, this.#places, parts, eventLayer, (failure) => {
      this.failure = failure;
      void this.close();
    });
    this.#ticker = new Ticker(parts.clock, log, (nowMs, all) => this.#tick(parts, nowMs, all));
    await this.#openControl(parts, eventLayer, admission, httpModule);
    logRoom(log, config.limits.maxConnections, parts);
    void parts.recordings.recover();
    await lifecycle.nodeReady();
  }

  /** Opens what operators and programs reach: HTTP, and control over it and over NATS. */
  async #openControl(
    parts: Parts,
    eventLayer: EventLayer,
    admission: ServerAdmission,
    httpModule: Promise<typeof import('../http/server.js')> | undefined,
  ): Promise<void> {
    const { nodeId, bootId } = this;
    const { prefix } = this.#config.events;
    this.#control = makeControl({
      ...{ nodeId, clock: this.#clock, log: this.#log, eventLayer, memory: parts.memory },
      ...{ bootId, cluster: clusterOf(eventLayer, prefix, this.#clock), places: this.#config },
      ...{ liveStreams: parts.liveStreams, copies: parts.copies, relays: parts.relays, bans: admission.bans },
      webhooks: this.#webhooks,
      authTest: (question) => admission.explain(question),
      node: nodeControl({
        settings: this.#settings,
        drain: this.#drain,
        info: () => ({ ...this.#info(eventLayer), ...eventLayer.bus?.told }),
        reauthorise: () => void parts.liveStreams.commands.reauthoriseAll(),
      }),
    });
    if (httpModule !== undefined) {
      const { createHttpServer } = await httpModule;
      this.#turns = new LoopTurns();
      this.#http = await createHttpServer(this.#httpDeps(parts, eventLayer, this.#turns));
      this.httpAddress = this.#http.address;
      this.#http.joinAccount(parts.memory);
      tellTokens(this.#settings, this.#http);
    }
    this.#controlService = controlOverNats({
      ...{ eventLayer, dispatcher: this.#control.dispatcher, clock: this.#clock, nodeId, bootId },
      ...{ prefix, rtmp: this.rtmpAddress, http: this.httpAddress, asked: this.#parts?.cluster?.asked },
    });
  }

  #tick(parts: Parts, nowMs: number, all: boolean): void {
    const { hub, memory, listener, refusals, recorded } = parts;
    hub.tick(nowMs);
    memory.relieve();
    if (all) {
      listener.tick(nowMs);
      recorded.tick(nowMs);
      refusals.logShortage();
    } else listener.tickYoung(nowMs);
    parts.tick(nowMs);
    this.#admission?.tick(nowMs);
    this.#turns?.tick(nowMs);
    this.#drain.tick(nowMs);
    if (all) this.#lookAtFiles(nowMs);
  }

  #lookAtFiles(nowMs: number): void {
    void this.#places.rtmpsFiles.look(nowMs);
    if (this.#watch === undefined || !this.#config.node.watchConfig) return;
    void this.#watch.look(nowMs).then((hasChanged) => (hasChanged ? this.reload('the file has changed') : undefined));
  }

  async reload(actor: string): Promise<void> {
    await this.#reloader.reload(actor);
    await this.#places.rtmpsFiles.readAgain(actor);
  }

  async drain(options: DrainOptions): Promise<void> {
    await this.#drain.begin(options);
  }

  async undrain(): Promise<void> {
    await this.#drain.undo();
  }

  #askAway(tcUrl: string | undefined): void {
    for (const connection of this.#parts?.listener.connections ?? [])
      connection.requestReconnect(tcUrl, 'the server is draining');
  }

  #closeDoors(told: DrainProgress): Promise<void> {
    this.#eventLayer?.bus?.setDraining(true);
    this.#parts?.liveStreams.endWaitingPlays();
    return this.#eventLayer?.lifecycle.nodeDraining(told) ?? Promise.resolve();
  }

  #openDoors(): Promise<void> {
    this.#eventLayer?.bus?.setDraining(false);
    return this.#eventLayer?.lifecycle.nodeReady() ?? Promise.resolve();
  }

  #httpDeps(parts: Parts, eventLayer: EventLayer, turns: LoopTurns): HttpDeps {
    const admission = this.#admission!;
    const jobs = JobCounts.of(eventLayer, this.#clock);
    return {
      options: { ...this.#config.http, limitLoopback: this.#config.limits.limitLoopback },
      log: this.#log,
      clock: parts.clock,
      events: eventLayer.log,
      media: this.#config.httpFlv.enabled ? parts.flv : undefined,
      connectionShare: () => parts.descriptors.httpShareAt(1),
      ...pageDeps(parts, this.#control!.routes, {
        ...{ config: this.#config, eventLayer, of: this },
        health: () => this.#health(),
      }),
      metrics: async () =>
        collectMetrics({
          ...parts,
          events: () => eventLayer.stats(),
          health: this.#health(),
          turns,
          ...{ admission: admission.chain.stats, bans: admission.bans },
          ...{ webhooks: this.#webhooks, traces: this.#traces?.counts },
          tokenRefusals: this.#http?.tokenRefusals,
          ...{ nowMs: this.#clock.wallMs(), openStreams: eventLayer.lifecycle.openStreams },
          ...(await readForMetrics(this.#config, jobs)),
        }),
      health: () => this.#health(),
    };
  }

  /** What `/v1/node` shows. */
  #info(eventLayer: EventLayer): Facts {
    return nodeFacts(this, this.#places.shown, this.#drain.progress, eventLayer.stats());
  }

  close(): Promise<void> {
    this.#closing ??= this.#close().finally(this.#hasStopped);
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { deadlineMs } = this.#config.shutdown;
    const deadline = this.#clock.monotonicMs() + deadlineMs;
    const left = (): number => Math.max(50, deadline - this.#clock.monotonicMs());
    const isTold = this.#drain.end();
    this.#eventLayer?.bus?.setDraining(true);
    const eventLayer = this.#eventLayer;
    // A disk or a broker that hangs costs a part of the time each, and never more than all of it.
    const told = isTold ? undefined : eventLayer?.lifecycle.nodeDraining();
    await this.#inTime('telling that the node drains', told, left() / 4);
    this.#parts?.listener.stop();
    this.#parts?.endRelays();
    for (const connection of [...(this.#parts?.listener.connections ?? [])])
      connection.shutdown('server_drain', toldEnd('ERR_SESSION_SHUTDOWN'), 'server_drain');
    this.#parts?.flv.shutdown();
    await connectionsGone(this.#parts, this.#clock, left() / 2);
    await this.#inTime('writing shared objects', this.#parts?.objects.close(), left() / 3);
    this.#ticker?.stop();
    this.#parts?.recorded.close();
    this.#turns?.stop();
    await this.#inTime('completing recordings', this.#parts?.recordings.close(), left() / 2);
    await this.#inTime('telling that the node has stopped', eventLayer?.lifecycle.nodeStopped(), left() / 3);
    await this.#inTime('writing captures', this.#captures?.done(), left() / 3);
    await this.#inTime('closing admission', this.#admission?.close(), left() / 3);
    this.#controlService?.close();
    await this.#inTime('delivering to webhooks', this.#webhooks.close(Math.min(1000, left() / 3)), left() / 2);
    await this.#inTime('closing HTTP', this.#http?.close(), left() / 3);
    await this.#inTime('closing HTTP for players', this.#parts?.flvListener?.close(), left() / 3);
    await this.#inTime('sending traces', this.#traces?.close(left() / 3, eventLayer?.flush()), left() / 2);
    await this.#inTime('closing the event layer', eventLayer?.close(left()), left());
  }

  #inTime(what: string, work: Promise<unknown> | undefined, timeoutMs: number): Promise<void> {
    return inTime(this.#log, what, work, timeoutMs);
  }

  #health(): Health {
    return healthOf({
      closedFor: this.#drain.closedFor,
      events: this.#eventLayer?.stats(),
      admission: this.#admission?.degraded ?? [],
      controlTrouble: this.#controlService?.trouble ?? '',
      recordingTrouble: this.#parts?.recordings.trouble ?? '',
      descriptorShortage: this.#parts?.descriptors.shortage,
      isolation: this.#parts?.isolation,
      ...{ config: this.#config, registryTrouble: this.#parts?.cluster?.trouble },
    });
  }
}
