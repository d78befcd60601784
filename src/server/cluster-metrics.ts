import { CLAIM_OUTCOMES } from '../cluster/claim-counts.js';
import type { NameClaims } from '../cluster/name-claims.js';
import type { YieldCounts } from '../cluster/yield-service.js';
import type { Metric } from '../http/deps.js';
import type { LiveStreams } from '../live/live-streams.js';
import { by, histogram, one, state } from './metric-samples.js';

/** What is counted of a cluster. */
interface ClusterFigures {
  readonly claims: Pick<NameClaims, 'counts' | 'owned'>;
  readonly yielded: Readonly<YieldCounts> | undefined;
  readonly trouble: string;
}

/** What is counted of other nodes that fetch streams from this one. */
type ServedNodes = Pick<LiveStreams, 'nodes' | 'relaysServed'>;

/** The metrics of a cluster; none in no cluster. */
export function clusterMetrics(cluster: ClusterFigures | undefined, served: ServedNodes): Metric[] {
  if (cluster === undefined) return [];
  const { counts, owned } = cluster.claims;
  const outcomes = CLAIM_OUTCOMES.map((outcome) => [outcome, counts.by.get(outcome) ?? 0] as const);
  const yields = YIELDS.map(([key, outcome]) => [outcome, cluster.yielded?.[key] ?? 0] as const);
  return [
    one('sluice_cluster_names', owned),
    state('sluice_cluster_registry_up', cluster.trouble === ''),
    by('sluice_cluster_claims_total', 'outcome', outcomes),
    by('sluice_cluster_yields_total', 'outcome', yields),
    histogram('sluice_cluster_claim_seconds', counts.sumMs / 1000, counts.buckets),
    one('sluice_cluster_relays_served', served.relaysServed),
    one('sluice_cluster_relays_admitted_total', served.nodes?.letIn ?? 0),
    by('sluice_cluster_relays_refused_total', 'code', served.nodes?.refusedBy ?? []),
  ];
}

const YIELDS = [
  ['moved', 'moved'],
  ['refused', 'refused'],
  ['takenBack', 'taken_back'],
  ['forged', 'forged'],
] as const satisfies readonly (readonly [keyof YieldCounts, string])[];
