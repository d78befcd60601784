import { seeded } from '../../random.js';

/** Everything that an attempt to publish can come to with a responder. */
export type Kind = 'allow' | 'deny' | 'next' | 'time-out' | 'malformed' | 'unavailable' | 'late' | 'peer gone';

/** Who decides, bans included. */
export type Decider = 'bans' | 'rules' | 'signed' | 'jwt' | 'adobe' | 'webhook' | 'nats';

/**
 * What each can come to. A list in memory has no answer that is late or malformed; of what reads only the client's
 * words, the words are malformed. A client that goes while rules hash its password may be let in before it is known.
 */
export const CASES: Readonly<Record<Decider, readonly Kind[]>> = {
  bans: ['deny', 'next'],
  rules: ['allow', 'deny', 'next', 'malformed', 'peer gone'],
  signed: ['allow', 'deny', 'next', 'malformed', 'peer gone'],
  jwt: ['allow', 'deny', 'next', 'malformed', 'unavailable', 'late', 'peer gone'],
  adobe: ['allow', 'deny', 'next', 'malformed', 'peer gone'],
  webhook: ['allow', 'deny', 'next', 'time-out', 'malformed', 'unavailable', 'late', 'peer gone'],
  nats: ['allow', 'deny', 'next', 'time-out', 'malformed', 'unavailable', 'late', 'peer gone'],
};

/** What an attempt comes to: for the client, and in events. */
export type Outcome =
  /** Publish.Start, `stream.started`, and `stream.ended` once the client has gone. */
  | 'accepted'
  /** The client is told a code, and `stream.rejected` has it. */
  | `ERR_${string}`
  /** The connect is refused, and there is no event. */
  | 'not connected'
  /** The client has gone: `stream.rejected` with ERR_PEER_CLOSED; where nobody waits, or a stream that ends at once. */
  | 'gone';

/** One attempt. Its name says what the back ends are to do: `<decider>-<kind>-<number>`. */
export interface Attempt {
  readonly decider: Decider;
  readonly kind: Kind;
  readonly name: string;
  /** Chooses between several ways to the same kind. */
  readonly variant: number;
  /** In its query, and to be found nowhere. */
  readonly key: string;
}

/** The attempts of a seed: every case as often as every other one, in no order. */
export function attemptsOf(seed: number, count: number): Attempt[] {
  const random = seeded(seed);
  const pairs = Object.entries(CASES).flatMap(([decider, kinds]) =>
    kinds.map((kind) => [decider as Decider, kind] as const),
  );
  const attempts = Array.from({ length: count }, (_, i): Attempt => {
    const [decider, kind] = pairs[i % pairs.length]!;
    const name = `${decider}-${kind.replace(' ', '-')}-${i}`;
    return { decider, kind, name, variant: Math.floor(i / pairs.length), key: `CANARY-${Math.floor(random() * 1e12)}` };
  });
  return attempts
    .map((attempt) => ({ attempt, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ attempt }) => attempt);
}

/** The model. */
export function outcomeOf({ decider, kind }: Attempt): Outcome {
  switch (kind) {
    case 'allow':
      return 'accepted';
    case 'deny':
      if (decider === 'bans') return 'ERR_AUTH_BANNED';
      if (decider === 'adobe') return 'not connected';
      return decider === 'signed' ? 'ERR_AUTH_CREDENTIALS' : 'ERR_AUTH_DENIED';
    case 'next':
      // Signatures and users were missing, which says more than that no rule fits.
      return 'ERR_AUTH_CREDENTIALS';
    case 'malformed':
      if (decider === 'adobe') return 'not connected';
      return decider === 'signed' ? 'ERR_AUTH_CREDENTIALS' : 'ERR_AUTH_REPLY_INVALID';
    case 'peer gone':
      return decider === 'adobe' ? 'not connected' : 'gone';
    default:
      return 'ERR_AUTH_UNAVAILABLE';
  }
}

/** How many attempts are of one kind with one decider. */
export function countOf(attempts: readonly Attempt[], decider: Decider, ...kinds: readonly Kind[]): number {
  return attempts.filter((attempt) => attempt.decider === decider && kinds.includes(attempt.kind)).length;
}
