import type { JwtKey } from '../config/auth-schemas.js';
import { RESPONDERS } from '../config/auth-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { NatsRequests } from '../nats/requests.js';
import type { Responder } from './responder.js';
import { AdobeResponder } from './responders/adobe.js';
import { JwtResponder } from './responders/jwt.js';
import { NatsResponder } from './responders/nats.js';
import { RulesResponder } from './responders/rules.js';
import { SignedResponder } from './responders/signed.js';
import { WebhookResponder } from './responders/webhook.js';

/** What responders are made with, besides the settings. */
export interface ResponderDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined when no NATS server is configured. */
  readonly nats: { readonly requests: NatsRequests } | undefined;
}

/** How a responder is made, and whether there are settings for it. */
interface Recipe {
  readonly isConfigured: (auth: Config['auth']) => boolean;
  /** The settings with which it is made; undefined: it reads files besides, which may be others now. */
  readonly settings: (config: Config) => unknown;
  /** @param former the one that it replaces */
  readonly make: (config: Config, deps: ResponderDeps, former: Responder | undefined) => Responder;
}

/** The settings with which responders were made, as JSON. */
const MADE_WITH = new WeakMap<Responder, string>();

const RECIPES: Readonly<Record<(typeof RESPONDERS)[number], Recipe>> = {
  rules: {
    isConfigured: ({ rules }) => rules.length > 0,
    settings: ({ auth }) => [auth.rules, auth.keyParameter],
    make: ({ auth }, { clock }) => new RulesResponder(auth.rules, auth.keyParameter, clock),
  },
  signed: {
    isConfigured: ({ signed }) => signed.keys.length > 0,
    settings: ({ auth }) => auth.signed,
    make: ({ auth }) => new SignedResponder(auth.signed.keys, auth.signed.skewMs),
  },
  jwt: {
    isConfigured: ({ jwt }) => jwt.keys.length > 0 || jwt.jwks !== '',
    settings: ({ auth: { jwt } }) => (jwt.keys.some(isInFile) ? undefined : jwt),
    make: ({ auth }, deps) => new JwtResponder(auth.jwt, deps),
  },
  adobe: {
    isConfigured: ({ adobe }) => adobe.users.length > 0,
    settings: ({ auth }) => auth.adobe,
    make: ({ auth }, { clock, log }, former) => {
      log.warn('auth.adobe: who listens to plain RTMP can guess passwords; use long ones, or a tunnel with TLS');
      return new AdobeResponder(auth.adobe.users, clock, former);
    },
  },
  webhook: {
    isConfigured: ({ webhook }) => webhook.url !== '',
    settings: ({ auth }) => auth.webhook,
    make: ({ auth }, { clock }) => new WebhookResponder(auth.webhook, clock),
  },
  nats: {
    isConfigured: ({ nats }) => nats.enabled,
    settings: ({ auth, events }) => [auth.nats, events.prefix],
    make: ({ auth, events }, { clock, nats }) =>
      new NatsResponder({ prefix: events.prefix, ...auth.nats }, nats?.requests, clock),
  },
};

/**
 * Makes the responders in the order in which they are asked: that of `auth.responders`, or all that have settings.
 *
 * @param before those that are asked now. One whose settings are the same stays: it knows keys that cannot be fetched
 *   at present, users whose connections are open, and questions that wait
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE when the settings of one cannot be used
 */
export function makeResponders(config: Config, deps: ResponderDeps, before: readonly Responder[] = []): Responder[] {
  const { auth } = config;
  const named = [...new Set(auth.responders)].filter((name) => name !== 'bans');
  const names = named.length > 0 ? named : RESPONDERS.filter((name) => RECIPES[name].isConfigured(auth));
  return names.map((name) => {
    const recipe = RECIPES[name];
    const settings = JSON.stringify(recipe.settings(config)) as string | undefined;
    const former = before.find((responder) => responder.name === name);
    if (former !== undefined && settings !== undefined && MADE_WITH.get(former) === settings) return former;
    const responder = recipe.make(config, deps, former);
    if (settings !== undefined) MADE_WITH.set(responder, settings);
    return responder;
  });
}

/** Whether a public key is the path of a file. */
function isInFile({ publicKey }: JwtKey): boolean {
  return publicKey !== undefined && !publicKey.trim().startsWith('-----BEGIN');
}
