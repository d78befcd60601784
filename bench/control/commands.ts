import type { AskOptions, ControlClient } from '../../src/control/client/control-client.js';
import type { Facts } from '../../src/control/ports.js';
import { newId } from '../../src/core/ids.js';
import { RawClient } from '../hostile/raw-client.js';
import { pause } from '../lib/process.js';
import { type Cluster, done, type Node, streamOf } from './cluster.js';
import { Encoder } from './encoder.js';
import { measure, since, type Times } from './ends.js';

/** Streams that run while one of them is kicked. */
const AT_ONCE = 20;
/** How long a message that was sent twice has to come. */
const SETTLE_MS = 500;

/** From the request to kick a stream to the moment at which its encoder's socket is closed, by each way. */
export async function measureKicks(cluster: Cluster, kicks: number): Promise<readonly Times[]> {
  const [node] = cluster.nodes as [Node];
  const times: Times[] = [];
  for (const [way, client] of [
    ['NATS', cluster.nats],
    ['HTTP', node.http],
  ] as const) {
    let waiting: { readonly encoder: Encoder; readonly streamId: unknown }[] = [];
    const kicked = measure(`kick over ${way}`, kicks, async (i) => {
      if (waiting.length === 0) waiting = await startSome(node, `${way}-${i}`, Math.min(AT_ONCE, kicks - i));
      const { encoder, streamId } = waiting.shift()!;
      return since(encoder, () => done(client, 'kick', { streamId: String(streamId), reason: 'bench' }));
    });
    times.push(await kicked);
  }
  return times;
}

async function startSome(node: Node, prefix: string, count: number) {
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const name = `kick-${prefix}-${i}`;
      const encoder = await Encoder.start({ port: node.port, name });
      return { encoder, streamId: (await streamOf(node, name))['streamId'] };
    }),
  );
}

/** Lists of all nodes while one of them is frozen. */
export interface FrozenLists {
  readonly times: readonly Times[];
  /** Answers that were not `partial`, named another node as missing, or lacked what the other nodes have. */
  readonly wrong: readonly string[];
}

/** Freezes one node after the other, and asks for lists of all of them meanwhile. */
export async function measureFrozen(cluster: Cluster, rounds: number): Promise<FrozenLists> {
  const [asked, ...others] = cluster.nodes as [Node, ...Node[]];
  const wrong: string[] = [];
  const ms = new Map<string, number[]>();
  const lists: readonly (readonly [string, ControlClient, 'streams.list' | 'nodes.list', AskOptions])[] = [
    ['streams of all nodes, HTTP', asked.http, 'streams.list', { isCluster: true }],
    ['streams of all nodes, NATS', cluster.nats, 'streams.list', {}],
    ['nodes, NATS', cluster.nats, 'nodes.list', {}],
  ];
  const encoders = await Promise.all(cluster.nodes.map(({ id, port }) => Encoder.start({ port, name: `on-${id}` })));
  for (let round = 0; round < rounds; round++) {
    const frozen = others[round % others.length]!;
    frozen.signal('SIGSTOP');
    try {
      for (const [name, client, verb, options] of lists) {
        const askedMs = performance.now();
        const answer = await done(client, verb, {}, options);
        ms.set(name, [...(ms.get(name) ?? []), performance.now() - askedMs]);
        const { items = [], partial, missing } = answer as { items?: unknown[]; partial?: boolean; missing?: string[] };
        const shown = JSON.stringify({ items: items.length, partial, missing });
        const wanted = JSON.stringify({ items: others.length, partial: true, missing: [frozen.id] });
        if (shown !== wanted) wrong.push(`${name}: ${shown} instead of ${wanted}`);
      }
    } finally {
      frozen.signal('SIGCONT');
    }
    await whole(cluster);
  }
  for (const encoder of encoders) encoder.stop();
  return { times: [...ms].map(([name, times]) => ({ name, ms: times })), wrong };
}

/** Waits until every node answers again. */
async function whole(cluster: Cluster): Promise<void> {
  for (;;) {
    const { items, partial } = (await done(cluster.nats, 'nodes.list', {})) as { items?: unknown[]; partial?: boolean };
    if (items?.length === cluster.nodes.length && partial === false) return;
    await pause(20);
  }
}

/** What one request that was sent again and again came to. */
export interface Repeated {
  readonly name: string;
  readonly sent: number;
  /** Messages that the player of the stream got. */
  readonly acted: number;
  /** Different answers. */
  readonly answers: number;
}

/** Sends a data message to a stream's players, under the same request id again and again. */
export async function measureRepeated(cluster: Cluster, times: number): Promise<readonly Repeated[]> {
  const [node] = cluster.nodes as [Node];
  const encoder = await Encoder.start({ port: node.port, name: 'repeated' });
  const { streamId } = await streamOf(node, 'repeated');
  const player = await RawClient.connected({ port: node.port, localAddress: '127.0.0.1' });
  let text = '';
  player.onBytes = (bytes) => {
    text += bytes.toString('latin1');
  };
  player.createStreams(1);
  player.command(1, 'play', 4, null, 'repeated', -2000);
  await player.says(/NetStream\.Play\.Start/);
  const repeat = async (name: string, isAtOnce: boolean, clientOf: (i: number) => ControlClient): Promise<Repeated> => {
    const requestId = newId();
    const input: Facts = { streamId: String(streamId), handler: 'onText', values: [`message ${requestId}`] };
    const send = async (i: number): Promise<string> =>
      JSON.stringify(await clientOf(i).ask('send', input, { requestId }));
    const answers = new Set<string>();
    if (isAtOnce) {
      for (const each of await Promise.all(Array.from({ length: times }, (_, i) => send(i)))) answers.add(each);
    } else for (let i = 0; i < times; i++) answers.add(await send(i));
    await pause(SETTLE_MS);
    return { name, sent: times, acted: text.split(`message ${requestId}`).length - 1, answers: answers.size };
  };
  const ways: readonly (readonly [string, (i: number) => ControlClient])[] = [
    ['HTTP', () => node.http],
    ['NATS', () => cluster.nats],
    ['HTTP and NATS', (i) => (i % 2 === 0 ? node.http : cluster.nats)],
  ];
  const results: Repeated[] = [];
  for (const [way, clientOf] of ways) {
    results.push(await repeat(`${way}, at once`, true, clientOf));
    results.push(await repeat(`${way}, in a row`, false, clientOf));
  }
  player.destroy();
  encoder.stop();
  return results;
}
