import type { Facts } from '../../control/ports.js';
import type { Io } from '../io.js';
import { type ControlOptions, withControl } from './connect.js';
import { listAll } from './list.js';
import { report } from './report.js';
import { type ClusterFlags, clusterOf } from './streams.js';
import { type Column, table } from './table.js';

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

const COLUMNS: readonly Column<Facts>[] = [
  { title: 'NODE', show: ({ nodeId }) => text(nodeId) },
  { title: 'WAY', show: ({ direction }) => text(direction ?? 'copy') },
  { title: 'NAME', show: ({ app, name, match }) => text(match ?? `${text(app)}/${text(name)}`) },
  { title: 'STATE', show: ({ state }) => text(state) },
  { title: 'OTHER SIDE', show: ({ fromNode, url }) => text(fromNode ?? url) },
  { title: 'PLAYERS', show: ({ players }) => text(players), isNumber: true },
  { title: 'KBIT/S', show: ({ kbps }) => text(kbps), isNumber: true },
  { title: 'BYTES', show: ({ bytes }) => text(bytes), isNumber: true },
  { title: 'SILENT MS', show: ({ silentMs }) => text(silentMs), isNumber: true },
  { title: 'TRIES', show: ({ attempts }) => text(attempts), isNumber: true },
  { title: 'TROUBLE', show: ({ code }) => text(code) },
  { title: 'NEXT TRY', show: ({ nextTryAt }) => text(nextTryAt) },
  { title: 'SINCE', show: ({ since }) => text(since) },
  { title: 'STREAM', show: ({ streamId }) => text(streamId) },
];

/** `sluice relays`: what is carried between servers. @returns the exit code */
export function relays(options: ControlOptions & ClusterFlags, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await listAll(client, 'relays.list', {}, clusterOf(options));
    const none = 'nothing is carried to another server or from one';
    return report(outcome, options, io, ({ items }) => table(items as readonly Facts[], COLUMNS, none, io));
  });
}
