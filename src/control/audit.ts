import type { PlainValue } from '../core/plain.js';
import { tellUrl } from '../core/tell.js';
import type { Facts } from './ports.js';

/** Members that say how, not what; and those whose values may be secret or long. */
const LEFT_OUT = ['reason', 'confirm', 'dryRun', 'values', 'timeoutMs', 'revision', 'reauthorise', 'patch'];
const URLS = ['tcUrl', 'reconnectTo'];
const MOST_KEYS = 32;

/**
 * What a mutation was about, for the audit, free of secrets: of settings the keys only, of messages to clients the
 * name only.
 *
 * @param found whether something was found by what the input selects. A name that found nothing is not told: it may be
 *   a stream key
 */
export function targetOf(input: Facts, found: boolean): Facts {
  const target: Record<string, PlainValue> = {};
  for (const [member, value] of Object.entries(input)) {
    if (LEFT_OUT.includes(member) || value === undefined) continue;
    if (member === 'name' && !found) target[member] = '***';
    else target[member] = URLS.includes(member) ? tellUrl(String(value)) : value;
  }
  const patch = input['patch'];
  if (patch !== undefined) target['keys'] = keysOf(patch, '').slice(0, MOST_KEYS);
  return target;
}

function keysOf(patch: PlainValue, prefix: string): string[] {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return [prefix];
  return Object.entries(patch).flatMap(([key, value]) =>
    keysOf(value as PlainValue, prefix === '' ? key : `${prefix}.${key}`),
  );
}
