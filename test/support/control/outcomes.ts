import type { Outcome } from '../../../src/control/dispatcher.js';
import type { Facts } from '../../../src/control/ports.js';
import type { Problem } from '../../../src/core/problem.js';

/** The refusal of a request that must be refused. */
export function problem(outcome: Outcome): Problem {
  if (outcome.ok) throw new Error(`a refusal was expected, not ${JSON.stringify(outcome.answer)}`);
  return outcome.problem;
}

/** The answer of a request that must be carried out. */
export function answer(outcome: Outcome): Facts {
  if (!outcome.ok) throw new Error(outcome.problem.message);
  return outcome.answer;
}
