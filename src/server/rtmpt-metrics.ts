import type { Metric } from '../http/deps.js';
import type { HttpTunnel } from '../transport/tunnel/tunnel.js';
import { by, one } from './metric-samples.js';

/** What RTMPT counts. */
export type TunnelCounts = Pick<
  HttpTunnel,
  'sessions' | 'connections' | 'opened' | 'requests' | 'replays' | 'refusals'
>;

/** The metrics of RTMPT; none while it is off. */
export function tunnelMetrics(tunnel: TunnelCounts | undefined): Metric[] {
  if (tunnel === undefined) return [];
  const { sessions, connections, opened, requests, replays, refusals } = tunnel;
  return [
    one('sluice_rtmpt_sessions', sessions),
    one('sluice_rtmpt_http_connections', connections),
    one('sluice_rtmpt_sessions_opened_total', opened),
    one('sluice_rtmpt_requests_total', requests),
    one('sluice_rtmpt_replays_total', replays),
    by('sluice_rtmpt_refused_total', 'status', refusals),
  ];
}
