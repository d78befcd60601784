import type { Peer } from '../peers/peer.js';
import { type LoadPlan, type LoadPoint, measureLoad } from './load-point.js';
import { pairedRatios, type Summary, summarise } from './stats.js';

/** A load under a name, for one or all servers. */
export interface LoadCase {
  readonly name: string;
  readonly plan: LoadPlan;
  /** Only these peers run it; all when absent. */
  readonly only?: readonly string[];
}

/** All rounds of one server under one load. */
export interface LoadResult {
  readonly case: string;
  readonly peer: string;
  readonly rounds: readonly LoadPoint[];
  /** What went wrong in a round that has no numbers. */
  readonly failures: readonly string[];
  readonly cpuPerGB: Summary;
  readonly serverCores: Summary;
  readonly residentMB: Summary;
}

/**
 * Runs every case on every peer, `rounds` times, interleaved: each round visits all of them, so that a slow minute of
 * the machine hits all alike. Prints a line per point to standard error.
 */
export async function runRounds(
  cases: readonly LoadCase[],
  peers: readonly Peer[],
  rounds: number,
): Promise<LoadResult[]> {
  const cells = cases.flatMap((c) =>
    peers
      .filter((p) => c.only === undefined || c.only.includes(p.name))
      .map((peer) => ({ case: c, peer, points: [] as (LoadPoint | undefined)[], failures: [] as string[] })),
  );
  for (let round = 0; round < rounds; round++) {
    for (const cell of cells) {
      const label = `round ${round + 1}/${rounds}  ${cell.case.name}  ${cell.peer.name}`;
      try {
        const point = await measureLoad(cell.peer, cell.case.plan);
        cell.points.push(point);
        process.stderr.write(`${label}  ${describe(point)}\n`);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        cell.points.push(undefined);
        cell.failures.push(why);
        process.stderr.write(`${label}  failed: ${why}\n`);
      }
    }
  }
  return cells.map(({ case: c, peer, points, failures }) => {
    const good = points.filter((p) => p !== undefined);
    return {
      case: c.name,
      peer: peer.name,
      rounds: good,
      failures,
      cpuPerGB: summarise(good.map((p) => p.cpuPerGB)),
      serverCores: summarise(good.map((p) => p.serverCores)),
      residentMB: summarise(good.map((p) => p.residentMB)),
    };
  });
}

/** Result of one cell; undefined when it did not run or no round gave numbers. */
export function resultOf(results: readonly LoadResult[], caseName: string, peer: string): LoadResult | undefined {
  return results.find((r) => r.case === caseName && r.peer === peer && r.rounds.length > 0);
}

/** CPU per GB of one cell divided by another's, round by round. */
export function cpuRatio(a: LoadResult, b: LoadResult): Summary {
  return pairedRatios(
    a.rounds.map((p) => p.cpuPerGB),
    b.rounds.map((p) => p.cpuPerGB),
  );
}

/** Whether every player of every round got all bytes and none was dropped. */
export function allDelivered(result: LoadResult): boolean {
  return result.failures.length === 0 && result.rounds.every((p) => p.delivered);
}

/** Median of an optional number over the rounds. */
export function medianOf(result: LoadResult, pick: (p: LoadPoint) => number | undefined): number {
  return summarise(result.rounds.map(pick).filter((v) => v !== undefined)).median;
}

function describe(p: LoadPoint): string {
  const delay = p.delayP99Ms === undefined ? '' : `, delay ${p.delayP50Ms?.toFixed(0)}/${p.delayP99Ms.toFixed(0)} ms`;
  return (
    `${p.cpuPerGB.toFixed(3)} CPU-s/GB, server ${(p.serverCores * 100).toFixed(0)} %, generator ${(p.generatorCores * 100).toFixed(0)} %, ` +
    `${p.megabytesPerSecond.toFixed(0)} MB/s, ${p.residentMB.toFixed(0)} MB, lost ${p.lost}, stalled ${p.stalled}, evenness ${p.evenness.toFixed(3)}${delay}`
  );
}
