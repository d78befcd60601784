import { suggest } from '../../config/suggest.js';
import type { Facts } from '../../control/ports.js';
import { SluiceError } from '../../core/errors.js';
import { duration } from '../../core/quantities.js';
import { BAN_KINDS, type Ban } from '../../model/ban.js';
import type { Io } from '../io.js';
import { type ControlOptions, newRequestId, withControl } from './connect.js';
import { listAll } from './list.js';
import { doneWords, report } from './report.js';
import { type Column, table } from './table.js';
import { durationOf, given } from './values.js';

const COLUMNS: readonly Column<Ban>[] = [
  { title: 'KIND', show: ({ kind }) => kind },
  { title: 'VALUE', show: ({ value }) => value },
  { title: 'LEFT', show: ({ untilMs }) => duration(Math.max(0, untilMs - Date.now())), isNumber: true },
  { title: 'REASON', show: ({ reason }) => reason },
  { title: 'BY', show: ({ by }) => by },
];

/** Options of `sluice ban` besides those of every command of control. */
interface BanOptions extends ControlOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly kind?: string;
}

/** `sluice ban add KIND VALUE`. @returns the exit code, as all functions of this file */
export function banAdd(kind: string, value: string, options: BanOptions, io: Io): Promise<number> {
  const body = given({ kind: kindOf(kind), value, ttlMs: durationOf('--for', options.for), reason: options.reason });
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('bans.add', body, { requestId: newRequestId() });
    return report(outcome, options, io, (answer) => {
      const { untilMs } = answer['ban'] as Facts;
      return doneWords(`banned ${kind} ${value} until ${new Date(Number(untilMs)).toISOString()}`)(answer);
    });
  });
}

/** `sluice ban rm KIND VALUE`. */
export function banRm(kind: string, value: string, options: BanOptions, io: Io): Promise<number> {
  const body = { kind: kindOf(kind), value };
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('bans.remove', body, { requestId: newRequestId() });
    return report(outcome, options, io, doneWords(`lifted the ban of ${kind} ${value}`));
  });
}

/** `sluice ban ls`. */
export function banLs(options: BanOptions, io: Io): Promise<number> {
  const input = options.kind === undefined ? {} : { kind: kindOf(options.kind) };
  return withControl(options, io, async (client) => {
    const outcome = await listAll(client, 'bans.list', input, {});
    return report(outcome, options, io, ({ items }) =>
      table(items as unknown as readonly Ban[], COLUMNS, 'nobody is banned', io),
    );
  });
}

function kindOf(text: string): string {
  if ((BAN_KINDS as readonly string[]).includes(text)) return text;
  const near = suggest(text, BAN_KINDS);
  const hint = near === undefined ? `expected one of ${BAN_KINDS.join(', ')}` : `did you mean ${near}?`;
  throw new SluiceError('ERR_CLI_USAGE', `${text} is no kind of ban; ${hint}`);
}
