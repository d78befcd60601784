import { createHash } from 'node:crypto';
import { SluiceError } from '../../core/errors.js';
import { escapeToken } from '../../core/escape.js';
import { traceparentOf } from '../../events/envelope.js';
import { type Piece, piecesOf } from './placeholders.js';
import { contentType, hasDotSegment, isJson } from './read-http.js';
import type { ExecRun, HttpCall, JobFacts } from './template.js';

/** What placeholders stand for in one attempt. */
export interface JobValues {
  readonly facts: JobFacts;
  readonly jobId: string;
  readonly attempt: number;
  readonly token: number;
  /** Where the stream is pulled: a secret. Missing where the template does not use it. */
  readonly url?: string;
  /** The folder of the attempt. */
  readonly out?: string;
  /** What `{secret}` stands for in headers. */
  readonly secret?: string;
}

/** A program as it is started. */
interface Command {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** Turns a value into what may stand in a text. */
type Encode = (value: string) => string;

const asIs: Encode = (value) => value;
/** Longest name that a folder may have on every file system. */
const MOST_NAME_BYTES = 255;

/**
 * Puts values into the arguments and the environment of a program. One argument stays one argument, whatever is in
 * the values. The environment has the W3C trace context of the stream as TRACEPARENT, unless the template says another.
 *
 * @throws SluiceError ERR_JOB_ARGUMENT when a fact is missing, a value has control characters, or one begins an
 *   argument with `-`; it would be the same at the next attempt
 */
export function expandExec({ argv, env }: Pick<ExecRun, 'argv' | 'env'>, values: JobValues): Command {
  const [program, ...rest] = argv;
  const texts = rest.map((text, index) => {
    const { pieces } = piecesOf(text);
    const filled = fill(pieces, values, asIs, `argument ${index + 1}`);
    const first = filled.findIndex((part) => part !== '');
    const value = pieces[first];
    // A name may begin with -, and a program would take it for an option.
    if (typeof value === 'object' && filled[first]!.startsWith('-')) {
      throw refusal(`{${value.name}} begins argument ${index + 1} with -`, value.name);
    }
    return filled.join('');
  });
  const names = Object.entries(env).map(
    ([name, text]) => [name, expandText(text, values, asIs, `env.${name}`)] as const,
  );
  return { argv: [program, ...texts], env: { ...traced(values.facts), ...Object.fromEntries(names) } };
}

function traced({ streamId }: JobFacts): Record<string, string> {
  const traceparent = streamId === undefined ? undefined : traceparentOf(streamId);
  return traceparent === undefined ? {} : { TRACEPARENT: traceparent };
}

/**
 * Puts values into an HTTP request: percent-encoded in the URL and in forms, as in JSON texts in bodies of JSON, as
 * they are elsewhere.
 *
 * @throws SluiceError ERR_JOB_ARGUMENT as {@link expandExec}, or when a value does not fit into a header, or would take
 *   away a part of the path
 */
export function expandHttp(call: HttpCall, values: JobValues): HttpCall {
  const headers = Object.entries(call.headers).map(([name, text]) => [name, headerOf(name, text, values)] as const);
  const { body } = call;
  return {
    url: expandUrl(call.url, values),
    method: call.method,
    headers: Object.fromEntries(headers),
    ...(body === undefined ? {} : { body: expandText(body, values, bodyEncoding(call.headers), 'the body') }),
  };
}

/**
 * Puts values into the URL of a request, percent-encoded.
 *
 * @throws SluiceError ERR_JOB_ARGUMENT as {@link expandHttp}
 */
export function expandUrl(text: string, values: JobValues): string {
  const url = expandText(text, values, encodeURIComponent, 'the url');
  if (hasDotSegment(url)) throw refusal('a value is "." or ".." in the path of the url');
  return url;
}

/**
 * Puts values into `out.dir`. They are escaped as in subjects, so that none holds a `/` or a `.`: the folder stays
 * below its fixed part, and folders of different values differ. A part that is too long for a file system is cut and
 * ends with `=_` and a hash, which no escaped value does.
 *
 * @returns an absolute path
 * @throws SluiceError ERR_JOB_ARGUMENT as {@link expandExec}
 */
export function expandDir(dir: string, values: JobValues): string {
  const path = expandText(dir, values, escapeToken, 'out.dir');
  return path.split('/').map(shortName).join('/');
}

function shortName(name: string): string {
  if (Buffer.byteLength(name) <= MOST_NAME_BYTES) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${Buffer.from(name)
    .subarray(0, 200)
    .toString('latin1')
    .replace(/[^ -~]/g, '_')}=_${hash}`;
}

function headerOf(name: string, text: string, values: JobValues): string {
  const value = expandText(text, values, asIs, `the header ${name}`);
  if (/^[ -~\u00a0-\u00ff]*$/.test(value)) return value;
  throw refusal(`a value does not fit into the header ${name}, which is Latin-1`);
}

function bodyEncoding(headers: Readonly<Record<string, string>>): Encode {
  if (isJson(headers)) return (value) => JSON.stringify(value).slice(1, -1);
  return /^application\/x-www-form-urlencoded\b/i.test(contentType(headers)) ? encodeURIComponent : asIs;
}

function expandText(text: string, values: JobValues, encode: Encode, place: string): string {
  return fill(piecesOf(text).pieces, values, encode, place).join('');
}

/** The text of each piece. */
function fill(pieces: readonly Piece[], values: JobValues, encode: Encode, place: string): string[] {
  return pieces.map((piece) => {
    if (typeof piece === 'string') return piece;
    const { name } = piece;
    const value = lookUp(name, values) ?? piece.fallback;
    if (value === undefined) throw refusal(`{${name}} of ${place} is not known of this stream`, name);
    if (/[\p{Cc}\p{Surrogate}]/u.test(value)) throw refusal(`{${name}} of ${place} has control characters`, name);
    return encode(value);
  });
}

function lookUp(name: string, { facts, ...values }: JobValues): string | undefined {
  if (name.startsWith('label.')) {
    const key = name.slice('label.'.length);
    return Object.hasOwn(facts.labels, key) ? facts.labels[key] : undefined;
  }
  const { streamId, app, startedAt, width, height, videoCodec, audioCodec, publishUrl } = facts;
  const known: Readonly<Record<string, string | number | undefined>> = {
    ...{ ...values, streamId, app, name: facts.name, startedAt, width, height, videoCodec, audioCodec, publishUrl },
    fps: facts.fps ?? facts.declaredFps,
  };
  const value = Object.hasOwn(known, name) ? known[name] : undefined;
  return value === undefined ? undefined : String(value);
}

function refusal(detail: string, placeholder?: string): SluiceError {
  return new SluiceError('ERR_JOB_ARGUMENT', detail, placeholder === undefined ? {} : { details: { placeholder } });
}
