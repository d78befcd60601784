import { type ErrorEntry, failure } from './error-entry.js';

/** Codes of clusters: several nodes on one NATS. */
export const CLUSTER_ERRORS = {
  ERR_CLUSTER_SECRET: failure(
    'usage',
    'operator',
    'cluster.enabled needs nats.url, and a cluster.secret of at least 16 bytes that all nodes have',
    'set both, the secret by SLUICE_CLUSTER_SECRET or in the file, or turn cluster.enabled off',
  ),
} as const satisfies Record<string, ErrorEntry>;
