import { RESPONDERS } from '../config/auth-settings.js';
import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import type { Responder } from './responder.js';
import { RulesResponder } from './responders/rules.js';

/** What responders are made with, besides the settings. */
export interface ResponderDeps {
  readonly clock: Clock;
}

/** How a responder is made, and whether there are settings for it. */
interface Recipe {
  readonly isConfigured: (auth: Config['auth']) => boolean;
  readonly make: (auth: Config['auth'], deps: ResponderDeps) => Responder;
}

const RECIPES: Partial<Record<(typeof RESPONDERS)[number], Recipe>> = {
  rules: {
    isConfigured: ({ rules }) => rules.length > 0,
    make: ({ rules, keyParameter }, { clock }) => new RulesResponder(rules, keyParameter, clock),
  },
};

/**
 * Makes the responders in the order in which they are asked: that of `auth.responders`, or all that have settings.
 *
 * @throws SluiceError ERR_CONFIG_INVALID_VALUE when the settings of one cannot be used
 */
export function makeResponders({ auth }: Config, deps: ResponderDeps): Responder[] {
  const named = auth.responders.filter((name) => name !== 'bans');
  const names = named.length > 0 ? named : RESPONDERS.filter((name) => RECIPES[name]?.isConfigured(auth));
  return [...new Set(names)].map((name) => RECIPES[name as (typeof RESPONDERS)[number]]!.make(auth, deps));
}
