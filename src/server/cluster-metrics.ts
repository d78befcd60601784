import { CLAIM_BUCKETS_MS, CLAIM_OUTCOMES } from '../cluster/claim-counts.js';
import type { NameClaims } from '../cluster/name-claims.js';
import type { YieldCounts } from '../cluster/yield-service.js';
import type { Metric } from '../http/deps.js';
import type { LiveStreams } from '../live/live-streams.js';

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
  const outcomes = CLAIM_OUTCOMES.map((outcome) => ({ value: counts.by.get(outcome) ?? 0, labels: { outcome } }));
  const bounds = [...CLAIM_BUCKETS_MS.map((ms) => String(ms / 1000)), '+Inf'];
  const buckets = bounds.map((le, i) => ({ value: counts.buckets[i], labels: { le } }));
  const seconds = 'how long publishers waited for their name: a histogram';
  return [
    one('gauge', 'names', 'names that this node has', owned),
    one('gauge', 'registry_up', '1 while the registry of names answers', cluster.trouble === '' ? 1 : 0),
    {
      name: 'sluice_cluster_claims_total',
      help: 'claims of names by what became of them',
      type: 'counter',
      labels: ['outcome'],
      samples: outcomes,
    },
    {
      name: 'sluice_cluster_yields_total',
      help: 'requests of other nodes for streams of this one, and streams that it has taken back',
      type: 'counter',
      labels: ['outcome'],
      samples: YIELDS.map(([key, outcome]) => ({ value: cluster.yielded?.[key] ?? 0, labels: { outcome } })),
    },
    { name: 'sluice_cluster_claim_seconds_bucket', help: seconds, type: 'counter', labels: ['le'], samples: buckets },
    one('counter', 'claim_seconds_sum', seconds, counts.sumMs / 1000),
    one('counter', 'claim_seconds_count', seconds, counts.buckets.at(-1)!),
    ...servedMetrics(served),
  ];
}

/** Other nodes that fetch streams from this one. */
function servedMetrics({ nodes, relaysServed }: ServedNodes): Metric[] {
  const refusals = [...(nodes?.refusedBy ?? [])].map(([code, value]) => ({ value, labels: { code } }));
  return [
    one('gauge', 'relays_served', 'plays of other nodes that run, each of one stream of this node', relaysServed),
    one('counter', 'relays_admitted_total', 'connections of other nodes that were let in', nodes?.letIn ?? 0),
    {
      name: 'sluice_cluster_relays_refused_total',
      help: 'connections and plays of other nodes that were refused',
      type: 'counter',
      labels: ['code'],
      samples: refusals,
    },
  ];
}

const YIELDS = [
  ['moved', 'moved'],
  ['refused', 'refused'],
  ['takenBack', 'taken_back'],
  ['forged', 'forged'],
] as const satisfies readonly (readonly [keyof YieldCounts, string])[];

function one(type: 'gauge' | 'counter', name: string, help: string, value: number): Metric {
  return { name: `sluice_cluster_${name}`, help, type, samples: [{ value }] };
}
