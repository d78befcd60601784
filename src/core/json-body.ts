import type { PlainValue } from './plain.js';

/** Longest body of a request, in bytes. */
export const MAX_BODY_BYTES = 64 << 10;

/** A body: an object of JSON. */
type Body = Readonly<Record<string, PlainValue>>;

/** What is wrong with a body as a whole. */
interface BodyError {
  readonly expected: string;
  readonly got: string;
}

/**
 * Reads the body of a request: a JSON object; an empty body is an empty object.
 *
 * @param body borrowed until return
 */
export function readBody(body: Uint8Array): { readonly value: Body } | { readonly error: BodyError } {
  if (body.length > MAX_BODY_BYTES) return wrong(`at most ${MAX_BODY_BYTES} bytes`, `${body.length} bytes`);
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8');
  if (text.trim() === '') return { value: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return wrong('JSON', 'text that is none');
  }
  // Such a member is lost where objects are copied, so that the rest would be carried out without it.
  const mayHaveIt = text.includes('__proto__') || text.includes('\\u');
  if (mayHaveIt && hasMember(value, '__proto__')) {
    return wrong('members that are known', 'one that is called __proto__');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong('an object', kindOf(value));
  return { value: value as Body };
}

/** Whether a value has a member of a name, at any depth. */
function hasMember(value: unknown, name: string): boolean {
  const open = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, name)) return true;
    open.push(...Object.values(next));
  }
  return false;
}

function wrong(expected: string, got: string): { readonly error: BodyError } {
  return { error: { expected, got } };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
