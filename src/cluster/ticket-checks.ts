import { newId } from '../core/ids.js';
import { z } from '../core/zod.js';
import { signalSubject } from '../events/subjects.js';
import type { TicketOwners, TicketQuestion, TicketVerdict } from '../live/forwarded-tickets.js';
import type { JobAccess } from '../live/job-access.js';
import type { NatsMessage, NatsRequests } from '../nats/requests.js';
import { MessageSeal } from './message-seal.js';

/** How long the node that has a stream is waited for, in ms. */
const ASK_MS = 1000;
/** Last tokens of the subjects of a stream on which its node is asked, and tells that it has issued a ticket. */
export const [TICKET_CHECK, TICKET_ISSUED] = ['ticket-check', 'ticket-issued'];

const REQUEST = z.object({
  streamId: z.string().min(1).max(256),
  nonce: z.string().min(1).max(256),
  tickets: z.array(z.object({ template: z.string().max(256), token: z.number(), isNew: z.boolean() })).max(64),
});

/** What asking other nodes about tickets needs. */
interface TicketChecksDeps {
  /** First tokens of subjects. */
  readonly prefix: string;
  /** `cluster.secret`. */
  readonly secret: string;
  readonly requests: Pick<NatsRequests, 'request' | 'subscribe'>;
  /** Sends a message that nobody answers. @param tokens of its subject, without the first ones */
  readonly signal: (tokens: readonly string[], data: object) => void;
}

/**
 * Asks the nodes that have streams about tickets of jobs, over NATS, and answers them. Both ways are sealed, each
 * answer with the nonce of its request: whoever may only publish to a subject must neither let a run play nor have one
 * cut. That a ticket was issued is told unsealed, because all that follows from it is a question.
 */
export class TicketChecks implements TicketOwners {
  /** Decides about tickets for streams of this node. */
  jobs: Pick<JobAccess, 'verdictsOn'> | undefined;
  readonly #deps: TicketChecksDeps;
  readonly #seal: MessageSeal;

  constructor(deps: TicketChecksDeps) {
    this.#deps = deps;
    this.#seal = new MessageSeal(deps.secret, 'sluice ticket checks v1');
  }

  /** @inheritdoc */
  async ask(streamId: string, tickets: readonly TicketQuestion[]): Promise<readonly TicketVerdict[] | undefined> {
    const { prefix, requests } = this.#deps;
    const nonce = newId();
    const body = this.#seal.seal('request', { streamId, nonce, tickets });
    const asked = await requests.request(signalSubject(prefix, ['ctl', 's', streamId, TICKET_CHECK]), body, ASK_MS);
    if (asked.kind !== 'reply') return undefined;
    const verdicts = this.#seal.open(`reply ${nonce}`, asked.reply.body);
    // Only a node of this cluster can have sealed it, be it one of another version.
    return Array.isArray(verdicts) ? (verdicts as TicketVerdict[]) : undefined;
  }

  /** @inheritdoc */
  listen(streamId: string, told: () => void): () => void {
    const { prefix, requests } = this.#deps;
    const subscription = requests.subscribe(
      signalSubject(prefix, ['ctl', 's', streamId, TICKET_ISSUED]),
      undefined,
      told,
    );
    return () => subscription.close();
  }

  /** @inheritdoc */
  tell(streamId: string): void {
    this.#deps.signal(['ctl', 's', streamId, TICKET_ISSUED], {});
  }

  /**
   * A request has come. Nothing is answered to what no node of this cluster has sealed, and about a stream that leaves
   * or has left: the node that it goes to may be asked at the same time. A request that comes twice changes nothing.
   */
  take(message: NatsMessage): void {
    const parsed = REQUEST.safeParse(this.#seal.open('request', message.body));
    if (!parsed.success) return;
    const { streamId, nonce, tickets } = parsed.data;
    const verdicts = this.jobs?.verdictsOn(streamId, tickets);
    if (verdicts !== undefined) message.reply(this.#seal.seal(`reply ${nonce}`, verdicts));
  }
}
