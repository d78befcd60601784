import { BanFile } from '../admission/bans/ban-file.js';
import { BanKeeper } from '../admission/bans/ban-keeper.js';
import { BanList } from '../admission/bans/ban-list.js';
import { names } from '../admission/bans/ban-table.js';
import { AdmissionChain, type ChainDeps, type ChainOptions } from '../admission/chain.js';
import { type Explanation, explain, type TestQuestion } from '../admission/explain.js';
import { makeResponders, type ResponderDeps } from '../admission/make-responders.js';
import type { Responder } from '../admission/responder.js';
import { isPublicBind } from '../config/listen.js';
import type { SettingsUser } from '../config/live-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import { type Logger, rateLimited } from '../core/log.js';
import type { NameRule } from '../core/names.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { NatsLink } from '../nats/connection.js';
import type { NatsRequests } from '../nats/requests.js';

/** What admission is made with. */
interface AdmissionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeId: string;
  readonly bootId: string;
  readonly fingerprint: (key: string) => string;
  /** The rule of the server: names that replies give must hold to it, too. */
  readonly names: NameRule;
  /** The NATS connection; undefined when none is configured. */
  readonly nats: { readonly link: NatsLink; readonly requests: NatsRequests } | undefined;
}

/** Admission of a server: the chain, the bans, and how other settings are put in place while it runs. */
export class ServerAdmission {
  readonly chain: AdmissionChain;
  readonly bans: BanList;
  readonly #keeper: BanKeeper;
  readonly #deps: AdmissionDeps;
  readonly #chainDeps: ChainDeps;
  #options: ChainOptions;
  /** Settings that were checked and are not in place. */
  #checked: ChainOptions;

  /**
   * @throws SluiceError ERR_CONFIG_INVALID_VALUE when a responder's settings cannot be used; ERR_AUTH_OPEN_PUBLIC_BIND
   *   when anybody could publish to a server that others can reach
   */
  constructor(config: Config, deps: AdmissionDeps) {
    const { clock, nodeId, bootId, fingerprint, names, nats } = deps;
    const log = rateLimited(deps.log, clock, config.log.faultLinesPerSecond);
    this.#deps = deps;
    this.#options = checkedOptions(config, deps);
    this.#checked = this.#options;
    this.bans = new BanList(clock, log);
    const file = new BanFile(config.data, deps.log);
    const { replicas } = config.nats;
    this.#keeper = new BanKeeper(this.bans, file, clock, nats && { ...nats, replicas, log: deps.log });
    this.bans.keepIn(this.#keeper);
    const { bans } = this;
    this.#chainDeps = { clock, log, nodeId, bootId, bans, fingerprint, names };
    this.chain = new AdmissionChain(this.#options, this.#chainDeps);
    warnOfDeadApps(this.#options, deps.log);
    warnOfOpenDoor(config, this.#options, deps.log);
  }

  /** What does not work although streams do; `/readyz` names it. */
  get degraded(): readonly string[] {
    const { problem } = this.#keeper;
    return problem === '' ? [] : [`bans are not shared with other nodes: ${problem}`];
  }

  /**
   * Reads the bans that were kept.
   *
   * @throws SluiceError ERR_DATA_FOLDER when they cannot be read
   */
  open(): Promise<void> {
    return this.#keeper.open();
  }

  /** Puts other settings in place: the check throws ERR_CONFIG_INVALID_VALUE, ERR_AUTH_OPEN_PUBLIC_BIND. */
  get settings(): SettingsUser {
    return {
      check: (config, keys) => {
        if (keys.some(isOfChain)) this.#checked = checkedOptions(config, this.#deps, this.#options.responders);
      },
      apply: (_, keys) => {
        if (!keys.some(isOfChain)) return;
        this.#options = this.#checked;
        this.chain.reload(this.#options);
        warnOfDeadApps(this.#options, this.#deps.log);
      },
    };
  }

  /** What every responder answers to a question, and why. Nothing is counted, remembered or banned. */
  explain(question: TestQuestion): Promise<Explanation> {
    return explain(question, this.#options, this.#chainDeps);
  }

  /** Ends what runs as soon as a ban on it is set, here or on another node. */
  endBanned(live: Pick<LiveStreams, 'commands'>): void {
    this.bans.onAdded((ban) => {
      live.commands.endMatching(
        ({ app, name, ...subject }) => names(ban, { ...subject, name: `${app}/${name}` }),
        'ERR_AUTH_BANNED',
        ban.reason,
      );
    });
  }

  /** Does what is due by time. @param nowMs monotonic */
  tick(nowMs: number): void {
    this.bans.tick(nowMs);
  }

  /** Releases what responders and bans hold. */
  async close(): Promise<void> {
    await Promise.all([this.chain.close(), this.bans.close()]);
  }
}

/** Whether the chain has to be made anew when a setting changes. */
function isOfChain(key: string): boolean {
  return key.startsWith('auth.') || key === 'publish.conflict';
}

/**
 * The settings of the chain, checked.
 *
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE, ERR_AUTH_OPEN_PUBLIC_BIND
 */
function checkedOptions(config: Config, deps: ResponderDeps, before: readonly Responder[] = []): ChainOptions {
  const options = chainOptions(config, deps, before);
  if (!config.auth.allowAnonymousPublish && isOpen(config, options)) {
    throw new SluiceError('ERR_AUTH_OPEN_PUBLIC_BIND', `rtmp.listen is ${config.rtmp.listen}`);
  }
  return options;
}

/** Whether anybody may publish who reaches the server from another machine. */
function isOpen({ rtmp, rtmpt }: Config, { responders }: ChainOptions): boolean {
  const places = [rtmp.listen, ...(rtmpt.enabled && rtmpt.listen !== 'off' ? [rtmpt.listen] : [])];
  return places.some(isPublicBind) && !responders.some((responder) => responder.asks('publish'));
}

function warnOfOpenDoor(config: Config, options: ChainOptions, log: Logger): void {
  if (!isOpen(config, options)) return;
  const { listen } = config.rtmp;
  log.warn(
    { listen },
    'ANYONE who reaches this address can publish: auth.allowAnonymousPublish is on, nobody is asked',
  );
}

/** The settings of the chain, with responders made from them, or kept. */
function chainOptions(config: Config, deps: ResponderDeps, before: readonly Responder[]): ChainOptions {
  const { auth, publish } = config;
  return {
    responders: makeResponders(config, deps, before),
    budgetMs: auth.budgetMs,
    maxPending: auth.maxPending,
    denyCacheMs: auth.denyCacheMs,
    failuresPerMinutePerIp: auth.failuresPerMinutePerIp,
    onUnavailable: auth.onUnavailable,
    limits: auth.limits,
    conflict: publish.conflict,
    redirectHosts: auth.redirectHosts,
    nameIsKey: auth.nameIsKey,
    sendSecrets: auth.sendSecrets,
    keyParameters: [auth.keyParameter, auth.jwt.parameter],
  };
}

/** An app whose names are keys needs somebody who names aliases: without, nobody can publish to it. */
function warnOfDeadApps({ nameIsKey, responders }: ChainOptions, log: Logger): void {
  if (nameIsKey.length === 0 || responders.some((responder) => responder.asks('publish'))) return;
  const code = 'ERR_AUTH_ALIAS_MISSING';
  log.warn({ code, apps: nameIsKey.join(', ') }, 'nobody can publish to apps of auth.nameIsKey: no responder is set');
}
