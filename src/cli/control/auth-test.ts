import type { Facts } from '../../control/ports.js';
import { cleanText } from '../../core/log-fields.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { type ControlOptions, withControl } from './connect.js';
import { nodeOf } from './nodes.js';
import { report } from './report.js';
import { type Column, table } from './table.js';
import { given } from './values.js';

const COLUMNS: readonly Column<Facts>[] = [
  { title: 'RESPONDER', show: ({ name }) => String(name) },
  { title: 'ANSWER', show: ({ decision }) => String(decision) },
  { title: 'MS', show: ({ latencyMs }) => Number(latencyMs).toFixed(1), isNumber: true },
  { title: 'WHY', show: ({ why }) => String(why) },
];

/** Options of `sluice auth test` besides those of every command of control. */
interface AuthTestOptions extends ControlOptions {
  readonly node?: string;
  readonly action?: string;
  readonly app?: string;
  readonly name?: string;
  readonly query?: string;
  readonly address?: string;
  readonly tcUrl?: string;
}

/**
 * `sluice auth test`: what every responder would answer to a client, and why.
 *
 * @returns the exit code: 0 when the client would be let in, 4 when not
 */
export function authTest(options: AuthTestOptions, io: Io): Promise<number> {
  const { action = 'publish', app, name, query, address, tcUrl } = options;
  const input = given({ action, app, name, query: query?.replace(/^\?/, ''), address, tcUrl });
  return withControl(options, io, async (client) => {
    const outcome = await client.ask('auth.test', input, nodeOf(options));
    const code = report(outcome, options, io, (answer) => words(answer, io));
    return outcome.ok && outcome.answer['decision'] !== 'allow' ? EXIT.refused : code;
  });
}

function words(answer: Facts, io: Io): string {
  const { decision, code, message, responders } = answer;
  const why = [code, message].filter((part) => part !== undefined).map(String);
  const rows = table(responders as readonly Facts[], COLUMNS, 'no responder is asked: auth.responders is empty', io);
  return `${rows}\n${cleanText([String(decision), ...why].join('  '))}\n`;
}
