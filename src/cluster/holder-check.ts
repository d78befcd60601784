import type { Clock } from '../core/clock.js';
import { ExpiringMap } from '../core/expiring-map.js';
import { signalSubject } from '../events/subjects.js';
import type { PeerAddress, Peers } from '../live/peers.js';
import type { NatsRequests } from '../nats/requests.js';
import type { OwnerValue } from './owner-value.js';

/** How long an answer of a holder is waited for, over NATS and on its port, in ms. */
export const PROBE_MS = 1000;
/** Time between two looks at a holder that does not answer, in ms. */
const PAUSE_MS = 250;
/** Holders of which it is remembered since when they are silent. */
const MOST_SILENT = 1000;

/** The process that holds a name. */
type Holder = Pick<OwnerValue, 'nodeId' | 'bootId'>;

/** `gone`: the name may be claimed over it. `unknown`: that cannot be found out now. */
export type HolderState = 'gone' | 'alive' | 'unknown';

/** What the check is made with. */
interface HolderCheckDeps {
  readonly nodeId: string;
  /** ULID of this process. */
  readonly bootId: string;
  /** First tokens of subjects. */
  readonly prefix: string;
  /** How long a holder must answer in no way, in ms. */
  readonly suspectMs: number;
  readonly clock: Clock;
  readonly requests: Pick<NatsRequests, 'request'>;
  readonly peers: Peers;
  /** Whether a process is lost by its heartbeats. */
  readonly isLost: (nodeId: string, bootId: string) => Promise<boolean>;
  /** Whether anything answers at an address within a time in ms. Does not reject. */
  readonly answers: (address: PeerAddress, timeoutMs: number) => Promise<boolean>;
  /** Waits for so many ms. */
  readonly pause: (ms: number) => Promise<void>;
}

interface Silence {
  readonly sinceMs: number;
  lastMs: number;
}

/**
 * Finds out whether the process that holds a name is gone. It is when it was an earlier process of this installation,
 * when its heartbeats say so, or when it has answered neither over NATS nor on its port for a while. One check of a
 * process is under way at a time, whatever number of names it holds.
 */
export class HolderCheck {
  readonly #deps: HolderCheckDeps;
  readonly #open = new Map<string, Promise<HolderState>>();
  readonly #silent = new ExpiringMap<Silence>(MOST_SILENT);

  constructor(deps: HolderCheckDeps) {
    this.#deps = deps;
  }

  /** Judges a holder; it takes up to `suspectMs`, and a probe. Never rejects. */
  judge(holder: Holder): Promise<HolderState> {
    const { nodeId, bootId } = this.#deps;
    // Ids of processes sort by the time of their start.
    if (holder.nodeId === nodeId && holder.bootId < bootId) return this.#earlier(holder);
    const key = `${holder.nodeId} ${holder.bootId}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const judged = this.#judge(key, holder).finally(() => this.#open.delete(key));
    this.#open.set(key, judged);
    return judged;
  }

  /**
   * An earlier process of this installation is gone, for this one is here. Not when something answers at an address
   * that is not this one's: then two installations have one id, and the name is that of the other.
   */
  async #earlier({ nodeId, bootId }: Holder): Promise<HolderState> {
    const { peers, answers } = this.#deps;
    const [its, own] = await Promise.all([
      peers.addressOf(nodeId, bootId),
      peers.addressOf(this.#deps.nodeId, this.#deps.bootId),
    ]);
    if (typeof its === 'string' || typeof own === 'string') return 'gone';
    if (its.host === own.host && its.port === own.port) return 'gone';
    return (await answers(its, PROBE_MS)) ? 'alive' : 'gone';
  }

  async #judge(key: string, holder: Holder): Promise<HolderState> {
    const { clock, suspectMs, isLost, pause } = this.#deps;
    for (;;) {
      if (await isLost(holder.nodeId, holder.bootId)) return 'gone';
      const askedMs = clock.monotonicMs();
      const probed = await this.#probe(holder);
      if (probed === 'replaced') return 'gone';
      if (probed !== 'gone') {
        this.#silent.delete(key);
        return probed;
      }
      const nowMs = clock.monotonicMs();
      const silence = this.#silent.get(key, nowMs) ?? { sinceMs: askedMs, lastMs: nowMs };
      silence.lastMs = nowMs;
      // What was silent long enough is believed to be so still, when the next one asks soon.
      this.#silent.set(key, silence, nowMs + suspectMs);
      if (nowMs - silence.sinceMs >= suspectMs) return 'gone';
      await pause(Math.min(PAUSE_MS, suspectMs));
    }
  }

  /**
   * Asks once, in both ways.
   *
   * @returns `gone` when neither brings an answer; `replaced`: another process of its node has its port
   */
  async #probe(holder: Holder): Promise<HolderState | 'replaced'> {
    const [control, port] = await Promise.all([this.#control(holder), this.#port(holder)]);
    if (control === 'replaced') return 'replaced';
    if (control === 'alive' || port === 'alive') return 'alive';
    return control === 'gone' && port === 'gone' ? 'gone' : 'unknown';
  }

  async #control(holder: Holder): Promise<HolderState | 'replaced'> {
    const { nodeId } = holder;
    const subject = signalSubject(this.#deps.prefix, ['ctl', 'n', nodeId, 'info']);
    const asked = await this.#deps.requests.request(subject, Buffer.from('{}'), PROBE_MS);
    if (asked.kind === 'reply') return this.#answered(holder, bootOf(asked.reply.body));
    // A server keeps the subscriptions of a process that stands still for minutes, so silence counts like none.
    return asked.kind === 'no_responders' || asked.kind === 'timeout' ? 'gone' : 'unknown';
  }

  /**
   * Its node has answered. When that was another process, the one that is asked about says nothing by it; and when the
   * other one has its port, it is gone: a node whose data folder went with it knows no earlier process of its own.
   */
  async #answered({ nodeId, bootId }: Holder, boot: string | undefined): Promise<HolderState | 'replaced'> {
    if (boot === undefined || boot === bootId) return 'alive';
    const { peers } = this.#deps;
    const [its, other] = await Promise.all([peers.addressOf(nodeId, bootId), peers.addressOf(nodeId, boot)]);
    if (typeof its === 'string' || typeof other === 'string') return 'gone';
    return its.host === other.host && its.port === other.port ? 'replaced' : 'gone';
  }

  async #port({ nodeId, bootId }: Holder): Promise<HolderState> {
    const address = await this.#deps.peers.addressOf(nodeId, bootId);
    if (address === 'gone' || address === 'unknown') return address;
    return (await this.#deps.answers(address, PROBE_MS)) ? 'alive' : 'gone';
  }
}

/** The process that gives an answer. */
function bootOf(body: Uint8Array): string | undefined {
  try {
    const { bootId } = JSON.parse(Buffer.from(body).toString('utf8')) as { readonly bootId?: unknown };
    return typeof bootId === 'string' ? bootId : undefined;
  } catch {
    return undefined;
  }
}
