import type { NameRule } from '../core/names.js';
import { invalid } from './reply.js';
import type { AdmissionRequest } from './request.js';
import type { InvalidReply, Reply } from './responder.js';

/** Shortest text that counts as a secret when it is a part of another one. */
const LEAST_SECRET = 4;

/** What replies are held to. */
interface ReplyBounds {
  readonly names: NameRule;
  /** Lower case. */
  readonly redirectHosts: ReadonlySet<string>;
}

/**
 * Checks what a schema cannot: the alias against the rule of names, the host of a redirect, and that nothing which the
 * client is told or which stands in events has the client's key in it. It holds for every responder, those in this
 * process included.
 */
export function replyProblem(reply: Reply, request: AdmissionRequest, bounds: ReplyBounds): InvalidReply | undefined {
  return (
    aliasProblem(reply, request, bounds.names) ??
    redirectProblem(reply, bounds.redirectHosts) ??
    secretProblem(reply, request)
  );
}

function aliasProblem({ name }: Reply, { app }: AdmissionRequest, names: NameRule): InvalidReply | undefined {
  if (name === undefined || names.problem({ app, name }) === undefined) return undefined;
  return invalid('/name', 'a stream name that names.allow and names.maxBytes let in');
}

function redirectProblem({ decision, redirectUrl }: Reply, hosts: ReadonlySet<string>): InvalidReply | undefined {
  if (decision !== 'redirect' || redirectUrl === undefined) return undefined;
  const host = /^rtmps?:\/\/([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?(?:\/[!-~]*)?$/i.exec(redirectUrl)?.[1];
  if (host === undefined) return invalid('/redirectUrl', 'rtmp:// or rtmps://, a host, and a path');
  if (hosts.has(host.toLowerCase())) return undefined;
  return invalid('/redirectUrl', 'a host of auth.redirectHosts');
}

function secretProblem(reply: Reply, request: AdmissionRequest): InvalidReply | undefined {
  const { message, code, principal, name, labels = {}, redirectUrl } = reply;
  const parameters = [...request.query.values()];
  if (message !== undefined && parameters.includes(message)) return invalid('/message', NO_SECRET);
  const secrets = [...request.secrets, ...parameters.filter((value) => value.length >= LEAST_SECRET)];
  if (has(message, secrets)) return invalid('/message', NO_SECRET);
  // A user name that stands in the query may well be the principal, so only the key counts here.
  const named: readonly (readonly [string, string | undefined])[] = [
    ...[['/code', code] as const, ['/principal', principal] as const, ['/name', name] as const],
    ['/redirectUrl', redirectUrl],
    ...Object.entries(labels).flatMap(([key, value]) => [['/labels', key] as const, ['/labels', value] as const]),
  ];
  for (const [pointer, text] of named) if (has(text, request.secrets)) return invalid(pointer, NO_SECRET);
  return undefined;
}

const NO_SECRET = 'a text without the key or token of the client';

/** Whether a text has one of the secrets in it, as it is or as a URL writes it. Case does not matter. */
function has(text: string | undefined, secrets: readonly string[]): boolean {
  if (text === undefined) return false;
  const lower = text.toLowerCase();
  return secrets.some((secret) => {
    const plain = secret.toLowerCase();
    if (plain === '' || plain.length < LEAST_SECRET) return lower === plain;
    return lower.includes(plain) || lower.includes(escaped(secret).toLowerCase());
  });
}

/** As a URL writes it. A text with half a surrogate pair has no such form. */
function escaped(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    return text;
  }
}
