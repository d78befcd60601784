import type { Clock } from '../core/clock.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import { signalSubject } from '../events/subjects.js';
import type { MovedStream } from '../live/moved-stream.js';
import type { NameWish } from '../live/ownership.js';
import type { NatsRequests } from '../nats/requests.js';
import { type HeldName, principalHash } from './owner-value.js';
import type { YieldSeal } from './yield-messages.js';

/** How long the answer of a holder is waited for, in ms: what it may take, and the way. */
const ASK_MS = 1500;

/**
 * What the holder of a name says to one that wants it. `yielded`: its stream is over there, and the claim may be
 * written over this revision. `moved`: its stream goes on with the one that wants it, when its claim is written over
 * this revision. `refused`: it keeps the name. `silent`: it did not answer, or cannot yet.
 */
type YieldAnswer =
  | { readonly kind: 'yielded'; readonly revision: number }
  | { readonly kind: 'moved'; readonly revision: number; readonly stream: MovedStream }
  | { readonly kind: 'refused' | 'silent' };

/** Asks the node that has a name to leave it to this one. It does not reject. */
export interface Yielding {
  ask(held: HeldName, wish: NameWish): Promise<YieldAnswer>;
}

/** What asking needs. */
interface YieldRequestsDeps {
  readonly nodeId: string;
  /** First tokens of subjects. */
  readonly prefix: string;
  readonly seal: YieldSeal;
  readonly requests: Pick<NatsRequests, 'request'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Logger;
}

/** Asks over NATS, on a subject of the stream that has the name. */
export class YieldRequests implements Yielding {
  readonly #deps: YieldRequestsDeps;

  constructor(deps: YieldRequestsDeps) {
    this.#deps = deps;
  }

  /** @inheritdoc */
  async ask({ value }: HeldName, wish: NameWish): Promise<YieldAnswer> {
    if (value === undefined) return { kind: 'silent' };
    const { nodeId, prefix, seal, requests, clock } = this.#deps;
    const { grant, principal, address, streamId: byStreamId } = wish;
    const { streamId, bootId: holderBoot } = value;
    const nonce = newId();
    const body = seal.request({
      ...{ streamId, holderBoot, byNode: nodeId, byStreamId, principalHash: principalHash(principal), address, nonce },
      conflict: grant.conflict,
      isAnonymous: grant.isAnonymous === true,
      isUnauthenticated: grant.isUnauthenticated === true,
      timeMs: clock.wallMs(),
    });
    const asked = await requests.request(signalSubject(prefix, ['ctl', 's', streamId, 'yield']), body, ASK_MS);
    if (asked.kind !== 'reply') return { kind: 'silent' };
    const reply = seal.readReply(nonce, asked.reply.body);
    if (reply === undefined) return { kind: 'silent' };
    if (reply.kind === 'moved') return reply;
    if (reply.kind === 'clock') {
      const node = value.nodeId;
      this.#deps.log.warn({ node, code: 'ERR_CLUSTER_CLOCK' }, 'another node gives nothing: its clock is another one');
    }
    // One that has ended is released in a moment; one that moves is decided about in a moment.
    const isOver = reply.kind === 'ended' || reply.kind === 'unknown' || reply.kind === 'moving';
    return { kind: isOver ? 'silent' : 'refused' };
  }
}
