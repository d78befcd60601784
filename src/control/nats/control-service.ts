import type { Clock } from '../../core/clock.js';
import { escapeToken } from '../../core/escape.js';
import { MicroService, type ServiceEndpoint } from '../../nats/micro-service.js';
import type { NatsMessage, NatsRequests, NatsSubscription } from '../../nats/requests.js';
import type { Level } from '../operation.js';
import { OPERATIONS } from '../operations.js';
import { ControlDoor, type Dispatch } from './door.js';
import { ControlSubjects } from './subjects.js';

/** What the service is made with. */
interface ControlServiceDeps {
  readonly requests: NatsRequests;
  readonly dispatch: Dispatch;
  readonly clock: Clock;
  readonly nodeId: string;
  readonly bootId: string;
  readonly version: string;
  /** `events.prefix`. */
  readonly prefix: string;
  /** `HOST:PORT` of RTMP, and of HTTP when that is on. */
  readonly rtmp: string;
  readonly http: string | undefined;
  /** What nodes of a cluster ask each other about a stream, by the last token of its subject. It is no operation. */
  readonly asked?: Readonly<Record<string, (message: NatsMessage) => void>> | undefined;
}

/** Where an endpoint of the service is asked. */
type EndpointLevel = Exclude<Level, 'stream'>;

/**
 * Control over NATS: the service `sluice` with its endpoints, and a subscription for each stream that lives here. A
 * request for a stream of no node is answered by the NATS server at once: there are no responders.
 */
export class ControlService {
  readonly #deps: ControlServiceDeps;
  readonly #subjects: ControlSubjects;
  readonly #door: ControlDoor;
  readonly #service: MicroService;
  readonly #levels: readonly NatsSubscription[];
  readonly #streams = new Map<string, NatsSubscription>();
  readonly #asked: ReadonlyMap<string, (message: NatsMessage) => void>;
  #closed = false;

  constructor(deps: ControlServiceDeps) {
    this.#deps = deps;
    this.#asked = new Map(Object.entries(deps.asked ?? {}));
    const { requests, nodeId, bootId, version, rtmp, http, clock } = deps;
    this.#subjects = new ControlSubjects(deps.prefix);
    this.#door = new ControlDoor(deps.dispatch, clock, nodeId);
    const facts = {
      ...{ name: 'sluice', id: bootId, version, description: 'Sluice: control of streams, plays and nodes' },
      metadata: { nodeId, bootId, rtmp, ...(http === undefined ? {} : { http }) },
    };
    this.#service = new MicroService(facts, this.#endpoints(), requests, clock.wallMs());
    // A queue group of its own keeps a client library from choosing one that several nodes share.
    const queue = escapeToken(nodeId);
    this.#levels = (['all', 'node'] as const).map((level) => {
      const base = this.#subjectOf(level, '');
      const take = (message: NatsMessage): void => this.#take(message, level, message.subject.slice(base.length));
      return requests.subscribe(`${base}>`, queue, take);
    });
  }

  /** What does not work for want of permissions; `''` when everything does. */
  get trouble(): string {
    const refused = [
      this.#service.isRefused ? '$SRV.>' : '',
      this.#levels.some(({ isRefused }) => isRefused) ? this.#subjects.everything : '',
      this.#isStreamRefused() ? this.#subjects.streams : '',
    ].filter((subject) => subject !== '');
    return refused.length === 0 ? '' : `this user may not subscribe to ${refused.join(', ')}`;
  }

  /** Streams that can be controlled over NATS here. */
  get streams(): number {
    return this.#streams.size;
  }

  /** A stream lives on this node from now on. */
  opened(streamId: string): void {
    if (this.#closed || this.#streams.has(streamId)) return;
    const base = this.#subjects.ofStream(streamId, '');
    const take = (message: NatsMessage): void => {
      const verb = message.subject.slice(base.length);
      const taken = this.#asked.get(verb);
      if (taken !== undefined) taken(message);
      else void this.#door.take(message, 'stream', verb, { streamId });
    };
    this.#streams.set(streamId, this.#deps.requests.subscribe(`${base}*`, undefined, take));
  }

  /** A stream has ended: nobody answers for it any more. */
  ended(streamId: string): void {
    this.#streams.get(streamId)?.close();
    this.#streams.delete(streamId);
  }

  close(): void {
    this.#closed = true;
    for (const subscription of [...this.#levels, ...this.#streams.values()]) subscription.close();
    this.#streams.clear();
    this.#service.close();
  }

  #take(message: NatsMessage, level: EndpointLevel, verb: string): void {
    void this.#door.take(message, level, verb, {}).then(({ tookMs, problem }) => {
      this.#service.count(endpointName(level, verb), tookMs, problem);
    });
  }

  #subjectOf(level: EndpointLevel, verb: string): string {
    return level === 'all' ? this.#subjects.ofAll(verb) : this.#subjects.ofNode(this.#deps.nodeId, verb);
  }

  #endpoints(): ServiceEndpoint[] {
    return (['all', 'node'] as const).flatMap((level) =>
      Object.entries(OPERATIONS)
        .filter(([, { levels }]) => (levels as readonly Level[]).includes(level))
        .map(([verb, { mutates }]) => ({
          name: endpointName(level, verb),
          subject: this.#subjectOf(level, verb),
          queueGroup: escapeToken(this.#deps.nodeId),
          metadata: { schema: `urn:sluice:operation:${verb}`, mutates: String(mutates) },
        })),
    );
  }

  /** One of them is asked: a user that may not subscribe for one stream may not for any. */
  #isStreamRefused(): boolean {
    for (const subscription of this.#streams.values()) return subscription.isRefused;
    return false;
  }
}

/** `streams-list` for what every node answers, `node-info` for what is asked of one. */
function endpointName(level: EndpointLevel, verb: string): string {
  const name = verb.replaceAll('.', '-');
  return level === 'all' ? name : `node-${name}`;
}
