import { spawnServer, type TestServer } from '../server.js';

/** One node of a cluster on a NATS that is there. */
interface NodeToSpawn {
  /** URL of NATS. */
  readonly nats: string;
  readonly id: string;
  readonly data: string;
  /** What differs from the settings of all of them. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
}

/** Starts a node that takes a silent one for gone soon, ends quickly, and holds no stream whose publisher has gone. */
export function spawnNode({ nats, id, data, settings }: NodeToSpawn): Promise<TestServer> {
  return spawnServer({
    nats,
    data,
    settings: {
      'node.id': id,
      'cluster.enabled': true,
      'cluster.secret': '0123456789abcdef',
      'cluster.suspectMs': 500,
      'shutdown.deadlineMs': 2000,
      'publish.resumeWindowMs': 0,
      ...settings,
    },
  });
}
