import type { Config } from '../config/table.js';
import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { Door } from '../doors/door.js';
import type { Hub } from '../hub/hub.js';
import type { Pulls } from '../live/pulls.js';
import { RelaySeal } from '../live/relay-ticket.js';
import { Attempt } from '../relay/attempt.js';
import { Copies } from '../relay/cluster/copies.js';
import type { CopyLimits } from '../relay/cluster/copy-parts.js';
import type { ByteChannel } from '../transport/byte-channel.js';
import { connectTcp } from '../transport/tcp/connect.js';
import { connectTls } from '../transport/tls/connect.js';
import type { CodecPool } from '../wasm/pool.js';
import type { ClusterParts } from './cluster.js';

/** What copies of other nodes' streams are made with. */
interface CopiesDeps {
  readonly cluster: ClusterParts | undefined;
  readonly hub: Hub;
  readonly door: Door;
  readonly codecs: CodecPool;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeId: string;
  readonly bootId: string;
}

/** The settings of copies. */
export function copyLimits({ cluster, rtmp }: Config): CopyLimits {
  const { idleMs, lingerMs, stallMs, connectTimeoutMs } = cluster;
  return { idleMs, lingerMs, stallMs, connectTimeoutMs, chunkSize: rtmp.chunkSize };
}

/**
 * Makes what fetches streams of other nodes.
 *
 * @returns undefined in no cluster, and where this node is an origin only
 */
export function makeCopies(
  config: Config,
  { cluster, clock, nodeId, bootId, codecs, ...deps }: CopiesDeps,
): Copies | undefined {
  if (cluster === undefined || config.cluster.role === 'origin') return undefined;
  const seal = new RelaySeal(config.cluster.secret);
  const nowMs = (): number => clock.monotonicMs();
  return new Copies(copyLimits(config), {
    ...{ ...deps, ...cluster, nowMs, wallMs: () => clock.wallMs(), node: { nodeId, bootId }, random: Math.random },
    ticket: (to, { app, name }, epoch) => seal.write({ from: nodeId, to, app, name, epoch }, clock.wallMs()),
    dial: (target, limits, hello, events) => {
      const { host, port, isSecure, serverName } = target;
      const connect = (_url: unknown, signal: AbortSignal): Promise<ByteChannel> =>
        isSecure ? connectTls({ host, port, serverName, signal }) : connectTcp({ host, port, signal });
      return new Attempt(target, 'play', limits, { codecs, nowMs, connect }, events, hello);
    },
  });
}

/** Asks each of them about a name. The rules of `relay.pull` come first. */
export function bothPulls(rules: () => Pulls, copies: () => Pulls | undefined): Pulls {
  return {
    has: (of) => rules().has(of) || copies()?.has(of) === true,
    arrival: (of) => copies()?.arrival(of),
    wanted: (of, isWanted) => {
      rules().wanted(of, isWanted);
      copies()?.wanted(of, isWanted);
    },
  };
}
