import { type Group, placeIn, readText, type Text } from './group.js';
import { NUMBERS, type Piece, piecesOf, type TextScope } from './placeholders.js';
import type { Problems } from './problems.js';
import { checkPlaceholders, readTemplateText } from './read-text.js';
import type { HttpCall, HttpRun } from './template.js';

type Scope = Omit<TextScope, 'use'>;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
const URL_RULE = { most: 4096, expects: 'an http or https URL' };
const HEADER_NAME = {
  most: 64,
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/,
  expects: 'the name of a header',
};
/** Headers that the runner writes itself: with others the request would end elsewhere, or not where it seems to. */
const OWN_HEADERS = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'te', 'trailer', 'expect'];
const VARIABLE = { most: 128, pattern: /^[A-Za-z_][A-Za-z0-9_]*$/, expects: 'the name of an environment variable' };

/** Reads `run.http`; undefined when it cannot be used, which is told. */
export function readHttp(run: Group, scope: Omit<Scope, 'hasSecret'>, problems: Problems): HttpRun | undefined {
  const http = run.group('http', ['start', 'stop', 'beatUrl', 'secretEnv']);
  if (http === undefined) return undefined;
  const secretEnv = http.text('secretEnv', VARIABLE)?.text;
  const full = { ...scope, hasSecret: http.has('secretEnv') };
  http.need('start');
  const start = readCall(http, 'start', full, problems);
  const stop = readCall(http, 'stop', full, problems);
  const beatUrl = readUrl(http, 'beatUrl', full, problems);
  if (start === undefined) return undefined;
  return {
    kind: 'http',
    start,
    ...(stop === undefined ? {} : { stop }),
    ...(beatUrl === undefined ? {} : { beatUrl }),
    ...(secretEnv === undefined ? {} : { secretEnv }),
  };
}

function readCall(http: Group, key: 'start' | 'stop', scope: Scope, problems: Problems): HttpCall | undefined {
  const call = http.group(key, ['url', 'method', 'headers', 'body']);
  if (call === undefined) return undefined;
  call.need('url');
  const url = readUrl(call, 'url', scope, problems);
  const method = call.choice('method', METHODS) ?? 'POST';
  const headers = readHeaders(call, scope, problems);
  const bodyItem = call.item('body');
  const body =
    bodyItem && readTemplateText(bodyItem, { most: 65_536, expects: 'a text' }, { ...scope, use: 'body' }, problems);
  if (bodyItem !== undefined && method === 'GET') {
    call.add('ERR_JOB_TEMPLATE_CONFLICT', 'body', { says: 'a GET request has no body', expected: 'another method' });
  }
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  if (bodyItem !== undefined && !isTyped) headers['content-type'] = 'application/json';
  if (body !== undefined && isJson(headers)) checkJson(body, problems);
  if (url === undefined) return undefined;
  return { url, method, headers, ...(body === undefined ? {} : { body: body.text }) };
}

function readHeaders(call: Group, scope: Scope, problems: Problems): Record<string, string> {
  const headers = new Map<string, string>();
  const seen = new Set<string>();
  const rule = { most: 4096, pattern: /^[ -~\u00a0-\u00ff]*$/, expects: 'one line of Latin-1' };
  for (const [name, text] of call.texts('headers', 32, HEADER_NAME, rule) ?? []) {
    const lower = name.toLowerCase();
    const add = (says: string) =>
      problems.add('ERR_JOB_TEMPLATE_KEY', text.value.place, text.path, { says, expected: 'another header' });
    if (OWN_HEADERS.includes(lower)) add(`the runner writes the header ${lower} itself`);
    if (seen.has(lower)) add('this header stands twice');
    seen.add(lower);
    // How values are written into the body is known by the type, so no value may choose it.
    if (lower === 'content-type' && piecesOf(text.text).pieces.some((piece) => typeof piece === 'object')) {
      const words = { says: 'a placeholder stands in content-type', expected: 'a type that is fixed' };
      problems.add('ERR_JOB_TEMPLATE_CONFLICT', text.value.place, text.path, words);
    }
    checkPlaceholders(text, { ...scope, use: 'header' }, problems);
    headers.set(name, text.text);
  }
  return Object.fromEntries(headers);
}

/** Whether the content type of a request is JSON: then values are written as in JSON texts. */
export function isJson(headers: Readonly<Record<string, string>>): boolean {
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType(headers));
}

/** The content type of a request; empty when it has none. */
export function contentType(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}

function readUrl(group: Group, key: string, scope: Scope, problems: Problems): string | undefined {
  const item = group.item(key);
  const text = item && readText(item, URL_RULE, problems);
  if (text === undefined) return undefined;
  const { pieces } = piecesOf(text.text);
  const wrong = urlProblem(pieces);
  if (wrong === undefined) checkPlaceholders(text, { ...scope, use: 'url' }, problems);
  else problems.add('ERR_JOB_TEMPLATE_VALUE', text.value.place, text.path, { says: wrong, expected: URL_RULE.expects });
  return text.text;
}

function urlProblem(pieces: readonly Piece[]): string | undefined {
  const whole = pieces.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('');
  const fixed = typeof pieces[0] === 'string' ? pieces[0] : '';
  if (!/^https?:\/\//i.test(whole)) return 'its scheme is neither http nor https';
  // A value in the host would let whoever names a stream choose where the request goes.
  if (pieces.length > 1 && !/^https?:\/\/[^/?#]+[/?#]/i.test(fixed)) return 'a placeholder stands before the path';
  if (!URL.canParse(whole) || /[\s\\\p{Cc}]/u.test(whole)) return 'it cannot be read';
  const url = new URL(whole);
  if (url.username !== '' || url.password !== '') return 'it has user info before the host: put it into a header';
  if (hasDotSegment(whole)) return 'it has a "." or ".." segment';
  return undefined;
}

/** Whether the path of a URL has a segment that a client takes out: what stands before it would be lost. */
export function hasDotSegment(url: string): boolean {
  const path = /^[a-z]+:\/\/[^/?#]*([^?#]*)/i.exec(url)?.[1] ?? '';
  return path.split('/').some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
}

/**
 * Whether a body is JSON whatever its values are: those of texts stand in quotes, so that none can add members.
 */
function checkJson(text: Text, problems: Problems): void {
  const { pieces } = piecesOf(text.text);
  // A word is no JSON outside of quotes, and a number is JSON in both places.
  const filled = (piece: Piece, withDefaults: boolean): string => {
    if (typeof piece === 'string') return piece;
    const isNumber = NUMBERS.includes(piece.name);
    if (withDefaults && piece.fallback !== undefined && isNumber) return JSON.stringify(piece.fallback).slice(1, -1);
    return isNumber ? '0' : 'x';
  };
  for (const withDefaults of [false, true]) {
    try {
      JSON.parse(pieces.map((piece) => filled(piece, withDefaults)).join(''));
    } catch {
      problems.add('ERR_JOB_TEMPLATE_VALUE', placeIn(text, 0), text.path, {
        says: 'it is no JSON with values in the places of the placeholders',
        expected: 'JSON with {{ for a brace and quotes around texts, or another content-type',
      });
      return;
    }
  }
}
