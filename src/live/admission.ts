import type { ConnectRefusal, PlayRefusal, PublishRefusal } from '../model/refusals.js';
import type { ConnectAsk, PlayAsk, PublishAsk, Refusal } from './access.js';

/** The decision about a request; undefined accepts it. */
type Verdict<Status> = Refusal<Status> | undefined;

/**
 * Decides who may connect, publish and play. It is asked for requests that the name rule and the limits let through,
 * and may take its time: the client's connection is not read meanwhile.
 */
export interface Admission {
  connect(ask: ConnectAsk): Verdict<ConnectRefusal> | Promise<Verdict<ConnectRefusal>>;
  publish(ask: PublishAsk): Verdict<PublishRefusal> | Promise<Verdict<PublishRefusal>>;
  play(ask: PlayAsk): Verdict<PlayRefusal> | Promise<Verdict<PlayRefusal>>;
}

/** Accepts everything. */
export const ADMIT_ALL: Admission = {
  connect: () => undefined,
  publish: () => undefined,
  play: () => undefined,
};
