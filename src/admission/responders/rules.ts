import { createHash, timingSafeEqual } from 'node:crypto';
import type { Rule, RuleKey } from '../../config/auth-schemas.js';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { type AddressBlock, holds, parseAddress, parseBlock } from '../cidr.js';
import { globPattern } from '../glob.js';
import { isPlaceholder, PLAIN_PLACEHOLDERS } from '../placeholders.js';
import type { AdmissionRequest } from '../request.js';
import { next, type Reply, type Responder, type ResponderAnswer } from '../responder.js';
import { ScryptKeys } from '../scrypt-keys.js';

/** Whether a rule's key was given. Undefined: too many passwords wait for their hash. */
type KeyMatch = boolean | undefined;

/** A rule, ready to be compared with requests. */
interface CompiledRule {
  /** For people: its name, or its place in the list. */
  readonly title: string;
  readonly fits: (request: AdmissionRequest) => boolean;
  readonly key: RuleKey;
  readonly reply: Reply;
}

/**
 * Decides by the list `auth.rules`: the first rule that fits counts. The key is a part of what has to fit, so that
 * several rules can give several keys to one name.
 */
export class RulesResponder implements Responder {
  readonly name = 'rules';
  readonly #rules: readonly CompiledRule[];
  readonly #keyParameter: string;
  readonly #scrypt: ScryptKeys;

  /**
   * @param keyParameter parameter of the query that holds the key
   * @throws SluiceError ERR_CONFIG_INVALID_VALUE when a rule cannot be used; it names the rule and never its key
   */
  constructor(rules: readonly Rule[], keyParameter: string, clock: Clock) {
    this.#rules = rules.map(compile);
    this.#keyParameter = keyParameter;
    this.#scrypt = new ScryptKeys(clock);
  }

  asks(): boolean {
    return true;
  }

  answer(request: AdmissionRequest): ResponderAnswer | Promise<ResponderAnswer> {
    const key =
      request.isNameKey && request.action === 'publish' ? request.name : request.query.get(this.#keyParameter);
    return this.#from(0, request, key, undefined);
  }

  /** Goes through the rules from one on. @param missed the first rule that fits but for its key */
  #from(
    first: number,
    request: AdmissionRequest,
    key: string | undefined,
    missed: CompiledRule | undefined,
  ): ResponderAnswer | Promise<ResponderAnswer> {
    for (let i = first; i < this.#rules.length; i += 1) {
      const rule = this.#rules[i]!;
      if (!rule.fits(request)) continue;
      const match = this.#hasKey(rule.key, key);
      if (match instanceof Promise) {
        return match.then((isRight) =>
          isRight ? decided(rule, missed) : this.#from(i + 1, request, key, missed ?? rule),
        );
      }
      if (match === undefined) return { decision: 'unavailable', why: 'too many passwords wait for their hash' };
      if (match) return decided(rule, missed);
      missed ??= rule;
    }
    if (missed === undefined) return next('no rule fits');
    const wrong = key === undefined ? 'no key was given' : 'the key is wrong';
    return { decision: 'next', error: 'ERR_AUTH_CREDENTIALS', why: `${missed.title} fits, but ${wrong}` };
  }

  #hasKey(wanted: RuleKey, given: string | undefined): KeyMatch | Promise<KeyMatch> {
    if ('none' in wanted) return true;
    if (given === undefined || given === '' || isPlaceholder(given)) return false;
    if ('scrypt' in wanted) return this.#scrypt.matches(given, wanted.scrypt);
    return timingSafeEqual(createHash('sha256').update(given).digest(), Buffer.from(wanted.sha256, 'hex'));
  }
}

/** A rule that refuses whoever has no key tells a client with a wrong key that this is what is wrong. */
function decided({ title, reply }: CompiledRule, missed: CompiledRule | undefined): Reply {
  const isForKey = reply.decision === 'deny' && reply.code === undefined && missed !== undefined;
  return isForKey
    ? { ...reply, error: 'ERR_AUTH_CREDENTIALS', why: `${title}; ${missed.title} fits but for the key` }
    : reply;
}

function compile(rule: Rule, index: number): CompiledRule {
  const { match = {}, key = { none: true }, decision, set = {} } = rule;
  const place = index + 1;
  const name = rule.name ?? `rule:${place}`;
  const refuse = (what: string): never => {
    throw new SluiceError('ERR_CONFIG_INVALID_VALUE', `auth.rules, rule ${place}: ${what}`);
  };
  const blocks = match.cidr?.map((text) => parseBlock(text) ?? refuse('cidr: an address or a block was expected'));
  if ('sha256' in key && PLACEHOLDER_HASHES.has(key.sha256.toLowerCase())) {
    refuse('its key is one that everybody tries first; `sluice key new` makes one');
  }
  if (decision === 'redirect' && set.redirectUrl === undefined) refuse('set.redirectUrl is missing');
  const title = rule.name === undefined ? `rule ${place}` : `rule ${place} (${rule.name})`;
  const isAnonymous = 'none' in key;
  return {
    title,
    fits: fitting(match, blocks),
    key,
    reply: {
      ...set,
      decision,
      why: title,
      ...(decision === 'allow' ? { principal: set.principal ?? name, isAnonymous } : {}),
    },
  };
}

function fitting(
  { action, app, name, transport }: NonNullable<Rule['match']>,
  blocks: readonly AddressBlock[] | undefined,
): CompiledRule['fits'] {
  const appGlob = app === undefined ? undefined : globPattern(app);
  const nameGlob = name === undefined ? undefined : globPattern(name);
  return (request) => {
    // A connect has no name yet, so a rule for names says nothing about it unless it names connect.
    if (action === undefined ? request.action === 'connect' : !action.includes(request.action)) return false;
    if (appGlob?.test(request.app) === false) return false;
    if (request.action !== 'connect' && nameGlob?.test(request.name) === false) return false;
    if (transport?.includes(request.transport) === false) return false;
    if (blocks === undefined) return true;
    const address = parseAddress(request.address);
    return address !== undefined && blocks.some((block) => holds(block, address));
  };
}

const PLACEHOLDER_HASHES: ReadonlySet<string> = new Set(
  [...PLAIN_PLACEHOLDERS].map((key) => createHash('sha256').update(key).digest('hex')),
);
