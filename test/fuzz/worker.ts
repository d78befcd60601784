// One target in a thread of its own: an input that never ends, or that takes all memory, ends only the thread.
import { parentPort, workerData } from 'node:worker_threads';
import { Corpus } from './corpus.js';
import { Coverage } from './coverage.js';
import type { Task, WorkerReport } from './main.js';
import { Search } from './search.js';
import { TARGETS } from './targets/index.js';

const { name, folder, seed, milliseconds, about } = workerData as Task;
const target = TARGETS.find((each) => each.name === name)!;
const count = new Int32Array(about, 0, 2);
const current = new Uint8Array(about, 8);
const corpus = new Corpus(folder, name);
const coverage = new Coverage(target.sources);
const search = new Search(target, corpus, coverage, {
  seed,
  about: (input) => {
    current.set(input.subarray(0, current.length));
    count[1] = Math.min(input.length, current.length);
    count[0]++;
  },
});
const until = performance.now() + milliseconds;
const finding = await search.run(() => performance.now() >= until);
if (finding === undefined) corpus.save();
const report: WorkerReport = {
  executions: search.executions,
  blocks: coverage.blocks,
  corpus: corpus.inputs.length,
  finding:
    finding === undefined
      ? undefined
      : { hex: Buffer.from(finding.input).toString('hex'), error: finding.error.stack ?? finding.error.message },
};
parentPort!.postMessage(report);
