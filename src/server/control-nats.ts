import { formatHostPort, type HostPort } from '../config/listen.js';
import type { Dispatcher } from '../control/dispatcher.js';
import { ControlService } from '../control/nats/control-service.js';
import { NatsCluster } from '../control/nats/nats-cluster.js';
import type { Clock } from '../core/clock.js';
import { VERSION } from '../core/version.js';
import type { EventLayer } from '../events/event-layer.js';
import type { NatsMessage } from '../nats/requests.js';

/** The other nodes, asked over the connection of the event layer. @returns undefined without NATS */
export function clusterOf({ bus }: EventLayer, prefix: string, clock: Clock): NatsCluster | undefined {
  if (bus === undefined) return undefined;
  const { requests, directory } = bus;
  return new NatsCluster({ requests, directory, prefix, clock });
}

/** What control over NATS is made with. */
interface ControlOverNatsDeps {
  readonly eventLayer: EventLayer;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly bootId: string;
  /** `events.prefix`. */
  readonly prefix: string;
  readonly rtmp: HostPort;
  readonly http: HostPort | undefined;
  /** Takes what other nodes ask about streams of this one, by the last token of the subject. */
  readonly asked: Readonly<Record<string, (message: NatsMessage) => void>> | undefined;
}

/** Answers over NATS for this node and for each stream from its start to its end. @returns undefined without NATS */
export function controlOverNats(deps: ControlOverNatsDeps): ControlService | undefined {
  const { eventLayer, dispatcher, clock, nodeId, bootId, prefix, rtmp, http, asked } = deps;
  const { requests, lifecycle, log } = eventLayer;
  if (requests === undefined) return undefined;
  const service = new ControlService({
    ...{ requests, dispatch: dispatcher, clock, nodeId, bootId, prefix, version: VERSION, asked },
    rtmp: formatHostPort(rtmp),
    http: http === undefined ? undefined : formatHostPort(http),
  });
  // Publishers may have come while HTTP was being started.
  for (const streamId of lifecycle.openStreams.keys()) service.opened(streamId);
  log.subscribe((entry) => {
    // One that was resumed may have come from another node.
    const isStart = entry.type === 'io.sluice.stream.started' || entry.type === 'io.sluice.stream.resumed';
    if (!isStart && entry.type !== 'io.sluice.stream.ended') return;
    const { streamId } = entry.event.data as { readonly streamId: string };
    if (isStart) service.opened(streamId);
    else service.ended(streamId);
  });
  lifecycle.moves.onGone = (streamId) => service.ended(streamId);
  return service;
}
