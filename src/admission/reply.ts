import { REPLY_FIELDS } from '../config/auth-schemas.js';
import { z } from '../core/zod.js';
import type { InvalidReply, Reply } from './responder.js';

/** Most bytes of a reply. */
export const MAX_REPLY_BYTES = 65_536;

const MEMBERS = { decision: z.enum(['allow', 'deny', 'redirect', 'next']), ...REPLY_FIELDS };
const replySchema = z.object(MEMBERS);

/**
 * Reads the reply of a responder outside of this process. Members that nobody knows are counted and otherwise ignored;
 * anything else that is wrong makes the whole reply unusable, so that no part of it is applied.
 *
 * @param body JSON in UTF-8, at most {@link MAX_REPLY_BYTES}
 */
export function readReply(body: Uint8Array | string): Reply | InvalidReply {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  if (bytes > MAX_REPLY_BYTES) return invalid('', `at most ${MAX_REPLY_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return invalid('', 'JSON in UTF-8');
  }
  return checkReply(value);
}

/** Checks a reply that was parsed already, such as one that another format was translated into. */
export function checkReply(value: unknown): Reply | InvalidReply {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return invalid('', 'an object');
  const result = replySchema.safeParse(value);
  if (!result.success) return describe(result.error.issues[0]!);
  const reply = result.data as Reply;
  if (reply.decision === 'redirect' && reply.redirectUrl === undefined) return invalid('/redirectUrl', 'a URL');
  const unknownMembers = Object.keys(value).filter((key) => !Object.hasOwn(MEMBERS, key)).length;
  return unknownMembers === 0 ? reply : { ...reply, unknownMembers };
}

/** An {@link InvalidReply}. @param expected in words without secrets */
export function invalid(pointer: string, expected: string): InvalidReply {
  return { decision: 'invalid', pointer, expected };
}

/**
 * The words of a schema say what was expected and never quote a value; keys that they would quote are left out. So are
 * names of labels, which are the responder's: it may have put the client's key there.
 */
function describe(issue: z.core.$ZodIssue): InvalidReply {
  const path = issue.path[0] === 'labels' ? ['labels'] : issue.path;
  const pointer = path.map((part) => `/${String(part)}`).join('');
  if (issue.code === 'unrecognized_keys') return invalid(pointer, 'known members only');
  return invalid(pointer, issue.message);
}
