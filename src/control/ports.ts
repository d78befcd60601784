import type { Clock } from '../core/clock.js';
import type { Logger } from '../core/log.js';
import type { PlainValue } from '../core/plain.js';
import type { Problem } from '../core/problem.js';
import type { LiveControl } from '../live/live-control.js';
import type { Ban, BanKind } from '../model/ban.js';
import type { JobRun } from '../model/job.js';
import type { OutsideRelay, RelaySnapshot } from '../model/relay-snapshot.js';

// What control needs of the rest. A port refuses by rejecting with a `SluiceError`, whose code says the HTTP status and
// whose details become members of the problem; every other rejection is a defect.

/** Facts as JSON. */
export type Facts = Readonly<Record<string, PlainValue>>;

/** What a change of the settings has done. */
interface ConfigChange {
  /** Names the state that holds now. */
  readonly revision: string;
  /** Full keys that hold another value now. */
  readonly changed: readonly string[];
  /** Full keys whose new value holds after a restart. */
  readonly restart?: readonly string[];
}

/** How far a drain is. */
interface DrainProgress {
  /** ISO 8601. */
  readonly deadlineAt: string;
  readonly streams: number;
  readonly plays: number;
  readonly journalPending: number;
}

/** What can be done to this node. */
export interface NodeControl {
  /** What `/v1/node` shows: at least nodeId, bootId and version. */
  info(): Facts;
  /** Begins to drain. Resolves when that has begun. A second drain changes the deadline. */
  drain(options: {
    readonly deadlineMs: number;
    readonly reconnectTo?: string;
  }): Promise<{ readonly done: 'done' | 'already'; readonly progress: DrainProgress }>;
  /** @throws SluiceError ERR_CTL_CONFLICT when the deadline is over */
  undrain(): Promise<'done' | 'already'>;
  readonly config: {
    /** Secrets are masked. */
    get(): { readonly revision: string; readonly config: Facts };
    validate(patch: Facts): Promise<{
      readonly valid: boolean;
      readonly problems: readonly { readonly key: string; readonly message: string }[];
      readonly changed: readonly string[];
      readonly restart?: readonly string[];
    }>;
    /**
     * All or nothing.
     *
     * @throws SluiceError ERR_CTL_CONFLICT (details: revision) when `revision` is given and is not the one that holds;
     *   ERR_CTL_NEEDS_RESTART (details: keys); ERR_CONFIG_* for a value that is not accepted
     */
    set(patch: Facts, options: { readonly revision?: string; readonly reauthorise: boolean }): Promise<ConfigChange>;
    /** Reads the file again. */
    reload(options: { readonly reauthorise: boolean }): Promise<ConfigChange>;
  };
  readonly log: { level(level: string): 'done' | 'already' };
}

/** The bans. */
export interface BanControl {
  /** Those that hold, in the order of their keys; bounded by the bans there may be. */
  list(kind?: BanKind): readonly Ban[] | Promise<readonly Ban[]>;
  /**
   * Resolves when this node refuses what it names, and it is written where it can be.
   *
   * @returns the ban as it is kept: an address block in its usual form
   * @throws SluiceError ERR_CTL_BAD_REQUEST when the value cannot be one of its kind
   */
  add(ban: Ban): Promise<Ban>;
  /** @returns `already` when there was none */
  remove(kind: BanKind, value: string): Promise<'done' | 'already'>;
}

/** A question without consequences. */
interface AuthTestQuestion {
  readonly action: 'connect' | 'publish' | 'play';
  readonly app: string;
  readonly name: string;
  /** Without `?`. */
  readonly query: string;
  readonly address: string;
  readonly transport: string;
  readonly tcUrl?: string;
}

/** What admission would decide. */
interface AuthTestReport {
  readonly decision: 'allow' | 'deny' | 'redirect';
  readonly code?: string;
  readonly message?: string;
  /** In the order in which they are asked, those after the deciding one included. */
  readonly responders: readonly {
    readonly name: string;
    /** `allow`, `deny`, `redirect`, `next`, `unavailable`, `invalid`. */
    readonly decision: string;
    /** One sentence, free of secrets. */
    readonly why: string;
    readonly latencyMs: number;
  }[];
}

/** Asks every responder, without side effects. */
export interface AuthTest {
  test(question: AuthTestQuestion): Promise<AuthTestReport>;
}

/** What this node carries to other servers and from them: copies of streams of other nodes, pushes and pulls. */
interface RelayControl {
  /** In any order. */
  list(): readonly (RelaySnapshot | OutsideRelay)[];
}

/** The webhooks of this node. */
export interface WebhookControl {
  /** How each of them is; the members are those of the answer. */
  list(): readonly object[];
  /** @throws SluiceError ERR_CTL_WEBHOOK_UNKNOWN */
  test(name: string): Promise<{
    readonly kind: 'taken' | 'gone' | 'failed';
    readonly status?: number;
    /** In words without secrets. */
    readonly why: string;
    readonly latencyMs: number;
  }>;
  /**
   * @param sinceMs ms since the epoch
   * @returns how many events are looked at again
   * @throws SluiceError ERR_CTL_WEBHOOK_UNKNOWN; ERR_CTL_CONFLICT when the receiver has switched it off
   */
  replay(name: string, sinceMs: number): Promise<number>;
}

/** A mutation as the audit tells it: `node.command`. */
export interface AuditEntry {
  readonly verb: string;
  readonly actor: string;
  readonly requestId: string;
  /** What was named: a stream id, a selector, a ban … */
  readonly target: Facts;
  /** `done`, `already`, or the code of the refusal. */
  readonly result: string;
  readonly latencyMs: number;
}

/** Where mutations are told. */
export interface AuditSink {
  command(entry: AuditEntry): void;
}

/** When and why a stream has ended. */
export interface StreamEnd {
  /** ISO 8601. */
  readonly endedAt: string;
  readonly reason: string;
}

/** What the log of events still knows of a stream that has ended; undefined: nothing. */
export interface EndedStreams {
  endOf(streamId: string): Promise<StreamEnd | undefined>;
}

/** The records of jobs: which run holds which job. */
export interface JobRecords {
  /**
   * Whether a run holds a job now.
   *
   * @throws SluiceError ERR_CTL_BUS_DOWN when that cannot be read
   */
  isHeldBy(streamId: string, run: JobRun): Promise<boolean>;
}

/** Which jobs. Members that are missing select all. */
export interface JobSelector {
  readonly state?: 'open' | 'running' | 'failed' | 'done';
  readonly app?: string;
  readonly name?: string;
  readonly streamId?: string;
  readonly template?: string;
}

/**
 * Jobs as they are kept in NATS. Everything here rejects with ERR_CTL_BUS_DOWN when NATS is away, and with
 * ERR_JOB_STORE when the records cannot be read or written.
 */
export interface JobControl {
  list(
    selector: JobSelector,
    limit: number,
    cursor: string | undefined,
  ): Promise<{ readonly jobs: readonly Facts[]; readonly cursor?: string }>;
  /** @throws SluiceError ERR_JOB_UNKNOWN, as {@link stop} and {@link retry} */
  get(jobId: string): Promise<Facts>;
  stop(jobId: string): Promise<{ readonly done: 'done' | 'already'; readonly job: Facts }>;
  /** @throws SluiceError ERR_JOB_STATE when its stream has ended, or it is stopping */
  retry(jobId: string): Promise<{ readonly done: 'done' | 'already'; readonly job: Facts }>;
  templates(): Promise<readonly Facts[]>;
  runners(): Promise<readonly Facts[]>;
  /**
   * A piece of the log of an attempt, by default of the newest that ran: its end, or what follows a cursor.
   *
   * @throws SluiceError ERR_JOB_UNKNOWN; ERR_JOB_LOG_LOST when nobody has it, or its runner is away; ERR_CTL_BUSY
   */
  log(jobId: string, attempt: number | undefined, cursor: string | undefined): Promise<Facts>;
}

/** Who asks, and how long the answer is of use. */
export interface RequestContext {
  /** Of the caller; undefined: one is made, and the request is not idempotent. */
  readonly requestId?: string;
  /** For the audit: name of a token, `nats`, or what `Sluice-Actor` said. */
  readonly actor: string;
  /** Unix time in ms. */
  readonly deadlineMs?: number;
  /** Whether the request came over NATS: then it is not passed on to another node. */
  readonly isFromBus?: boolean;
  /** Whether every node has got the request. */
  readonly isForAll?: boolean;
}

/** The other nodes, over NATS. Every method rejects with ERR_CTL_BUS_DOWN when NATS is away. */
export interface Cluster extends EndedStreams {
  /**
   * Asks every node, this one included.
   *
   * @param body input of the operation without what the subject says
   * @param waitMs for all of it: to read which nodes there are, and for those that have not answered
   */
  gather(verb: string, body: Facts, context: RequestContext, waitMs: number): Promise<Gathered>;
  /**
   * Asks the node that has a stream.
   *
   * @returns undefined when it has ended, or all nodes answer and none of them has it
   * @throws SluiceError ERR_CTL_OWNER_UNREACHABLE when its end is not stored and a node does not answer, which may have
   *   it; ERR_CTL_TIMEOUT
   */
  askOwner(streamId: string, verb: string, body: Facts, context: RequestContext): Promise<Facts | undefined>;
}

/** The refusal of another node, to be handed on as it is: what {@link Cluster.askOwner} rejects with then. */
export class RefusedElsewhere extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** What the nodes answered. */
export interface Gathered {
  /** One of each node that answered: an answer, or a problem. */
  readonly answers: readonly Facts[];
  /** Node ids that `SLUICE_NODES` lists and that did not answer. */
  readonly missing: readonly string[];
  /**
   * For `nodes.list`: what the last heartbeats say of those that did not answer. Their `state` is `lost` where others
   * have taken them for that, else `silent`.
   */
  readonly silent?: readonly Facts[];
}

/** Everything that operations work with. */
export interface Ports {
  readonly nodeId: string;
  readonly live: LiveControl;
  readonly node: NodeControl;
  readonly bans: BanControl;
  readonly authTest: AuthTest;
  readonly relays: RelayControl;
  readonly webhooks: WebhookControl;
  readonly audit: AuditSink;
  readonly ended: EndedStreams;
  /** Undefined: there is no NATS in the settings. */
  readonly cluster: Cluster | undefined;
  /** Undefined: there is no NATS, and so no record; who asks for a ticket is trusted then. */
  readonly jobRecords: JobRecords | undefined;
  /** Undefined: there is no NATS in the settings. */
  readonly jobs: JobControl | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** A new ULID. */
  newId(): string;
}
