import { duration } from '../../core/quantities.js';
import type { PlaySnapshot } from '../../model/play-snapshot.js';
import type { Io } from '../io.js';
import { type ControlOptions, newRequestId, withControl } from './connect.js';
import { kickSelected, type SelectorOptions, selectorOf } from './kick.js';
import { listAll } from './list.js';
import { report } from './report.js';
import { clusterOf } from './streams.js';
import { type Column, table } from './table.js';
import { durationOf, given } from './values.js';

type Listed = PlaySnapshot & { readonly nodeId?: string };

const COLUMNS: readonly Column<Listed>[] = [
  { title: 'PLAY', show: ({ playId }) => playId },
  { title: 'STREAM', show: ({ app, name }) => `${app}/${name}` },
  {
    title: 'FOR',
    show: ({ startedAt }) => duration(Math.max(0, Date.now() - Date.parse(startedAt))),
    isNumber: true,
  },
  { title: 'FROM', show: ({ peer }) => `${peer.address}:${peer.port}` },
  { title: 'CLIENT', show: ({ client }) => client ?? '' },
  { title: 'PRINCIPAL', show: ({ principal }) => principal ?? '' },
  { title: 'NODE', show: ({ nodeId }) => nodeId ?? '' },
];

/** Which node plays it for its own players: shown where one does. */
const RELAY: Column<Listed> = { title: 'RELAY', show: ({ relay }) => relay?.nodeId ?? '' };

/** Options of `sluice plays` besides those of every command of control. */
interface PlaysOptions extends ControlOptions, SelectorOptions {
  readonly cluster?: boolean;
  readonly scope?: string;
  readonly limit?: number;
  readonly reason?: string;
  readonly ban?: string;
  readonly yes?: boolean;
}

/** `sluice plays ls`: who plays. @returns the exit code */
export function playsLs(options: PlaysOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await listAll(client, 'plays.list', selectorOf(options), clusterOf(options), options.limit);
    return report(outcome, options, io, ({ items }) => tableOf(items as unknown as readonly Listed[], io));
  });
}

/** `sluice plays kick PLAY`, or the plays that a selector matches. @returns the exit code */
export function playsKick(playId: string | undefined, options: PlaysOptions, io: Io): Promise<number> {
  const more = given({ reason: options.reason, banTtlMs: durationOf('--ban', options.ban) });
  return withControl(options, io, async (client) => {
    if (playId === undefined) return kickSelected(client, 'plays.kick', more, options, io);
    const outcome = await client.ask('plays.kick', { playId, ...more }, { requestId: newRequestId() });
    return report(outcome, options, io, () => `kicked ${playId}\n`);
  });
}

function tableOf(items: readonly Listed[], io: Io): string {
  const columns = items.some(({ relay }) => relay !== undefined) ? [...COLUMNS, RELAY] : COLUMNS;
  return table(items, columns, 'nobody plays', io);
}
