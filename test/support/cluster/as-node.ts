import { createHmac } from 'node:crypto';
import { RawRtmp, type Received, statusOf } from '../rtmp-client.js';
import type { Door } from './encoder.js';

/** What a client says that calls itself a node of the cluster. */
export interface NodeClaim {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly registry: string;
  readonly revision: number;
  /** Ids of the nodes to which the stream would be handed on. */
  readonly path: readonly string[];
}

/** What the node said: the code of a refusal, or that it lets the stream go. */
export interface NodeAnswer {
  readonly isAccepted: boolean;
  readonly text: string;
  readonly tookMs: number;
}

const LIFE_MS = 60_000;

/**
 * Connects as another node would, with a ticket that is written here by what the specification of the cluster says of
 * it: the code under test does not check itself.
 */
export async function askAsNode(door: Door, secret: string, claim: NodeClaim): Promise<NodeAnswer> {
  const client = await RawRtmp.shaken(door);
  const fromMs = performance.now();
  try {
    const { from, path } = claim;
    const sluice = {
      ...{ v: 1, nodeId: from, bootId: '01JZ8Z3K6YQ4Q0V5N7W2T9B1CD', ticket: ticketOf(secret, claim) },
      ...{ path: [...path], window: 'relay' },
    };
    client.command(0, 'connect', 1, { app: 'live', tcUrl: `rtmp://${door.host}/live`, sluice });
    const isAnswer = ({ values }: Received): boolean => values[0] === '_result' || values[0] === '_error';
    const answer = await client.expect(isAnswer, 'an answer to connect', { timeoutMs: 5000 });
    const text = `${String(statusOf(answer).code)} ${String(statusOf(answer).description)}`;
    return { isAccepted: answer.values[0] === '_result', text, tookMs: performance.now() - fromMs };
  } finally {
    client.destroy();
  }
}

function ticketOf(secret: string, { from, to, name, registry, revision }: NodeClaim): string {
  const key = createHmac('sha256', secret).update('sluice relay ticket 1').digest();
  const nowMs = Date.now();
  const payload = [from, to, 'live', name, registry, revision, nowMs, nowMs + LIFE_MS];
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}
