import { BanList } from '../admission/bans/ban-list.js';
import { AdmissionChain, type ChainOptions } from '../admission/chain.js';
import { makeResponders, type ResponderDeps } from '../admission/make-responders.js';
import { parseListen } from '../config/listen.js';
import type { SettingsUser } from '../config/live-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import { type Logger, rateLimited } from '../core/log.js';
import { isLoopback } from '../core/loopback.js';
import { NameRule } from '../core/names.js';
import type { NatsRequests } from '../nats/requests.js';

/** What admission is made with. */
interface AdmissionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeId: string;
  readonly bootId: string;
  readonly fingerprint: (key: string) => string;
  /** Undefined without NATS. */
  readonly requests: NatsRequests | undefined;
}

/** Admission of a server: the chain, and how other settings are put in place while it runs. */
export interface ServerAdmission {
  readonly chain: AdmissionChain;
  readonly bans: BanList;
  /** Puts other settings in place: the check throws ERR_CONFIG_INVALID_VALUE, ERR_AUTH_OPEN_PUBLIC_BIND. */
  readonly settings: SettingsUser;
  /** Releases what responders and bans hold. */
  close(): Promise<void>;
}

/**
 * Makes the chain of responders from the settings.
 *
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE when a responder's settings cannot be used; ERR_AUTH_OPEN_PUBLIC_BIND
 *   when anybody could publish to a server that others can reach
 */
export function makeAdmission(config: Config, deps: AdmissionDeps): ServerAdmission {
  const { clock, nodeId, bootId, fingerprint } = deps;
  const bans = new BanList(clock, deps.log);
  const log = rateLimited(deps.log, clock, config.log.faultLinesPerSecond);
  const options = checkedOptions(config, deps);
  const names = new NameRule(config.names);
  /** What was checked and is not in place. */
  let next = options;
  const chain = new AdmissionChain(options, {
    ...{ clock, log, nodeId, bootId, bans, fingerprint },
    names,
  });
  warnOfDeadApps(options, deps.log);
  return {
    chain,
    bans,
    settings: {
      check: (changed, keys) => {
        if (keys.some(isOfChain)) next = checkedOptions(changed, deps);
      },
      apply: (changed, keys) => {
        names.change(changed.names);
        if (!keys.some(isOfChain)) return;
        chain.reload(next);
        warnOfDeadApps(next, deps.log);
      },
    },
    close: async () => {
      await Promise.all([chain.close(), bans.close()]);
    },
  };
}

/** Whether the chain has to be made anew when a setting changes. */
function isOfChain(key: string): boolean {
  return key.startsWith('auth.') || key === 'publish.conflict';
}

function checkedOptions(config: Config, deps: ResponderDeps): ChainOptions {
  const options = chainOptions(config, deps);
  const { host } = parseListen(config.rtmp.listen);
  const isAsked = options.responders.some((responder) => responder.asks('publish'));
  if (!isAsked && !config.auth.allowAnonymousPublish && !isLoopback(host)) {
    throw new SluiceError('ERR_AUTH_OPEN_PUBLIC_BIND', `rtmp.listen is ${config.rtmp.listen}`);
  }
  return options;
}

/** The settings of the chain, with responders made from them. */
function chainOptions(config: Config, deps: ResponderDeps): ChainOptions {
  const { auth, publish } = config;
  return {
    responders: makeResponders(config, deps),
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
