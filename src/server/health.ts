import type { Config } from '../config/table.js';
import type { EventsStats } from '../events/event-layer.js';
import type { Health } from '../http/deps.js';

/** The facts from which health is judged. */
export interface HealthSources {
  /** Why nothing new is accepted; undefined: it is. */
  readonly closedFor: string | undefined;
  /** `undefined` until the event layer is open. */
  readonly events: EventsStats | undefined;
  /** What of admission does not work. */
  readonly admission: readonly string[];
  /** Why control over NATS does not work in full; empty when it does, and without NATS. */
  readonly controlTrouble: string;
  /** Why nothing can be recorded, as the last attempt found; empty when it can. */
  readonly recordingTrouble: string;
  /** Why no connection can be accepted for lack of file descriptors; `undefined` while there are some. */
  readonly descriptorShortage: string | undefined;
  /** What becomes of new publishes while NATS is away. */
  readonly config: Pick<Config, 'cluster' | 'events'>;
  /** Why the registry of names could not be used; empty when it could, undefined in no cluster. */
  readonly registryTrouble: string | undefined;
  /** Without it the node is in no cluster. */
  readonly isolation?: { readonly is: boolean; readonly stops: boolean } | undefined;
}

/**
 * Judges whether this node takes work. It is not ready while starts are refused or could not be kept. It is degraded
 * while streams work and something else does not: events that wait, a sign of life that cannot be written.
 */
export function healthOf(sources: HealthSources): Health {
  const { closedFor, events, admission, controlTrouble, recordingTrouble, descriptorShortage } = sources;
  const refuses = refusesFor(sources);
  const reasons: string[] = [];
  const degraded: string[] = [...admission];
  if (closedFor !== undefined) reasons.push(closedFor);
  if (descriptorShortage !== undefined) reasons.push(descriptorShortage);
  if (events === undefined) reasons.push('the server is starting');
  else {
    if (events.journalState !== 'ok') {
      reasons.push(`the event journal is ${events.journalState}: ${events.journalDetail}; new streams are refused`);
    }
    if (events.busState !== 'off' && events.busState !== 'ready') {
      const detail = events.busDetail === '' ? '' : `: ${events.busDetail}`;
      const bus = `NATS is ${events.busState}${detail}`;
      if (refuses === undefined) degraded.push(`${bus}; ${events.pending} events wait in the journal`);
      else reasons.push(`${bus}; new streams are refused (${refuses})`);
    }
    if (events.lifeDetail !== '') {
      degraded.push(
        `the sign of life cannot be written: ${events.lifeDetail}; after a crash streams would end too early`,
      );
    }
  }
  const { registryTrouble = '' } = sources;
  if (registryTrouble !== '' && events?.busState === 'ready') degraded.push(registryTrouble);
  if (sources.isolation?.is === true) {
    const isolated = 'no contact to the cluster for most of the lease: other nodes may take names over';
    if (sources.isolation.stops) reasons.push(`${isolated}; streams are ended (cluster.onIsolated)`);
    else degraded.push(`${isolated}; streams go on (cluster.onIsolated)`);
  }
  if (recordingTrouble !== '') degraded.push(`streams are not recorded: ${recordingTrouble}`);
  if (controlTrouble !== '') degraded.push(`control over NATS is off: ${controlTrouble}`);
  return { ready: reasons.length === 0, reasons, degraded };
}

/** The setting for which new streams are refused while NATS is away; undefined: they are accepted. */
function refusesFor({ config: { cluster, events }, events: stats }: HealthSources): string | undefined {
  if (cluster.enabled) {
    // The registry of names takes claims while the stream of events is full.
    const isAway = stats?.busState !== 'stream_full';
    return isAway && cluster.onRegistryDown === 'refuse' ? 'cluster.onRegistryDown' : undefined;
  }
  return events.onBusDown === 'accept' ? undefined : 'events.onBusDown';
}
