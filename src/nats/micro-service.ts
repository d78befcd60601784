import type { Problem } from '../core/problem.js';
import type { NatsMessage, NatsRequests, NatsSubscription } from './requests.js';

// The discovery protocol of NATS services (ADR-32), over plain subscriptions. The service of the client library makes
// each endpoint a member of a queue group, so that of ten nodes only one would answer what is asked of all, and its
// endpoints end with the connection.

/** What a service says of itself. */
interface ServiceFacts {
  readonly name: string;
  /** Unique for each process. */
  readonly id: string;
  /** Semantic version. */
  readonly version: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An endpoint as INFO lists it. */
export interface ServiceEndpoint {
  /** Letters, digits, `-` and `_`. */
  readonly name: string;
  readonly subject: string;
  readonly queueGroup: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Headers of a refusal: the status as a number, and what the code says, as ADR-32 wants. */
export function refusalHeaders({ status, title }: Problem): Readonly<Record<string, string>> {
  return { 'Nats-Service-Error-Code': String(status), 'Nats-Service-Error': title };
}

/** Counts of one endpoint. */
interface EndpointStats {
  requests: number;
  errors: number;
  lastError: string;
  /** In ns. */
  processingNs: number;
}

const VERBS = ['PING', 'INFO', 'STATS'] as const;

/** Answers `$SRV.PING`, `$SRV.INFO` and `$SRV.STATS`, which `nats micro` asks, for one service. */
export class MicroService {
  readonly #facts: ServiceFacts;
  readonly #endpoints: readonly ServiceEndpoint[];
  readonly #stats = new Map<string, EndpointStats>();
  readonly #started: string;
  readonly #subscriptions: readonly NatsSubscription[];

  /** @param wallMs the time of its start, milliseconds since the epoch */
  constructor(facts: ServiceFacts, endpoints: readonly ServiceEndpoint[], requests: NatsRequests, wallMs: number) {
    this.#facts = facts;
    this.#endpoints = endpoints;
    this.#started = new Date(wallMs).toISOString();
    for (const { name } of endpoints) this.#stats.set(name, { requests: 0, errors: 0, lastError: '', processingNs: 0 });
    const answer = (verb: (typeof VERBS)[number]) => (message: NatsMessage) => {
      message.reply(Buffer.from(JSON.stringify(this.#describe(verb))));
    };
    this.#subscriptions = VERBS.flatMap((verb) =>
      [`$SRV.${verb}`, `$SRV.${verb}.${facts.name}`, `$SRV.${verb}.${facts.name}.${facts.id}`].map((subject) =>
        requests.subscribe(subject, undefined, answer(verb)),
      ),
    );
  }

  /** Whether the server does not let this user subscribe to the subjects of discovery. */
  get isRefused(): boolean {
    return this.#subscriptions.some((subscription) => subscription.isRefused);
  }

  /**
   * Counts a request to an endpoint.
   *
   * @param problem the refusal; undefined: it was carried out
   */
  count(endpoint: string, tookMs: number, problem: Problem | undefined): void {
    const stats = this.#stats.get(endpoint);
    if (stats === undefined) return;
    stats.requests += 1;
    stats.processingNs += Math.round(tookMs * 1e6);
    if (problem === undefined) return;
    stats.errors += 1;
    stats.lastError = `${problem.status}:${problem.code}: ${problem.detail}`;
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.close();
  }

  #describe(verb: (typeof VERBS)[number]): object {
    const { name, id, version, metadata, description } = this.#facts;
    const common = { type: `io.nats.micro.v1.${verb.toLowerCase()}_response`, name, id, version, metadata };
    if (verb === 'PING') return common;
    if (verb === 'INFO') {
      const endpoints = this.#endpoints.map((each) => ({
        ...{ name: each.name, subject: each.subject, queue_group: each.queueGroup, metadata: each.metadata },
      }));
      return { ...common, description, endpoints };
    }
    const endpoints = this.#endpoints.map(({ name, subject, queueGroup }) => {
      const { requests, errors, lastError, processingNs } = this.#stats.get(name)!;
      return {
        ...{ name, subject, queue_group: queueGroup },
        ...{ num_requests: requests, num_errors: errors, last_error: lastError },
        ...{
          processing_time: processingNs,
          average_processing_time: requests === 0 ? 0 : Math.round(processingNs / requests),
        },
      };
    });
    return { ...common, started: this.#started, endpoints };
  }
}
