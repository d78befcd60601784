import type { Outcome } from '../../control/dispatcher.js';
import type { Facts } from '../../control/ports.js';
import { ERRORS } from '../../core/errors.js';
import { cleanText } from '../../core/log-fields.js';
import type { Problem } from '../../core/problem.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import type { ControlOptions } from './connect.js';

/** Most wrong members that are told one by one. */
const MOST_ERRORS = 20;

/**
 * Prints what an operation came to: with `--json` as it is, else in words.
 *
 * @param words what a person is told of an answer, with line breaks
 * @returns the exit code
 */
export function report(outcome: Outcome, options: ControlOptions, io: Io, words: (answer: Facts) => string): number {
  if (!outcome.ok) return reportProblem(outcome.problem, options, io);
  const { answer } = outcome;
  io.out(options.json === true ? `${JSON.stringify(answer)}\n` : words(answer));
  return reportPartial(answer, io);
}

/** Says which nodes an answer is without. @returns the exit code */
export function reportPartial(answer: Facts, io: Io): number {
  if (answer['partial'] !== true) return EXIT.ok;
  const missing = answer['missing'] as readonly string[];
  const who = missing.length === 0 ? 'a node refused' : `no answer of ${missing.join(', ')}`;
  io.err(`sluice: this is a part of it: ${cleanText(who)}\n`);
  return EXIT.partial;
}

/** Tells a person or a program why a request was refused. @returns the exit code */
export function reportProblem(problem: Problem, options: ControlOptions, io: Io): number {
  if (options.json === true) io.out(`${JSON.stringify(problem)}\n`);
  const { message, hint, code, errors } = problem;
  io.err(`sluice: ${cleanText(message)}\n`);
  if (Array.isArray(errors)) {
    for (const { pointer, expected, got } of (errors as Record<string, unknown>[]).slice(0, MOST_ERRORS))
      io.err(cleanText(`  ${String(pointer)}: ${String(expected)} was expected, not ${String(got)}`).concat('\n'));
  }
  io.err(`  what to do: ${cleanText(hint)}\n  code: ${cleanText(code)}\n`);
  // A newer server may have codes that are not known here.
  const exit: keyof typeof EXIT = Object.hasOwn(ERRORS, code) ? ERRORS[code].exit : 'refused';
  return EXIT[exit];
}

/** `done` or `already so`, for what changes something. */
export function doneWords(what: string): (answer: Facts) => string {
  return (answer) => `${answer['already'] === true ? 'already so: ' : ''}${cleanText(what)}\n`;
}
