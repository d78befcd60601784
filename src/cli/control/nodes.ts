import { setTimeout as delay } from 'node:timers/promises';
import type { AskOptions, ControlClient } from '../../control/client/control-client.js';
import type { Facts } from '../../control/ports.js';
import { cleanText } from '../../core/log-fields.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { stopSignal } from '../stop-signal.js';
import { type ControlOptions, newRequestId, withControl } from './connect.js';
import { listAll } from './list.js';
import { doneWords, report, reportProblem } from './report.js';
import { clusterOf } from './streams.js';
import { type Column, table } from './table.js';
import { durationOf, given } from './values.js';

/** Time between two looks at a node that drains, in ms. */
const LOOK_MS = 1000;
/** A node that cannot be asked so often, one time after the other, has stopped. */
const MOST_MISSES = 2;

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const COLUMNS: readonly Column<Facts>[] = [
  { title: 'NODE', show: ({ nodeId }) => text(nodeId) },
  { title: 'STATE', show: stateOf },
  { title: 'VERSION', show: ({ version }) => text(version) },
  { title: 'RTMP', show: ({ rtmp }) => text(rtmp) },
  { title: 'STREAMS', show: ({ events }) => text((events as Facts | undefined)?.['openStreams']), isNumber: true },
  { title: 'NATS', show: ({ events }) => text((events as Facts | undefined)?.['busState']) },
];

/** What only nodes of a cluster tell. */
const CLUSTER_COLUMNS: readonly Column<Facts>[] = [
  { title: 'RELAY', show: ({ relay }) => relayOf(relay) },
  { title: 'ZONE', show: ({ zone }) => text(zone) },
  { title: 'PLAYS', show: ({ load }) => text((load as Facts | undefined)?.['plays']), isNumber: true },
  { title: 'BUSY', show: ({ load }) => percent((load as Facts | undefined)?.['busy']), isNumber: true },
];

const BOOT: Column<Facts> = { title: 'BOOT', show: ({ bootId }) => text(bootId) };

/** `lost` and `silent` are of nodes that do not answer. */
function stateOf({ state, drain }: Facts): string {
  if (state === 'lost' || state === 'silent') return state;
  return isDraining(drain) ? 'draining' : 'up';
}

function relayOf(relay: unknown): string {
  if (typeof relay !== 'object' || relay === null) return '';
  const { host, port, tls } = relay as Facts;
  const name = text(host);
  return `${name.includes(':') ? `[${name}]` : name}:${text(port)}${tls === true ? ' (TLS)' : ''}`;
}

function percent(part: unknown): string {
  return typeof part === 'number' ? `${Math.round(100 * part)}%` : '';
}

function columnsOf(items: readonly Facts[]): readonly Column<Facts>[] {
  return [...COLUMNS, ...(items.some(({ relay }) => relay !== undefined) ? CLUSTER_COLUMNS : []), BOOT];
}

/** Options of the commands about nodes besides those of every command of control. */
interface NodeOptions extends ControlOptions {
  readonly cluster?: boolean;
  readonly scope?: string;
  readonly node?: string;
  readonly deadline?: string;
  readonly to?: string;
  readonly wait?: boolean;
}

/** `sluice nodes`: the nodes of the cluster. @returns the exit code, as all functions of this file */
export function nodes(options: NodeOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await listAll(client, 'nodes.list', {}, clusterOf(options));
    return report(outcome, options, io, ({ items }) => {
      const nodes = items as readonly Facts[];
      return table(nodes, columnsOf(nodes), 'no node is up', io);
    });
  });
}

/** `sluice drain`: the node takes no more work, and stops when it has none or its deadline is over. */
export function drain(options: NodeOptions, io: Io): Promise<number> {
  const body = given({ deadlineMs: durationOf('--deadline', options.deadline), reconnectTo: options.to });
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('drain', body, { requestId: newRequestId(), ...nodeOf(options) });
    const code = report(outcome, options, io, (answer) =>
      doneWords(`drains until ${text(answer['deadlineAt'])}`)(answer),
    );
    return outcome.ok && options.wait === true ? waitForEnd(client, options, io) : code;
  });
}

/** `sluice undrain`. */
export function undrain(options: NodeOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('undrain', {}, { requestId: newRequestId(), ...nodeOf(options) });
    return report(outcome, options, io, doneWords('takes work again'));
  });
}

/** The flag `--node`, for what is asked of one node. */
export function nodeOf({ node }: { readonly node?: string }): AskOptions {
  return node === undefined ? {} : { nodeId: node };
}

/** Shows once a second what still runs, until the node has stopped. */
async function waitForEnd(client: ControlClient, options: NodeOptions, io: Io): Promise<number> {
  const stop = AbortSignal.any([stopSignal(), io.gone]);
  let misses = 0;
  while (!stop.aborted) {
    await delay(LOOK_MS, undefined, { signal: stop }).catch(() => undefined);
    const outcome = await client.ask('info', {}, nodeOf(options));
    if (!outcome.ok) {
      const { code } = outcome.problem;
      // Who has stopped does not answer any more.
      const isGone = code === 'ERR_CTL_SERVER_UNREACHABLE' || code === 'ERR_CTL_NODE_UNKNOWN';
      misses += 1;
      // One connection may be closed at the moment at which it is used again.
      if (isGone && misses < MOST_MISSES) continue;
      if (io.live) io.err('\n');
      if (!isGone) return reportProblem(outcome.problem, options, io);
      io.err('the node has stopped\n');
      return EXIT.ok;
    }
    misses = 0;
    const state = outcome.answer['drain'];
    if (!isDraining(state)) {
      io.err(`${io.live ? '\n' : ''}sluice: the drain was taken back\n`);
      return EXIT.refused;
    }
    io.err(io.live ? `\r${progress(state)}\x1b[K` : `${progress(state)}\n`);
  }
  return EXIT.ok;
}

function isDraining(state: unknown): state is Facts {
  return typeof state === 'object' && state !== null && 'deadlineAt' in state;
}

function progress({ streams, plays, journalPending, deadlineAt }: Facts): string {
  const facts = `${text(streams)} streams, ${text(plays)} plays, ${text(journalPending)} events to send`;
  return cleanText(`draining  ${facts}, until ${text(deadlineAt)}`);
}
