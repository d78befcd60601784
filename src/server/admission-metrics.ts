import type { BanList } from '../admission/bans/ban-list.js';
import type { ChainStats } from '../admission/chain-stats.js';
import type { Metric } from '../http/deps.js';
import { by, each, one } from './metric-samples.js';

/** Who may: decisions, and why some could not be made. */
export function admissionMetrics(stats: ChainStats, bans: Pick<BanList, 'size'>): Metric[] {
  return [
    each('sluice_auth_decisions_total', stats.decisions.values(), ({ count: value, action, decision, responder }) => ({
      ...{ value, labels: { action, decision, responder } },
    })),
    each('sluice_auth_unavailable_total', stats.unavailable.values(), ({ count: value, responder, kind }) => ({
      ...{ value, labels: { responder, kind } },
    })),
    by('sluice_auth_invalid_replies_total', 'responder', stats.invalid),
    by('sluice_auth_late_replies_total', 'responder', stats.late),
    by('sluice_auth_second_replies_total', 'responder', stats.second),
    one('sluice_auth_unknown_members_total', stats.unknownMembers),
    one('sluice_auth_unauthenticated_total', stats.unauthenticated),
    by('sluice_auth_cache_hits_total', 'decision', Object.entries(stats.cacheHits)),
    one('sluice_auth_guessing_bans_total', stats.guessingBans),
    one('sluice_auth_pending', stats.pending),
    one('sluice_bans', bans.size),
  ];
}
