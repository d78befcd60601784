import { createHash, timingSafeEqual } from 'node:crypto';
import type { Rule, RuleKey } from '../../config/auth-schemas.js';
import { type AddressBlock, holds, parseAddress, parseBlock } from '../../core/cidr.js';
import type { Clock } from '../../core/clock.js';
import { SluiceError } from '../../core/errors.js';
import { globMatcher } from '../../core/glob.js';
import { isPlaceholder, PLAIN_PLACEHOLDERS } from '../placeholders.js';
import type { AdmissionRequest } from '../request.js';
import { next, type Reply, type Responder, type ResponderAnswer } from '../responder.js';
import { RuleIndex } from '../rule-index.js';
import { ScryptKeys } from '../scrypt-keys.js';

/** Whether a rule's key was given. Undefined: too many passwords wait for their hash. */
type KeyMatch = boolean | undefined;

/** A key of a rule; the hash as bytes. */
type CompiledKey = Exclude<RuleKey, { sha256: string }> | { readonly sha256: Buffer };

/** A rule, ready to be compared with requests. */
interface CompiledRule {
  /** For people: its name, or its place in the list. */
  readonly title: string;
  readonly fits: (request: AdmissionRequest) => boolean;
  readonly key: CompiledKey;
  readonly reply: Reply;
}

/**
 * Decides by the list `auth.rules`: the first rule that fits counts. The key is a part of what has to fit, so that
 * several rules can give several keys to one name.
 */
export class RulesResponder implements Responder {
  readonly name = 'rules';
  readonly #rules: readonly CompiledRule[];
  readonly #index: RuleIndex;
  /** Places of the rules for connects: those that name the action. */
  readonly #ofConnects: readonly number[];
  readonly #keyParameter: string;
  readonly #scrypt: ScryptKeys;

  /**
   * @param keyParameter parameter of the query that holds the key
   * @throws SluiceError ERR_CONFIG_INVALID_VALUE when a rule cannot be used; it names the rule and never its key
   */
  constructor(rules: readonly Rule[], keyParameter: string, clock: Clock) {
    this.#rules = rules.map(compile);
    this.#index = new RuleIndex(rules.map(({ match = {} }) => match));
    this.#ofConnects = rules.flatMap(({ match }, i) => (match?.action?.includes('connect') ? [i] : []));
    this.#keyParameter = keyParameter;
    this.#scrypt = new ScryptKeys(clock);
  }

  asks(): boolean {
    return true;
  }

  answer(request: AdmissionRequest): ResponderAnswer | Promise<ResponderAnswer> {
    const key =
      request.isNameKey && request.action === 'publish' ? request.name : request.query.get(this.#keyParameter);
    const { action, app, name } = request;
    const places = action === 'connect' ? this.#ofConnects : this.#index.candidates(app, name);
    return this.#from(places, request, key, undefined);
  }

  /** Goes through rules in their order. @param missed the first rule that fits but for its key */
  #from(
    places: readonly number[],
    request: AdmissionRequest,
    key: string | undefined,
    missed: CompiledRule | undefined,
  ): ResponderAnswer | Promise<ResponderAnswer> {
    for (let i = 0; i < places.length; i += 1) {
      const rule = this.#rules[places[i]!]!;
      if (!rule.fits(request)) continue;
      const match = this.#hasKey(rule.key, key);
      if (match instanceof Promise) {
        return match.then((isRight) =>
          isRight ? decided(rule, missed) : this.#from(places.slice(i + 1), request, key, missed ?? rule),
        );
      }
      if (match === undefined) {
        return { decision: 'unavailable', kind: 'overload', why: 'too many passwords wait for their hash' };
      }
      if (match) return decided(rule, missed);
      missed ??= rule;
    }
    if (missed === undefined) return next('no rule fits');
    const wrong = key === undefined ? 'no key was given' : 'the key is wrong';
    return { decision: 'next', error: 'ERR_AUTH_CREDENTIALS', why: `${missed.title} fits, but ${wrong}` };
  }

  #hasKey(wanted: CompiledKey, given: string | undefined): KeyMatch | Promise<KeyMatch> {
    if ('none' in wanted) return true;
    if (given === undefined || given === '') return false;
    if ('scrypt' in wanted) return !isPlaceholder(given) && this.#scrypt.matches(given, wanted.scrypt);
    return timingSafeEqual(sha256(given), wanted.sha256) && !isPlaceholder(given);
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
    key: 'sha256' in key ? { sha256: Buffer.from(key.sha256, 'hex') } : key,
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
  const appGlob = app === undefined ? undefined : globMatcher(app);
  const nameGlob = name === undefined ? undefined : globMatcher(name);
  return (request) => {
    // A connect has no name yet, so a rule for names says nothing about it unless it names connect.
    if (action === undefined ? request.action === 'connect' : !action.includes(request.action)) return false;
    if (appGlob?.(request.app) === false) return false;
    if (request.action !== 'connect' && nameGlob?.(request.name) === false) return false;
    if (transport?.includes(request.transport) === false) return false;
    if (blocks === undefined) return true;
    const address = parseAddress(request.address);
    return address !== undefined && blocks.some((block) => holds(block, address));
  };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const PLACEHOLDER_HASHES: ReadonlySet<string> = new Set(
  [...PLAIN_PLACEHOLDERS].map((key) => sha256(key).toString('hex')),
);
