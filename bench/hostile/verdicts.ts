import { FAULT_LINES, PLAY_LINES, STREAM_LINES } from '../../src/live/address-log.js';
import { quantile } from '../lib/stats.js';
import { atMost, type Verdict } from '../lib/targets.js';
import type { Attack } from './attack.js';
import type { Sample } from './sample.js';

const MB = 2 ** 20;
/** Largest growth of the process beyond its account, in MB. */
const BEYOND_ACCOUNT_MB = 64;
/** With all attacks at once, the account may also be wrong by this share. */
const ACCOUNT_SHARE = 0.1;
const EVENTS_PER_SECOND = 50;
const LINES_PER_SECOND = 1;
const TURN_MS = 20;
/** When the longest turn of a calm server is longer than this, the machine is not quiet. */
const QUIET_TURN_MS = 10;
const DELAY_FACTOR = 1.5;
const DELAY_MORE_MS = 20;
/** Events and log lines are counted from here on. Before it, the bursts that budgets allow every client are used up. */
const BURST_SECONDS = 2;
/**
 * Log lines about faults and plays that one address may cause at once, before it is one a second. Attacks whose faults
 * are missed deadlines cause them late, after the first seconds, so as many are left out wherever they fall.
 */
const BURST_LINES = FAULT_LINES.burst + PLAY_LINES.burst;
/** Growth of RSS from the second round of all attacks to the last one. */
const FLAT_SHARE = 0.1;
const FLAT_MB = 16;

/** A period of time: calm, or under an attack. */
export interface Phase {
  /** Once a second; the first of an attack was taken right before it. */
  readonly samples: readonly Sample[];
  /** From the publisher's write to each good player's read. */
  readonly delaysMs: readonly number[];
  /** Good players that lost their connection. */
  readonly lost: number;
}

/** What a phase comes down to. */
export interface Figures {
  readonly seconds: number;
  readonly p99Ms: number;
  readonly lost: number;
  readonly rssGrowthMB: number;
  readonly accountGrowthMB: number;
  /** The most that RSS has grown by beyond the account, at any one time. */
  readonly beyondAccountMB: number;
  /** The same with the account taken for a tenth too little. */
  readonly beyondAccountShareMB: number;
  /** Counted after the first two seconds, as are log lines. */
  readonly eventsPerSecond: number;
  readonly linesPerSecond: number;
  readonly longestTurnMs: number;
}

/**
 * Sums a phase up. Growth is against its first sample.
 *
 * @param attack the attack of the phase; one that begins streams has a burst of log lines for them
 */
export function figures({ samples, delaysMs, lost }: Phase, attack?: Pick<Attack, 'beginsStreams'>): Figures {
  const burstLines = BURST_LINES + (attack?.beginsStreams === true ? STREAM_LINES.burst : 0);
  const first = samples[0];
  const last = samples[samples.length - 1];
  const seconds = Math.max(1, (last.atMs - first.atMs) / 1000);
  const settled = samples[Math.min(BURST_SECONDS, samples.length - 1)];
  const settledSeconds = Math.max(1, (last.atMs - settled.atMs) / 1000);
  // Memory that was dropped meanwhile stays with the process for a while, which is no growth.
  const grown = (s: Sample) => ({
    rss: s.rssBytes - first.rssBytes,
    account: Math.max(0, s.accountBytes - first.accountBytes),
  });
  const most = (pick: (s: Sample) => number): number => Math.max(...samples.map(pick));
  return {
    seconds,
    p99Ms: quantile(
      [...delaysMs].sort((a, b) => a - b),
      0.99,
    ),
    lost,
    rssGrowthMB: most((s) => grown(s).rss) / MB,
    accountGrowthMB: most((s) => grown(s).account) / MB,
    beyondAccountMB: most((s) => grown(s).rss - grown(s).account) / MB,
    beyondAccountShareMB: most((s) => grown(s).rss - (1 + ACCOUNT_SHARE) * grown(s).account) / MB,
    eventsPerSecond: (last.events - settled.events) / settledSeconds,
    linesPerSecond: Math.max(0, last.logLines - settled.logLines - burstLines) / settledSeconds,
    longestTurnMs: most((s) => s.longestTurnMs),
  };
}

/**
 * {@link figures} of a calm phase of 10 seconds or more. The last reading of its turns begins after the start of the
 * server is over.
 */
export function calmFigures(phase: Phase): Figures {
  return { ...figures(phase), longestTurnMs: phase.samples[phase.samples.length - 1].longestTurnMs };
}

/** The verdicts for one attack from one address, next to a good stream. */
export function judgeAttack(name: string, calm: Figures, attack: Figures): Verdict[] {
  const delayLimit = round(DELAY_FACTOR * calm.p99Ms + DELAY_MORE_MS);
  return [
    ...judgeCounts(name, attack),
    atMost(`${name}: p99 of the good players, calm ${round(calm.p99Ms)} ms,`, round(attack.p99Ms), delayLimit, 'ms'),
    judgeTurn(name, calm, attack),
  ];
}

/** The part that does not depend on how fast the machine is. */
export function judgeCounts(name: string, attack: Figures): Verdict[] {
  return [
    atMost(`${name}: good players lost`, attack.lost, 0, ''),
    atMost(`${name}: growth of RSS beyond the account`, attack.beyondAccountMB, BEYOND_ACCOUNT_MB, 'MB'),
    atMost(`${name}: events`, attack.eventsPerSecond, EVENTS_PER_SECOND, 'a second'),
    atMost(`${name}: log lines`, attack.linesPerSecond, LINES_PER_SECOND, 'a second'),
  ];
}

function judgeTurn(name: string, calm: Figures, attack: Figures): Verdict {
  const isQuiet = calm.longestTurnMs <= QUIET_TURN_MS;
  const limit = isQuiet ? TURN_MS : TURN_MS + Math.round(calm.longestTurnMs);
  const says = isQuiet ? '' : ` on a machine that is not quiet (calm ${round(calm.longestTurnMs)} ms)`;
  return atMost(`${name}: longest turn of the loop${says}`, round(attack.longestTurnMs), limit, 'ms');
}

/** All attacks at once: memory is accounted for, and no good player is lost. */
export function judgeTogether(attack: Figures): Verdict[] {
  return [
    atMost('all at once: good players lost', attack.lost, 0, ''),
    atMost('all at once: growth of RSS beyond 1.1 × the account', attack.beyondAccountShareMB, BEYOND_ACCOUNT_MB, 'MB'),
  ];
}

/**
 * Nothing grows with time: RSS beyond the account in the last round of all attacks, against the second one.
 *
 * @param rounds samples of each round of all attacks
 */
export function judgeFlat(rounds: readonly (readonly Sample[])[]): Verdict[] {
  if (rounds.length < 3) return [atMost('rounds of all attacks: too few to see growth', Number.NaN, 0, '')];
  const median = (samples: readonly Sample[]): number => {
    const sorted = samples.map((s) => s.rssBytes - s.accountBytes).sort((a, b) => a - b);
    return quantile(sorted, 0.5) / MB;
  };
  const [second, last] = [median(rounds[1]), median(rounds[rounds.length - 1])];
  const limit = round(second * (1 + FLAT_SHARE) + FLAT_MB);
  return [
    atMost(
      `RSS beyond the account, round ${rounds.length} against round 2 (${round(second)} MB)`,
      round(last),
      limit,
      'MB',
    ),
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
