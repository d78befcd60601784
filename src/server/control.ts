import type { BanList } from '../admission/bans/ban-list.js';
import { isPublicBind } from '../config/listen.js';
import type { Config } from '../config/table.js';
import { Dispatcher } from '../control/dispatcher.js';
import { operationRoutes } from '../control/http-routes.js';
import { openApiRoute } from '../control/openapi.js';
import type {
  AuthTest,
  BanControl,
  Cluster,
  EndedStreams,
  NodeControl,
  Ports,
  WebhookControl,
} from '../control/ports.js';
import type { Clock } from '../core/clock.js';
import { SluiceError } from '../core/errors.js';
import { newId } from '../core/ids.js';
import type { Logger } from '../core/log.js';
import type { MemoryAccount } from '../core/memory-account.js';
import type { EventLayer } from '../events/event-layer.js';
import type { EventLog } from '../events/event-log.js';
import type { LiveControl } from '../live/live-control.js';
import type { LiveStreams } from '../live/live-streams.js';
import type { ApiRoute } from '../model/api-route.js';
import type { Copies } from '../relay/cluster/copies.js';
import type { Relays } from '../relay/relays.js';
import { jobRecordsOf } from './job-records.js';
import { type JobPlaces, jobControlOf } from './jobs.js';

/** Control of a server. */
export interface Control {
  /** Behind every skin. */
  readonly dispatcher: Dispatcher;
  /** For HTTP. */
  readonly routes: readonly ApiRoute[];
}

/** What control is made with. */
interface ControlDeps {
  readonly nodeId: string;
  readonly bootId: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly eventLayer: EventLayer;
  readonly memory: MemoryAccount;
  readonly liveStreams: LiveStreams;
  readonly bans: BanList;
  /** What admission would decide. */
  readonly authTest: AuthTest['test'];
  /** Undefined without NATS. */
  readonly cluster: Cluster | undefined;
  /** Settings that say where jobs are kept. */
  readonly places: JobPlaces;
  readonly node: NodeControl;
  readonly webhooks: WebhookControl;
  /** Undefined in no cluster. */
  readonly copies: Pick<Copies, 'list'> | undefined;
  readonly relays: Pick<Relays, 'list'>;
}

/** Makes the dispatcher and its routes. */
export function makeControl(deps: ControlDeps): Control {
  const { nodeId, clock, log, eventLayer } = deps;
  const ports: Ports = {
    ...{ nodeId, clock, log, newId },
    live: liveControl(deps.liveStreams),
    node: deps.node,
    bans: banControl(deps.bans),
    authTest: { test: deps.authTest },
    webhooks: deps.webhooks,
    relays: { list: () => [...(deps.copies?.list() ?? []), ...deps.relays.list()] },
    audit: { command: (entry) => eventLayer.lifecycle.nodeCommand(entry) },
    ended: endedStreams(eventLayer.log),
    cluster: deps.cluster,
    jobRecords: jobRecordsOf(eventLayer),
    jobs: jobControlOf(deps.places, deps),
  };
  const dispatcher = new Dispatcher(ports);
  deps.memory.register('control_answers', () => dispatcher.heldBytes);
  return { dispatcher, routes: [...operationRoutes(dispatcher), openApiRoute()] };
}

/** What runs, and what can be done to it. */
function liveControl(liveStreams: LiveStreams): LiveControl {
  const { commands, clients } = liveStreams;
  return {
    streams: () => liveStreams.streams(),
    stream: (streamId) => commands.stream(streamId),
    details: (streamId) => commands.details(streamId),
    plays: () => commands.plays(),
    wants: () => commands.wants(),
    kickStream: (streamId, reason) => commands.kickStream(streamId, reason),
    kickPlay: (playId, reason) => commands.kickPlay(playId, reason),
    revoke: (streamId, reason) => commands.revoke(streamId, reason),
    limit: (streamId, limits) => commands.limit(streamId, limits),
    label: (streamId, labels) => commands.label(streamId, labels),
    reconnect: (streamId, tcUrl, reason) => clients.reconnect(streamId, tcUrl, reason),
    send: (streamId, handler, values) => clients.send(streamId, handler, values),
    ticket: (streamId, run, isAnew) => liveStreams.jobs.issue({ streamId, ...run }, isAnew),
    call: (target, method, values, timeoutMs) => clients.call(target, method, values, timeoutMs),
  };
}

function banControl(bans: BanList): BanControl {
  return {
    list: (kind) => bans.list().filter((ban) => kind === undefined || ban.kind === kind),
    add: async (ban) => {
      const added = await bans.add(ban);
      if (added !== undefined) return added.ban;
      const errors = [{ pointer: '/value', expected: EXPECTED_OF_BAN[ban.kind], got: 'something else' }];
      throw new SluiceError('ERR_CTL_BAD_REQUEST', `${EXPECTED_OF_BAN[ban.kind]} was expected`, {
        details: { errors },
      });
    },
    remove: async (kind, value) => ((await bans.remove(kind, value)) ? 'done' : 'already'),
  };
}

const EXPECTED_OF_BAN = {
  principal: 'a principal',
  key: 'a key fingerprint of 8 hex digits',
  address: 'an IP address or a CIDR block',
  name: 'app/name',
} as const;

/** Finds the ends of streams in the log of this node. */
function endedStreams(log: EventLog): EndedStreams {
  return {
    endOf: async (streamId) => {
      const event = (await log.find(`${streamId}:end`))?.event;
      if (event?.type !== 'io.sluice.stream.ended') return undefined;
      return { endedAt: event.data.endedAt, reason: event.data.reason };
    },
  };
}

/**
 * Refuses to serve control to anybody who can reach the machine.
 *
 * @throws SluiceError ERR_HTTP_OPEN_PUBLIC_BIND
 */
export function checkHttpBind({ listen, tokens, token }: Config['http']): void {
  if (listen === 'off' || tokens.length > 0 || token !== '') return;
  if (isPublicBind(listen)) throw new SluiceError('ERR_HTTP_OPEN_PUBLIC_BIND', `http.listen is ${listen}`);
}
