import { YieldSeal } from '../../../src/cluster/yield-messages.js';
import { YieldService } from '../../../src/cluster/yield-service.js';
import { YieldRequests } from '../../../src/cluster/yielding.js';
import type { MovedFacts } from '../../../src/events/stream-moves.js';
import type { MovedStream } from '../../../src/live/moved-stream.js';
import { NOTHING_CARRIED } from '../../../src/live/nothing.js';
import type { NatsMessage, NatsOutcome } from '../../../src/nats/requests.js';
import { ManualClock, RecordingLog } from '../events-parts.js';
import { ClaimingNode, type News, settle } from './claiming-node.js';
import type { SharedRegistry } from './memory-registry.js';

const SECRET = '0123456789abcdef';

/** A stream as a node hands it over. */
export function movedStream(streamId: string, fromNode = 'a'): MovedStream {
  const facts: MovedFacts = {
    ...{ streamId, app: 'live', name: 'one', connectionId: 'c', startedMs: 1, seq: 4, tracks: [], transport: 'rtmp' },
    totals: { bytes: 1, audioFrames: 1, videoFrames: 1, drops: 0 },
  };
  const granted = { labels: {}, limits: {}, replacedAgo: [], tickets: [] };
  return { facts, fromNode, principal: 'p', counters: NOTHING_CARRIED, gapMs: 3, newestTimestamp: 9, ...granted };
}

/** What happens to a message between two nodes. */
export type Way = 'there and back' | 'lost' | 'answer lost' | 'nobody';

/** A node that claims names, asks others for their streams, and answers them; what its streams do is noted. */
export class YieldingNode extends ClaimingNode {
  readonly service: YieldService;
  /** What became of streams here, in order. */
  readonly done: string[] = [];
  /** What a stream here says to a wish. */
  answer: 'moved' | 'ended' | 'unknown' | 'busy' | 'unacked' = 'moved';
  announced: () => Promise<void> = () => Promise.resolve();
  readonly #pauses: readonly { readonly dueMs: number; readonly resolve: () => void }[];

  /** @param others by node id; each node adds itself */
  constructor(
    shared: SharedRegistry,
    nodeId: string,
    others: Map<string, YieldingNode>,
    o: { news: News; way?: () => Way; isPatient?: boolean },
  ) {
    const pauses: { readonly dueMs: number; readonly resolve: () => void }[] = [];
    const clock = new ManualClock();
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => void pauses.push({ dueMs: clock.mono + ms, resolve }));
    super(shared, { nodeId, news: o.news, clock, ...(o.isPatient === true ? { pause } : {}) });
    this.#pauses = pauses;
    others.set(nodeId, this);
    const { claims, done } = this;
    const seal = new YieldSeal(SECRET, clock);
    claims.arrivals.arrivals = {
      announce: async ({ streamId }) => {
        await this.announced();
        done.push(`announced ${streamId}`);
      },
      settled: (streamId) => void done.push(`settled ${streamId}`),
      endArriving: (streamId) => void done.push(`ended ${streamId}`),
    };
    this.service = new YieldService({
      ...{ bootId: this.bootId, seal, clock, handovers: claims.handovers, log: new RecordingLog() },
      lost: (streamId) => void done.push(`lost ${streamId}`),
      yields: {
        yield: async ({ streamId }) => {
          done.push(`yields ${streamId}`);
          const { answer } = this;
          return answer === 'moved' ? { kind: 'moved', stream: movedStream(streamId, nodeId) } : { kind: answer };
        },
        gone: (streamId) => void done.push(`gone ${streamId}`),
        takeBack: (streamId) => void done.push(`back ${streamId}`),
      },
    });
    const request = async (_subject: string, body: Uint8Array): Promise<NatsOutcome> => {
      const way = o.way?.() ?? 'there and back';
      if (way === 'nobody') return { kind: 'no_responders' };
      if (way === 'lost') return { kind: 'timeout' };
      const holder = [...others.values()].find((other) => other !== this)!;
      const answers: Uint8Array[] = [];
      await holder.service.take(messageOf(body, (reply) => answers.push(reply)));
      if (way === 'answer lost' || answers.length === 0) return { kind: 'timeout' };
      return { kind: 'reply', reply: { body: answers[0]!, headers: {} } };
    };
    claims.yielding = new YieldRequests({
      ...{ nodeId, prefix: 'sluice.v1', seal, clock, log: this.log, requests: { request } },
    });
  }

  /** Time passes for a node whose pauses take time. */
  async pass(ms: number): Promise<void> {
    this.clock.pass(ms);
    for (const { dueMs, resolve } of this.#pauses) if (dueMs <= this.clock.mono) resolve();
    await settle();
  }
}

/** A request as it comes over NATS. */
export function messageOf(body: Uint8Array, reply: (body: Uint8Array) => void): NatsMessage {
  return {
    ...{ subject: 's', body, headers: {}, wantsReply: true },
    reply: (answer) => {
      reply(Buffer.from(answer));
      return true;
    },
  };
}
