import type { Problem } from '../core/problem.js';
import type { Facts, RequestContext } from './ports.js';

/** What became of a request. */
export type Outcome = { readonly ok: true; readonly answer: Facts } | { readonly ok: false; readonly problem: Problem };

/** Carries out operations. */
export interface Dispatch {
  /**
   * Carries out one operation. It never rejects.
   *
   * @param verb a key of `OPERATIONS`; any other text is a problem
   * @param input the parameters of path or subject and the members of query or body, as they came; undefined: none
   */
  run(verb: string, input: unknown, context: RequestContext): Promise<Outcome>;
}
