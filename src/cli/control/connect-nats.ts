import type { Config } from '../../config/table.js';
import type { ControlClient } from '../../control/client/control-client.js';
import { NatsControl } from '../../control/client/nats-control.js';
import { NatsCluster } from '../../control/nats/nats-cluster.js';
import { systemClock } from '../../core/clock.js';
import { tellServers } from '../../core/tell.js';
import { Directory } from '../../events/directory.js';
import { AnswerTimeout } from '../../nats/answer-timeout.js';
import { connectNats } from '../../nats/connection.js';
import { LinkRequests } from '../../nats/link-requests.js';
import { ToolLink } from '../../nats/tool-link.js';
import { eventsOptions } from '../../server/options.js';

/** Where nodes keep their heartbeats. */
const NODES_BUCKET = 'SLUICE_NODES';
/** How long an answer of JetStream is waited for, in ms. */
const ANSWER_MS = 2000;

/**
 * Connects to the cluster behind NATS.
 *
 * @param actor who asks, for the audit
 * @throws SluiceError ERR_EVENTS_UNREACHABLE, ERR_EVENTS_NATS_OPTIONS
 */
export async function connectControl(config: Config, actor: string): Promise<ControlClient> {
  const connection = await connectNats(eventsOptions(config).nats ?? { urls: [] });
  const { prefix, stream } = config.events;
  const cluster = new NatsCluster({
    requests: new LinkRequests(new ToolLink(connection)),
    directory: new Directory(
      { prefix, stream, nodesBucket: NODES_BUCKET },
      () => connection,
      new AnswerTimeout(ANSWER_MS, ANSWER_MS),
    ),
    prefix,
    clock: systemClock,
  });
  return new NatsControl(tellServers(config.nats.url), cluster, actor, () => connection.close());
}
