import type { ControlClient } from '../../control/client/control-client.js';
import type { Outcome } from '../../control/dispatcher.js';
import type { Verb } from '../../control/operations.js';
import type { Facts } from '../../control/ports.js';
import { SluiceError } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import { duration } from '../../core/quantities.js';
import type { StreamSnapshot } from '../../model/snapshot.js';
import { EXIT } from '../exit-codes.js';
import { tracks } from '../format-event.js';
import type { Io } from '../io.js';
import { type ControlOptions, newRequestId, withControl } from './connect.js';
import { kickSelected, type SelectorOptions, selectorOf } from './kick.js';
import { listAll } from './list.js';
import { doneWords, report, reportProblem } from './report.js';
import { type Column, table } from './table.js';
import { resolveTarget } from './target.js';
import { durationOf, given, valuesOf } from './values.js';

type Listed = StreamSnapshot & { readonly nodeId?: string; readonly principal?: string };

const sinceWords = (iso: string): string => duration(Math.max(0, Date.now() - Date.parse(iso)));

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'STREAM', show: ({ app, name }) => `${app}/${name}` },
  { title: 'STATE', show: ({ state }) => state },
  { title: 'FOR', show: ({ startedAt }) => sinceWords(startedAt), isNumber: true },
  { title: 'TRACKS', show: (stream) => tracks(stream.tracks) },
  { title: 'KBIT/S', show: ({ kbpsIn }) => String(Math.round(kbpsIn)), isNumber: true },
  { title: 'PLAYERS', show: ({ players }) => String(players), isNumber: true },
  { title: 'FROM', show: ({ peer }) => `${peer.address}:${peer.port}` },
  { title: 'PRINCIPAL', show: ({ principal }) => principal ?? '' },
  { title: 'NODE', show: ({ nodeId }) => nodeId ?? '' },
  { title: 'ID', show: ({ streamId }) => streamId },
];

/** Options of the commands of this file besides those of every command of control. */
export interface StreamOptions extends ControlOptions, SelectorOptions {
  readonly cluster?: boolean;
  readonly scope?: string;
  readonly limit?: number;
  readonly reason?: string;
  readonly ban?: string;
  readonly yes?: boolean;
  readonly to?: string;
  readonly timeout?: string;
  readonly play?: string;
}

/** `sluice ls`: the live streams. Returns the exit code, as all functions of this file. */
export function ls(options: StreamOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await listAll(client, 'streams.list', selectorOf(options), clusterOf(options), options.limit);
    return report(outcome, options, io, ({ items }) =>
      table(items as unknown as readonly Listed[], COLUMNS, 'no stream is live', io),
    );
  });
}

/** `sluice get TARGET`: everything about one stream. */
export function get(target: string, options: StreamOptions, io: Io): Promise<number> {
  return onStream(target, options, io, async (client, streamId) => {
    const outcome = await client.ask('get', { streamId });
    return report(outcome, options, io, ({ ok: _, ...stream }) => cleanJson(stream));
  });
}

/** `sluice kick TARGET`, or the streams that a selector matches. */
export function kick(target: string | undefined, options: StreamOptions, io: Io): Promise<number> {
  const banTtlMs = durationOf('--ban', options.ban);
  const more = given({ reason: options.reason, banTtlMs });
  if (target === undefined)
    return withControl(options, io, (client) => kickSelected(client, 'streams.kick', more, options, io));
  if (Object.keys(selectorOf(options)).length > 0)
    throw new SluiceError('ERR_CLI_USAGE', 'either a stream or flags that select streams were expected, not both');
  return change('kick', target, more, options, io, 'kicked');
}

/** `sluice revoke TARGET`. */
export function revoke(target: string, options: StreamOptions, io: Io): Promise<number> {
  return change('revoke', target, given({ reason: options.reason }), options, io, 'revoked');
}

/** `sluice label TARGET KEY=VALUE KEY-`. */
export function label(target: string, words: readonly string[], options: StreamOptions, io: Io): Promise<number> {
  const labels: Record<string, string | null> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals > 0) labels[word.slice(0, equals)] = word.slice(equals + 1);
    else if (word.endsWith('-') && word.length > 1) labels[word.slice(0, -1)] = null;
    else throw new SluiceError('ERR_CLI_USAGE', `${word}; KEY=VALUE or KEY- was expected`);
  }
  return change('label', target, { labels }, options, io, 'labelled');
}

/** `sluice reconnect TARGET`. */
export function reconnect(target: string, options: StreamOptions, io: Io): Promise<number> {
  return onStream(target, options, io, async (client, streamId) => {
    const body = given({ tcUrl: options.to, reason: options.reason });
    const outcome = await client.ask('reconnect', { streamId, ...body }, { requestId: newRequestId() });
    const code = report(outcome, options, io, ({ supported }) =>
      supported === false ? '' : `asked ${streamId} to connect again\n`,
    );
    if (!outcome.ok || outcome.answer['supported'] !== false) return code;
    io.err('sluice: the client has not said that it understands this; kick it instead\n');
    return EXIT.refused;
  });
}

/** `sluice send TARGET HANDLER VALUE…`. */
export function send(
  target: string,
  handler: string,
  values: readonly string[],
  options: StreamOptions,
  io: Io,
): Promise<number> {
  return change(
    'send',
    target,
    { handler, values: valuesOf(values) },
    options,
    io,
    `sent ${handler} to the players of`,
  );
}

/** `sluice call TARGET METHOD VALUE…`: calls the client that publishes, or with `--play` one that plays. */
export function call(
  target: string,
  method: string,
  values: readonly string[],
  options: StreamOptions & { readonly isPlay?: boolean; readonly node?: string },
  io: Io,
): Promise<number> {
  const body = { method, values: valuesOf(values), ...given({ timeoutMs: durationOf('--timeout', options.timeout) }) };
  const told = (outcome: Outcome): number => {
    const code = report(outcome, options, io, ({ values: answered }) => cleanJson(answered as readonly unknown[]));
    if (!outcome.ok || outcome.answer['kind'] === 'result') return code;
    io.err(`sluice: ${CALLED[String(outcome.answer['kind'])] ?? 'the client did not answer'}\n`);
    return outcome.answer['kind'] === 'error' ? EXIT.refused : EXIT.unreachable;
  };
  if (options.isPlay !== true)
    return onStream(target, options, io, async (client, streamId) =>
      told(await client.ask('call', { streamId, ...body }, { requestId: newRequestId() })),
    );
  return withControl(options, io, async (client) => {
    const where = { requestId: newRequestId(), ...(options.node === undefined ? {} : { nodeId: options.node }) };
    return told(await client.ask('plays.call', { playId: target, ...body }, where));
  });
}

const CALLED: Readonly<Record<string, string>> = {
  error: 'the client answers with an error',
  timeout: 'the client does not answer in time',
  gone: 'the client has gone',
};

/** Bounds of `sluice limit`, by their flags. */
export interface LimitOptions extends ControlOptions {
  readonly kbps?: number;
  readonly fps?: number;
  readonly width?: number;
  readonly height?: number;
  readonly codecs?: string;
  readonly maxGop?: string;
  readonly tracks?: number;
  readonly duration?: string;
  readonly maxPlayers?: number;
  readonly sessions?: number;
  readonly warn?: boolean;
  readonly none?: boolean;
}

/** `sluice limit TARGET --kbps 8000 …`: replaces the limits of a stream. */
export function limit(target: string, options: LimitOptions, io: Io): Promise<number> {
  const { kbps, fps, width, height, maxPlayers, sessions, warn, none } = options;
  const limits = given({
    ...{ kbps, fps, width, height, maxPlayers, sessions, tracks: options.tracks },
    codecs: options.codecs?.split(',').map((codec) => codec.trim()),
    maxGopMs: durationOf('--max-gop', options.maxGop),
    durationMs: durationOf('--duration', options.duration),
    action: warn === true ? 'warn' : undefined,
  });
  const isEmpty = Object.keys(limits).length === 0;
  if (isEmpty !== (none === true)) throw new SluiceError('ERR_CLI_USAGE', 'either limits or --none were expected');
  return change('limit', target, { limits }, options, io, isEmpty ? 'took the limits from' : 'limited');
}

/** Carries out what changes one stream, and says so. */
function change(
  verb: Verb,
  target: string,
  body: Facts,
  options: ControlOptions,
  io: Io,
  did: string,
): Promise<number> {
  return onStream(target, options, io, async (client, streamId) => {
    const outcome = await client.ask(verb, { streamId, ...body }, { requestId: newRequestId() });
    return report(outcome, options, io, doneWords(`${did} ${streamId}`));
  });
}

function onStream(
  word: string,
  options: ControlOptions,
  io: Io,
  work: (client: ControlClient, streamId: string) => Promise<number>,
): Promise<number> {
  return withControl(options, io, async (client) => {
    const target = await resolveTarget(client, word, io);
    if ('refused' in target) return reportProblem(target.refused.problem, options, io);
    return work(client, target.streamId);
  });
}

/** Every node is asked, where the list of one node was not enough: `--cluster`, or `--scope cluster`. */
export function clusterOf({ cluster, scope }: ClusterFlags): { readonly isCluster?: boolean } {
  return cluster === true || scope === 'cluster' ? { isCluster: true } : {};
}

export interface ClusterFlags {
  readonly cluster?: boolean;
  readonly scope?: string;
}

/** JSON on several lines, with what could control a terminal cleaned away. */
export function cleanJson(value: object): string {
  return `${JSON.stringify(value, null, 2).split('\n').map(cleanText).join('\n')}\n`;
}
