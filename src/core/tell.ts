/**
 * How names and URLs are shown in logs, events, errors, metrics and `sluice config`. People type stream keys and
 * passwords in every place and spelling. So nothing is searched for secrets and cut out: what is shown is built from
 * the parts that are known to be public, and what cannot be taken apart is not shown.
 */

const HIDDEN = '***';
/** Characters that begin no query, no parameter and no user info. */
const PUBLIC_START = /^[A-Za-z0-9_.~+/:-]*/;
const HOST = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/;
const URL = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s;

/** The public parts of a URL. */
interface PublicUrl {
  readonly scheme: string;
  /** Undefined when the URL cannot be taken apart with certainty. */
  readonly host: string | undefined;
  /** The path up to its first character that may begin a secret. */
  readonly path: string;
  readonly hasUser: boolean;
  /** Whether the URL has something behind `path` that is not shown. */
  readonly hasMore: boolean;
}

/**
 * A refused name, up to its first character that is not a letter, a digit or one of `_.~+/:-`, because a key may follow
 * it (`cam1&key=…`, `cam1;key=…`, `cam1%3Fkey=…`).
 */
export function tellRefusedName(name: string): string {
  return (PUBLIC_START.exec(name)?.[0] ?? '').slice(0, 128);
}

/**
 * A URL that a client sent, without user info, query and fragment.
 *
 * @returns `''` when it cannot be taken apart with certainty
 */
export function tellUrl(url: string): string {
  const parts = takeApart(url.trim().replace(/^["']+/, ''));
  return parts?.host === undefined ? '' : `${parts.scheme}://${parts.host}${parts.path}`;
}

/**
 * The name that a program gives itself (`flashVer`, `encoder`), up to its first character that does not belong to a
 * product and version.
 */
export function tellProgram(text: string): string {
  const end = text.indexOf('://');
  return /^[\p{L}\p{N} _.,;/()+-]*/u.exec(end < 0 ? text : text.slice(0, end))?.[0] ?? '';
}

/** Servers of a setting, separated by commas, without user info. A password may hold commas, slashes and `@`. */
export function tellServers(value: string): string {
  return value
    .split(/,(?=\s*[A-Za-z][A-Za-z0-9+.-]*:\/\/)/)
    .map((part) => tellServer(part.trim()))
    .join(',');
}

/**
 * Text with URLs in it, such as the message of an error. Every URL in it is shown by its public parts, with `***` for
 * the rest.
 */
export function tellText(text: string): string {
  if (!text.includes('://') && !text.includes('@')) return text;
  return text
    .replace(/[A-Za-z][A-Za-z0-9+.-]*:\/\/\S*/g, (found) =>
      found
        .split(/,(?=[A-Za-z][A-Za-z0-9+.-]*:\/\/)/)
        .map(tellInText)
        .join(','),
    )
    .replace(/\b([A-Za-z][A-Za-z0-9+.-]*):(?!\/\/)[^\s:@/]+:(?!\/\/)[^\s@]*@\S*/g, `$1:${HIDDEN}`);
}

function tellServer(server: string): string {
  const match = URL.exec(server);
  const scheme = match === null ? '' : `${match[1]}://`;
  const rest = match === null ? server : (match[2] ?? '');
  const at = rest.lastIndexOf('@');
  const hosts = rest.slice(at + 1).split(',');
  const isTold = hosts.every((host) => HOST.test(host.trim().replace(/\/$/, '')));
  return `${scheme}${at < 0 ? '' : `${HIDDEN}@`}${isTold || rest === '' ? hosts.join(',') : HIDDEN}`;
}

function tellInText(found: string): string {
  // A file URL is a frame of a stack.
  if (found.startsWith('file://')) return found;
  const end = /[)\]}>"'.,;:]*$/.exec(found)?.[0] ?? '';
  const parts = takeApart(found.slice(0, found.length - end.length));
  if (parts === undefined) return found;
  if (parts.host === undefined) return `${parts.scheme}://${HIDDEN}${end}`;
  const user = parts.hasUser ? `${HIDDEN}@` : '';
  return `${parts.scheme}://${user}${parts.host}${parts.path}${parts.hasMore ? `?${HIDDEN}` : ''}${end}`;
}

function takeApart(url: string): PublicUrl | undefined {
  const match = URL.exec(url);
  if (match === null) return undefined;
  const [, scheme = '', rest = ''] = match;
  const query = rest.search(/[?#]/);
  const head = query < 0 ? rest : rest.slice(0, query);
  const at = head.lastIndexOf('@');
  const unclear = { scheme, host: undefined, path: '', hasUser: true, hasMore: true };
  // A password may hold `?` and `#` as well.
  if (query >= 0 && rest.includes('@', query)) return unclear;
  const address = head.slice(at + 1);
  const slash = address.indexOf('/');
  const host = slash < 0 ? address : address.slice(0, slash);
  if (!HOST.test(host)) return unclear;
  const whole = slash < 0 ? '' : address.slice(slash);
  const path = PUBLIC_START.exec(whole)?.[0] ?? '';
  return { scheme, host, path, hasUser: at >= 0, hasMore: query >= 0 || path.length < whole.length };
}
