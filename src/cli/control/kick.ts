import type { ControlClient } from '../../control/client/control-client.js';
import type { Facts } from '../../control/ports.js';
import { SluiceError } from '../../core/errors.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { type ControlOptions, newRequestId } from './connect.js';
import { report, reportPartial, reportProblem } from './report.js';
import { given } from './values.js';

/** Flags that select streams or plays. */
export interface SelectorOptions {
  readonly app?: string;
  readonly name?: string;
  readonly ip?: string;
  readonly principal?: string;
  readonly label?: string;
  readonly stream?: string;
}

/** The selector that the flags make; empty where there are none. */
export function selectorOf({ app, name, ip, principal, label, stream }: SelectorOptions): Facts {
  return given({ app, name, ip, principal, label, streamId: stream });
}

/**
 * Kicks all that a selector matches: first it is counted, and more than one needs `--yes`.
 *
 * @returns the exit code
 */
export async function kickSelected(
  client: ControlClient,
  verb: 'streams.kick' | 'plays.kick',
  body: Facts,
  options: ControlOptions & SelectorOptions & { readonly yes?: boolean },
  io: Io,
): Promise<number> {
  const selector = selectorOf(options);
  const noun = verb === 'streams.kick' ? 'stream' : 'play';
  if (Object.keys(selector).length === 0)
    throw new SluiceError('ERR_CLI_USAGE', `a ${noun}, or flags that select some, were expected`);
  const counted = await client.ask(verb, { ...selector, ...body, dryRun: true });
  if (!counted.ok) return reportProblem(counted.problem, options, io);
  const matched = Number(counted.answer['matched']);
  const words = `${matched} ${noun}${matched === 1 ? '' : 's'}`;
  if (matched > 1 && options.yes !== true) {
    io.err(`sluice: that matches ${words}; say --yes to kick them all\n`);
    return EXIT.refused;
  }
  if (matched === 0) return report(counted, options, io, () => `that matches no ${noun}\n`);
  // Who did not answer the count cannot be kicked by the order either, and is told then.
  reportPartial(counted.answer, io);
  const outcome = await client.ask(verb, { ...selector, ...body, confirm: matched }, { requestId: newRequestId() });
  return report(outcome, options, io, ({ kicked }) => `kicked ${String((kicked as readonly string[]).length)}\n`);
}
