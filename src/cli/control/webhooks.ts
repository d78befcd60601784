import type { Facts } from '../../control/ports.js';
import { parseDuration } from '../../core/duration.js';
import { SluiceError } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import { duration } from '../../core/quantities.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { type ControlOptions, newRequestId, withControl } from './connect.js';
import { nodeOf } from './nodes.js';
import { report } from './report.js';
import { type Column, table } from './table.js';

const text = (member: string) => (row: Facts) => String(row[member] ?? '');

const COLUMNS: readonly Column<Facts>[] = [
  { title: 'NAME', show: text('name') },
  { title: 'STATE', show: text('state') },
  { title: 'PENDING', show: ({ pending, unread }) => String(Number(pending) + Number(unread)), isNumber: true },
  { title: 'DELIVERED', show: text('delivered'), isNumber: true },
  { title: 'FAILED', show: text('failed'), isNumber: true },
  { title: 'DEAD', show: text('deadLetters'), isNumber: true },
  { title: 'LAG', show: ({ lagMs }) => duration(Number(lagMs)), isNumber: true },
  { title: 'FORMAT', show: text('format') },
  { title: 'URL', show: text('url') },
  { title: 'PROBLEM', show: ({ state, problem }) => (state === 'ok' ? '' : String(problem)) },
];

/** Options of `sluice webhooks` besides those of every command of control. */
interface WebhookOptions extends ControlOptions {
  readonly node?: string;
  readonly since?: string;
}

/** `sluice webhooks ls`. @returns the exit code, as all functions of this file */
export function webhooksLs(options: WebhookOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('webhooks.list', {}, nodeOf(options));
    return report(outcome, options, io, ({ webhooks }) =>
      table(webhooks as readonly Facts[], COLUMNS, 'no webhook is set: see `webhooks` in the settings', io),
    );
  });
}

/** `sluice webhooks test NAME`: 4 when the receiver does not take it. */
export function webhooksTest(name: string, options: WebhookOptions, io: Io): Promise<number> {
  return withControl(options, io, async (client) => {
    const asked = { requestId: newRequestId(), ...nodeOf(options) };
    const outcome = await client.ask('webhooks.test', { name }, asked);
    const code = report(outcome, options, io, ({ taken, why, latencyMs }) => {
      const said = taken === true ? 'takes it' : 'does not take it';
      return `${cleanText(`${name} ${said}: ${String(why)}, ${String(latencyMs)} ms`)}\n`;
    });
    return outcome.ok && outcome.answer['taken'] !== true ? EXIT.refused : code;
  });
}

/** `sluice webhooks replay NAME --since WHEN`. */
export function webhooksReplay(name: string, options: WebhookOptions, io: Io): Promise<number> {
  const since = new Date(sinceOf(options.since, Date.now())).toISOString();
  return withControl(options, io, async (client) => {
    const asked = { requestId: newRequestId(), ...nodeOf(options) };
    const outcome = await client.ask('webhooks.replay', { name, since }, asked);
    return report(
      outcome,
      options,
      io,
      ({ events }) => `${cleanText(`${name}: ${String(events)} events since ${since} are looked at again`)}\n`,
    );
  });
}

/** @throws SluiceError ERR_CLI_USAGE */
function sinceOf(when: string | undefined, nowMs: number): number {
  if (when === undefined) throw new SluiceError('ERR_CLI_USAGE', '--since was expected: 10m, 2h, or a time');
  const backMs = parseDuration(when);
  if (backMs !== undefined) return nowMs - backMs;
  const atMs = /^\d{4}-\d\d-\d\d/.test(when) ? Date.parse(when) : Number.NaN;
  if (!Number.isNaN(atMs)) return atMs;
  throw new SluiceError('ERR_CLI_USAGE', `--since ${when}; expected a duration such as 10m, or a time (ISO 8601)`);
}
