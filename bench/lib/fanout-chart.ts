import { writeFileSync } from 'node:fs';
import { drawChart } from './chart.js';
import type { Machine } from './report.js';
import { type LoadResult, medianOf } from './rounds.js';

/** Writes the chart of one case: CPU per GB and delay of each server that gave numbers. */
export function writeFanoutChart(
  file: string,
  caseName: string,
  machine: Machine,
  results: readonly LoadResult[],
): void {
  const rows = results
    .filter((r) => (r.case === caseName || r.case.startsWith(`${caseName}, `)) && r.rounds.length > 0)
    .map((r) => {
      const p50 = medianOf(r, (p) => p.delayP50Ms);
      const p99 = medianOf(r, (p) => p.delayP99Ms);
      const measured = Number.isFinite(p50) && Number.isFinite(p99);
      return {
        server:
          r.case === caseName
            ? r.peer
            : `${r.peer}, ${r.case.slice(caseName.length + 2).replace('maxDelayMs ', '≤ ')} ms`,
        cpuPerGB: r.cpuPerGB.median,
        cpuLow: r.cpuPerGB.min,
        cpuHigh: r.cpuPerGB.max,
        ...(measured ? { p50Ms: p50, p99Ms: p99 } : {}),
        ours: r.peer === 'sluice',
      };
    });
  const date = new Date().toISOString().slice(0, 10);
  const footnote = `${machine.cpu}, server on one core, Node ${machine.node}, commit ${machine.commit}, ${date}`;
  writeFileSync(file, drawChart(`${caseName}, one 720p stream`, rows, footnote));
}
