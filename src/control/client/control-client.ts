import { SluiceError } from '../../core/errors.js';
import { problemOf } from '../../core/problem.js';
import type { Outcome } from '../dispatcher.js';
import type { Verb } from '../operations.js';
import { type Facts, RefusedElsewhere } from '../ports.js';

/** How an operation is asked for. */
export interface AskOptions {
  /** Asks every node, where the operation is a list. Over NATS that is always so. */
  readonly isCluster?: boolean;
  /** The node that is asked, where the operation is about one. */
  readonly nodeId?: string;
  /** The same id is carried out once. */
  readonly requestId?: string;
}

/** Operations of a server or of a cluster, asked from outside. */
export interface ControlClient {
  /** Where it asks, for people. Free of secrets. */
  readonly where: string;
  /** Whether more than the one node is asked. */
  readonly isCluster: boolean;
  /**
   * Asks for an operation. It rejects for a defect only.
   *
   * @param input its whole input, what a path or a subject says included
   */
  ask(verb: Verb, input: Facts, options?: AskOptions): Promise<Outcome>;
  close(): Promise<void>;
}

/** What an error comes to, as a refusal. */
export function refusalOf(error: unknown): Outcome {
  if (error instanceof RefusedElsewhere) return { ok: false, problem: error.problem };
  if (!(error instanceof SluiceError)) throw error;
  return { ok: false, problem: problemOf(error.code, error.detail, error.details) };
}
