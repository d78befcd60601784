// npm test: install, build, get the tools that the chosen projects need, run vitest.
// usage: node scripts/test.mjs <project…> [-- vitest arguments]
import { join } from 'node:path';
import { build } from './build.mjs';
import { root, run, say } from './lib.mjs';
import { ensureTools } from './tools.mjs';

const NEEDS_TOOLS = new Set(['integration', 'faults', 'interop', 'churn']);
const given = process.argv.slice(2);
const firstOption = given.findIndex((word) => word.startsWith('-') || word.includes('/'));
const projects = firstOption === -1 ? given : given.slice(0, firstOption);
const rest = (firstOption === -1 ? [] : given.slice(firstOption)).filter((word) => word !== '--');

await build();
let runnable = projects;
let complaint = '';
let leftOut = [];
let why = [];
if (projects.some((name) => NEEDS_TOOLS.has(name))) {
  ({ complaint, leftOut, why } = await ensureTools(projects));
  // Without the tools the other tests still say something; the run as a whole fails: a missing tool is never a silent
  // skip.
  if (complaint !== '') runnable = projects.filter((name) => !NEEDS_TOOLS.has(name));
}

let code = 0;
if (runnable.length > 0) {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const excluded = leftOut.flatMap((file) => ['--exclude', file]);
  const chosen = runnable.flatMap((name) => ['--project', name]);
  code = await run(process.execPath, [vitest, 'run', ...chosen, '--passWithNoTests', ...excluded, ...rest]);
}
for (const line of why) say(line);
if (complaint !== '') {
  say(complaint);
  code = code || 1;
}
process.exit(code);
