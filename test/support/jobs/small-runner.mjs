// A runner with one run, in a process that a test can kill: small-runner.mjs <folder of the build> <order as JSON>.
// It prints the pid of the run as a line, then waits for its end and prints that.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [build, json] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(join(build, 'src', 'jobs', 'run', name)).href);
const [{ startExec }, { JobLog }, { RunTicker }, { PidFiles }] = await Promise.all(
  ['exec-run.js', 'job-log.js', 'run-ticker.js', 'pid-files.js'].map(load),
);
const { order, logFolder, pidFolder, toolPath } = JSON.parse(json);
const run = startExec(order, new JobLog(logFolder, []), { ticker: new RunTicker(), toolPath, workFolder: logFolder });
if (pidFolder !== undefined && run.pid !== undefined) {
  await new PidFiles(pidFolder).add({
    pid: run.pid,
    runId: order.runId,
    jobId: 'stream/template',
    attempt: 1,
    token: 7,
  });
}
console.log(`run ${run.pid}`);
console.log(JSON.stringify(await run.done));
