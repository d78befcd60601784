import { RESPONDERS } from '../config/auth-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { NatsRequests } from '../nats/requests.js';
import type { Responder } from './responder.js';
import { JwtResponder } from './responders/jwt.js';
import { NatsResponder } from './responders/nats.js';
import { RulesResponder } from './responders/rules.js';
import { WebhookResponder } from './responders/webhook.js';

/** What responders are made with, besides the settings. */
export interface ResponderDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined without NATS. */
  readonly requests: NatsRequests | undefined;
}

/** How a responder is made, and whether there are settings for it. */
interface Recipe {
  readonly isConfigured: (auth: Config['auth']) => boolean;
  readonly make: (auth: Config['auth'], deps: ResponderDeps, prefix: string) => Responder;
}

const RECIPES: Partial<Record<(typeof RESPONDERS)[number], Recipe>> = {
  rules: {
    isConfigured: ({ rules }) => rules.length > 0,
    make: ({ rules, keyParameter }, { clock }) => new RulesResponder(rules, keyParameter, clock),
  },
  jwt: {
    isConfigured: ({ jwt }) => jwt.keys.length > 0 || jwt.jwks !== '',
    make: ({ jwt }, deps) => new JwtResponder(jwt, deps),
  },
  webhook: {
    isConfigured: ({ webhook }) => webhook.url !== '',
    make: ({ webhook }, { clock }) => new WebhookResponder(webhook, clock),
  },
  nats: {
    isConfigured: ({ nats }) => nats.enabled,
    make: ({ nats }, { clock, requests }, prefix) => new NatsResponder({ ...nats, prefix }, requests, clock),
  },
};

/**
 * Makes the responders in the order in which they are asked: that of `auth.responders`, or all that have settings.
 *
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE when the settings of one cannot be used
 */
export function makeResponders({ auth, events }: Config, deps: ResponderDeps): Responder[] {
  const named = auth.responders.filter((name) => name !== 'bans');
  const names = named.length > 0 ? named : RESPONDERS.filter((name) => RECIPES[name]?.isConfigured(auth));
  return [...new Set(names)].map((name) =>
    RECIPES[name as (typeof RESPONDERS)[number]]!.make(auth, deps, events.prefix),
  );
}
