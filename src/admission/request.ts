import { type AdmissionAction, MASKED_NAME, type Question } from '../live/admission.js';
import { TICKET_PARAMETER } from '../live/job-ticket.js';

/** Most parameters of a query. */
const MAX_PARAMETERS = 32;
/** Most bytes of a query. */
const MAX_QUERY_BYTES = 4096;
/** Most bytes of the whole request as JSON. */
const MAX_BODY_BYTES = 8192;

/** Most bytes of what is in the JSON besides texts of the client: ids, times, addresses and the members' names. */
const MOST_BYTES_OF_REST = 2048;
/** A UTF-16 code unit as JSON: `\u0000`. */
const MOST_BYTES_OF_CHARACTER = 6;

/** From this length on a value is taken for a key whatever its parameter is called. */
const LONG_VALUE = 24;

/** What is the same in all requests of this process. */
export interface RequestOrigin {
  readonly nodeId: string;
  readonly bootId: string;
  /** Whether the query, and a name that is a key, may be sent to others (`auth.sendSecrets`). */
  readonly sendSecrets: boolean;
  readonly isNameKey: (app: string) => boolean;
  /** Parameters that hold a key or token, in the order in which they are looked for. */
  readonly keyParameters: readonly string[];
  readonly fingerprint: (secret: string) => string;
  readonly wallMs: () => number;
  /** A responder has answered a request that had an answer already, or was given up. */
  readonly surplus: (responder: string, requestId: string, kind: 'second' | 'late') => void;
}

/** How long an answer is wanted. */
interface RequestTime {
  /** Monotonic ms at which the chain gives up. */
  readonly deadlineMs: number;
  /** Aborted then. It is made at the first call: most questions are answered without. */
  readonly signal: () => AbortSignal;
}

/** One question as responders get it. */
export interface AdmissionRequest {
  /** The settings with which it was made. */
  readonly origin: RequestOrigin;
  /** Monotonic ms at which the chain gives up. */
  readonly deadlineMs: number;
  /** Aborted then. */
  readonly signal: AbortSignal;
  readonly question: Question;
  readonly requestId: string;
  readonly action: AdmissionAction;
  readonly app: string;
  /** As requested: secret when {@link isNameKey}. */
  readonly name: string;
  readonly isNameKey: boolean;
  /** Address of the client. */
  readonly address: string;
  readonly transport: string;
  /** Parameters of the queries of app and name together; the last of each name wins. Secret. */
  readonly query: ReadonlyMap<string, string>;
  /** The key or token that the client gave: its value alone. Secret. Undefined: none. */
  readonly credential: string | undefined;
  /** What must not stand in anything that is told: the key, or long values when no key is known. Secret. */
  readonly secrets: readonly string[];
  /** Of {@link credential}; undefined without one. */
  readonly keyFingerprint: string | undefined;
  /** User of Adobe authentication, or undefined. */
  readonly user: string | undefined;
  /** Wall clock, ms since the epoch. */
  readonly nowMs: number;
  /** Tells of an answer that came when one had come before, or too late. @param responder its name */
  surplus(responder: string, kind: 'second' | 'late'): void;
  /** The request as webhook and NATS responders get it: JSON of at most 8 KiB. Made at the first call. */
  json(): string;
}

/** Whether a request is past its bounds: 32 parameters, 4 KiB of query, 8 KiB in all. It is not to be asked then. */
export function isTooLarge({ question, query, json }: AdmissionRequest): boolean {
  if (query.size > MAX_PARAMETERS || Buffer.byteLength(question.query) > MAX_QUERY_BYTES) return true;
  return mostBytesOfJson(question) > MAX_BODY_BYTES && Buffer.byteLength(json()) > MAX_BODY_BYTES;
}

/** A bound of the request's JSON that needs no JSON: making it takes longer than most decisions. */
function mostBytesOfJson({ query, app, name, previous, facts: { info } }: Question): number {
  const told = app.length + name.length + (info?.tcUrl.length ?? 0) + (info?.flashVer.length ?? 0);
  // The user stands in the query, and again by itself.
  const characters = told + 2 * query.length + (previous?.principal.length ?? 0);
  return MOST_BYTES_OF_REST + MOST_BYTES_OF_CHARACTER * characters;
}

/** The fingerprint of what was guessed: all keys that the client gave, since one may be the same in every guess. */
export function guessOf({ secrets, credential, keyFingerprint, origin }: AdmissionRequest): string | undefined {
  const isOneOfSeveral = credential !== undefined && secrets.length > 1 && secrets.includes(credential);
  return isOneOfSeveral ? origin.fingerprint(secrets.join('\n')) : keyFingerprint;
}

/** Makes the request that responders are asked with. */
export function makeRequest(question: Question, origin: RequestOrigin, time: RequestTime): AdmissionRequest {
  const query = parametersOf(question.query);
  const { requestId, action, app, name, facts } = question;
  const isNameKey = action !== 'connect' && origin.isNameKey(app);
  // Players name a stream by its alias, and give their key in the query.
  const inQuery = keyOf(query, origin.keyParameters);
  const key = isNameKey && (action === 'publish' || inQuery === undefined) ? name : inQuery;
  const credential = key ?? allValues(query);
  const keyFingerprint = credential === undefined ? undefined : origin.fingerprint(credential);
  const user = query.get('authmod') === 'adobe' ? query.get('user') : undefined;
  const nowMs = origin.wallMs();
  let text: string | undefined;
  const json = (): string => {
    const shownName = isNameKey && !origin.sendSecrets ? MASKED_NAME : name;
    text ??= JSON.stringify({
      ...factsOf(question, origin, nowMs),
      app,
      name: action === 'connect' ? null : shownName,
      tcUrl: facts.info?.tcUrl ?? '',
      peer: { address: facts.peer.address, port: facts.peer.port },
      transport: facts.transport,
      encoder: facts.info?.flashVer ?? '',
      capsEx: facts.info?.capsEx ?? 0,
      codecs: facts.info?.codecs ?? null,
      credentials: {
        query: origin.sendSecrets ? Object.fromEntries(query) : {},
        user: user ?? null,
        keyFingerprint: keyFingerprint ?? null,
      },
      previous: previousOf(question),
    });
    return text;
  };
  const { address } = facts.peer;
  return {
    origin,
    deadlineMs: time.deadlineMs,
    get signal() {
      return time.signal();
    },
    surplus: (responder, kind) => origin.surplus(responder, requestId, kind),
    ...{ question, requestId, action, app, name, isNameKey, address, transport: facts.transport },
    ...{ query, credential, secrets: secretsOf(query, key, origin.keyParameters), keyFingerprint, user, nowMs, json },
  };
}

function factsOf(question: Question, origin: RequestOrigin, nowMs: number): object {
  const { requestId, action, reason, facts, streamId, playId } = question;
  const { nodeId, bootId } = origin;
  return {
    ...{ v: 1, requestId, action, reason, nodeId, bootId, connectionId: facts.connectionId },
    streamId: streamId ?? null,
    ...(playId === undefined ? {} : { playerId: playId }),
    time: new Date(nowMs).toISOString(),
  };
}

function previousOf({ previous }: Question): object | null {
  if (previous === undefined) return null;
  return { principal: previous.principal, decidedAt: new Date(previous.decidedAtMs).toISOString() };
}

/**
 * Reads a query. A plus sign is a plus sign: clients put base64 into RTMP URLs as it is. Escapes that are wrong stay as
 * they are. A ticket of a job is none of the responders' business, wherever a client has put it, and is left out.
 */
function parametersOf(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of query.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const [key, value] = at === -1 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    const name = unescaped(key);
    if (name !== TICKET_PARAMETER) parameters.set(name, unescaped(value));
  }
  return parameters;
}

function unescaped(text: string): string {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text;
  } catch {
    return text;
  }
}

/** Parameters that hold a key by their usual names. */
const USUAL_KEYS = ['key', 'token', 'streamkey', 'secret', 'psk', 'pass', 'password', 'sign', 's', 'response'];

/** The value of the first parameter that holds a key. */
function keyOf(query: ReadonlyMap<string, string>, keyParameters: readonly string[]): string | undefined {
  for (const parameter of [...keyParameters, ...USUAL_KEYS]) {
    const value = query.get(parameter);
    if (value !== undefined && value !== '') return value;
  }
  return undefined;
}

/** Whatever a query holds, when nothing in it is known to be the key. */
function allValues(query: ReadonlyMap<string, string>): string | undefined {
  const values = [...query.values()].filter((value) => value !== '');
  return values.length === 0 ? undefined : values.join('\n');
}

/**
 * The key, and whatever else stands where keys do: a client may give several. Without any, long values, which are no
 * names of users.
 */
function secretsOf(
  query: ReadonlyMap<string, string>,
  key: string | undefined,
  keyParameters: readonly string[],
): readonly string[] {
  if (key === undefined) return [...query.values()].filter(({ length }) => length >= LONG_VALUE);
  const given = [...keyParameters, ...USUAL_KEYS].map((parameter) => query.get(parameter) ?? '');
  return [...new Set([key, ...given])].filter((value) => value !== '');
}
