import { allDelivered, cpuRatio, type LoadCase, type LoadResult, medianOf, resultOf } from './rounds.js';
import { atMost, type Verdict } from './targets.js';

/** CPU per GB against a peer, at 1,000 players and above. */
const AGAINST: readonly [string, number][] = [
  ['nginx-rtmp', 0.5],
  ['node-media-server', 0.35],
  ['raw-c', 1.3],
];
const LARGE_AUDIENCE = 1000;
const HUGE_AUDIENCE = 8000;
const HUGE_RESIDENT_MB = 400;
const SMALL_AUDIENCE = 50;
const DELAY_LARGE_MS = 110;
const DELAY_SMALL_MS = 10;
/** With one setting changed: the `fanout.maxDelayMs`, the peer, the ratio. 350 ms is what SRS merges as shipped. */
const SET_AGAINST: readonly [string, string, number][] = [
  ['0', 'nginx-rtmp', 1.1],
  ['350', 'srs', 0.8],
];
const GROWTH = 1.15;
const MANY_STREAMS = 1.3;

/** The claims about fan-out that the cases which ran can decide. */
export function fanoutTargets(cases: readonly LoadCase[], results: readonly LoadResult[]): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const { name, plan } of cases) {
    const own = resultOf(results, name, 'sluice');
    if (own === undefined) {
      if (plan.env === undefined) verdicts.push(atMost(`${name}: Sluice gave numbers`, Number.NaN, 1, ''));
      continue;
    }
    verdicts.push(atMost(`${name}: players lost or short of bytes, share of rounds`, allDelivered(own) ? 0 : 1, 0, ''));
    if (plan.env !== undefined) {
      verdicts.push(...withSetting(name, plan.players, own, results));
      continue;
    }
    if (plan.players >= LARGE_AUDIENCE) {
      for (const [peer, limit] of AGAINST) {
        const other = resultOf(results, name, peer);
        if (other !== undefined) {
          verdicts.push(atMost(`${name}: CPU per GB against ${peer}`, cpuRatio(own, other).median, limit));
        }
      }
    }
    if (plan.players >= HUGE_AUDIENCE) {
      verdicts.push(atMost(`${name}: RSS`, own.residentMB.max, HUGE_RESIDENT_MB, 'MB'));
    }
    verdicts.push(...delay(name, plan.players, own));
  }
  return [...verdicts, ...growth(cases, results)];
}

/** A case with another `fanout.maxDelayMs` against the peer it is meant for, as that ships. */
function withSetting(name: string, players: number, own: LoadResult, results: readonly LoadResult[]): Verdict[] {
  const [base, value] = name.split(', maxDelayMs ');
  if (players < LARGE_AUDIENCE) return [];
  return SET_AGAINST.flatMap(([setting, peer, limit]) => {
    const other = resultOf(results, base, peer);
    if (setting !== value || other === undefined) return [];
    return [atMost(`${name}: CPU per GB against ${peer}`, cpuRatio(own, other).median, limit)];
  });
}

function delay(name: string, players: number, own: LoadResult): Verdict[] {
  const p99 = medianOf(own, (p) => p.delayP99Ms);
  if (Number.isNaN(p99)) return [];
  if (players >= LARGE_AUDIENCE) return [atMost(`${name}: delay p99`, p99, DELAY_LARGE_MS, 'ms')];
  return players <= SMALL_AUDIENCE ? [atMost(`${name}: delay p99`, p99, DELAY_SMALL_MS, 'ms')] : [];
}

/** Cost grows straight: with players, and whether they watch one stream or many. */
function growth(cases: readonly LoadCase[], results: readonly LoadResult[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const plain = cases.filter((c) => c.plan.env === undefined);
  const small = plain.find((c) => c.plan.players === 500 && c.plan.publishers === 1);
  for (const c of plain) {
    const own = resultOf(results, c.name, 'sluice');
    if (own === undefined) continue;
    const base = small === undefined ? undefined : resultOf(results, small.name, 'sluice');
    if (c.plan.players >= HUGE_AUDIENCE && c.plan.publishers === 1 && base !== undefined) {
      verdicts.push(atMost(`CPU per GB at ${c.plan.players} against 500 players`, cpuRatio(own, base).median, GROWTH));
    }
    const single = plain.find((o) => o.plan.publishers === 1 && o.plan.players === c.plan.players);
    const one = single === undefined ? undefined : resultOf(results, single.name, 'sluice');
    if (c.plan.publishers > 1 && one !== undefined) {
      verdicts.push(atMost(`${c.name}: CPU per GB against one stream`, cpuRatio(own, one).median, MANY_STREAMS));
    }
  }
  return verdicts;
}
