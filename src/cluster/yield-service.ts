import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { MovedStream } from '../live/moved-stream.js';
import type { StreamYields } from '../live/stream-yields.js';
import type { NatsMessage } from '../nats/requests.js';
import type { NameHandovers } from './name-handovers.js';
import { principalHash } from './owner-value.js';
import type { YieldReply, YieldRequest, YieldSeal } from './yield-messages.js';

/** What answers about streams are made with. */
interface YieldServiceDeps {
  /** ULID of this process. */
  readonly bootId: string;
  readonly seal: YieldSeal;
  readonly handovers: NameHandovers;
  readonly yields: Pick<StreamYields, 'yield' | 'gone' | 'takeBack'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: Logger;
  /** Ends a stream whose name another node has. */
  readonly lost: (streamId: string) => void;
}

/** A stream that has left, and who asked for it. */
interface Given {
  readonly byNode: string;
  readonly byStreamId: string;
  readonly revision: number;
  readonly stream: MovedStream;
}

/** Counts of what became of requests, for `/metrics`. */
export interface YieldCounts {
  moved: number;
  refused: number;
  takenBack: number;
  /** Requests that no node of this cluster has sealed for this process. */
  forged: number;
}

/** Answers other nodes that want a stream of this one. */
export class YieldService {
  readonly counts: YieldCounts = { moved: 0, refused: 0, takenBack: 0, forged: 0 };
  readonly #deps: YieldServiceDeps;
  /** Streams that have left and may still be taken back, by their id. */
  readonly #given = new Map<string, Given>();

  constructor(deps: YieldServiceDeps) {
    this.#deps = deps;
    deps.handovers.ends = {
      gone: (streamId) => {
        this.#given.delete(streamId);
        deps.yields.gone(streamId);
      },
      takeBack: (streamId, epoch) => {
        this.counts.takenBack++;
        this.#given.delete(streamId);
        deps.yields.takeBack(streamId, epoch);
        deps.log.warn({ streamId, code: 'ERR_CLUSTER_YIELD_TIMEOUT' }, 'no other node has taken a stream: it stays');
      },
      lost: deps.lost,
    };
  }

  /**
   * A request has come. Nothing is answered to what no node of this cluster has sealed, or not for this process:
   * whoever sends one again after its stream has moved must not move it once more. Never rejects.
   */
  async take(message: NatsMessage): Promise<void> {
    const { seal, log, bootId } = this.#deps;
    const request = seal.readRequest(message.body);
    if (request === undefined || (!('kind' in request) && request.holderBoot !== bootId)) {
      this.counts.forged++;
      return;
    }
    if ('kind' in request) {
      message.reply(seal.reply(request.nonce, { kind: 'clock' }));
      return;
    }
    const reply = await this.#answer(request).catch((error: unknown): YieldReply => {
      log.error({ err: error, code: 'ERR_INTERNAL', streamId: request.streamId }, 'a yield failed inside');
      return { kind: 'busy' };
    });
    if (reply.kind === 'moved') this.counts.moved++;
    else this.counts.refused++;
    message.reply(seal.reply(request.nonce, reply));
  }

  async #answer(request: YieldRequest): Promise<YieldReply> {
    const { handovers, yields, clock, log } = this.#deps;
    const { streamId, byNode, byStreamId } = request;
    const given = this.#given.get(streamId);
    // The answer before was lost: the same publish gets the same one.
    if (given?.byNode === byNode && given.byStreamId === byStreamId) return { kind: 'moved', ...given };
    if (given !== undefined) return { kind: 'moving' };
    if (!handovers.has(streamId)) return { kind: 'unknown' };
    const beganMs = clock.monotonicMs();
    const { address, conflict, isAnonymous, isUnauthenticated } = request;
    const answer = await yields.yield({
      ...{ streamId, byNode, byStreamId, address, conflict, isAnonymous, isUnauthenticated },
      isPrincipal: (principal) => principalHash(principal) === request.principalHash,
    });
    if (answer.kind !== 'moved') return answer;
    const { stream } = answer;
    const revision = await handovers.begin(streamId, byNode);
    if (revision === undefined) return { kind: 'moving' };
    this.#given.set(streamId, { byNode, byStreamId, revision, stream });
    const tookMs = Math.round(clock.monotonicMs() - beganMs);
    log.info({ streamId, node: byNode, tookMs }, 'a stream goes to another node');
    return { kind: 'moved', revision, stream };
  }
}
