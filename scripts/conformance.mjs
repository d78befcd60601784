// npm run conformance [-- --check] REPORT...: reads vitest's JSON reports and writes docs/conformance.md: what is
// conformed to, with which client of which version, and the result. With `--check` nothing is written, and a proof
// whose tests did not pass is a failure.
import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { clientNamed } from './conformance/clients.mjs';
import { proofs, SECTIONS } from './conformance/rows.mjs';
import { root, say } from './lib.mjs';

/** The tests of all reports: file from the root, full name, and whether it passed. */
function testsIn(reports) {
  return reports.flatMap((path) =>
    JSON.parse(readFileSync(path, 'utf8')).testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ fullName, status }) => ({
        file: relative(root, name),
        fullName,
        passed: status === 'passed',
      })),
    ),
  );
}

/**
 * What the tests say of one proof: 'passed', 'failed', or 'not run'. A file of the interop suite that was left out,
 * because the machine does not have its programs, was not run; any other proof without a test has failed.
 */
export function resultOf({ file, test }, tests) {
  const ofFile = tests.filter((each) => each.file === file);
  if (ofFile.length === 0 && file.startsWith('test/interop/')) return 'not run';
  const found = ofFile.filter(({ fullName }) => fullName.includes(test));
  if (found.length === 0) return 'failed';
  return found.every(({ passed }) => passed) ? 'passed' : 'failed';
}

/** docs/conformance.md; `results` gives the result of a proof, `version` that of a client. */
export function renderConformance(result, version) {
  const lines = [
    '# Conformance',
    '',
    '<!-- Made by `npm run conformance` from scripts/conformance/ and the results of the tests. -->',
    '',
    'What works with which client, as the tests have seen it. *Bytes*: no program was needed; the test sends the bytes themselves, often as',
    'a client was seen to send them. The last column names the file of the tests; CI fails when one of them does not pass.',
  ];
  for (const { title, rows } of SECTIONS) {
    lines.push('', `## ${title}`, '', '| what | client | result | tests |', '|---|---|---|---|');
    for (const [what, ...of] of rows) {
      for (const [i, proof] of of.entries()) {
        const said = i === 0 ? what : '';
        if (proof.none !== undefined) lines.push(`| ${said} | none | no client exists in the field: ${proof.none} | |`);
        else
          lines.push(
            `| ${said} | ${[proof.client, version(proof.client)].filter(Boolean).join(' ')} | ${result(proof)} | \`${proof.file}\` |`,
          );
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const args = process.argv.slice(2);
  const tests = testsIn(args.filter((arg) => !arg.startsWith('--')));
  const missing = proofs().filter((proof) => resultOf(proof, tests) !== 'passed');
  for (const proof of missing) say(`${proof.file} > ${proof.test} (${proof.client}): ${resultOf(proof, tests)}`);
  if (args.includes('--check')) process.exitCode = missing.some((proof) => resultOf(proof, tests) === 'failed') ? 1 : 0;
  else
    writeFileSync(
      join(root, 'docs/conformance.md'),
      renderConformance(
        (proof) => resultOf(proof, tests),
        (client) => clientNamed(client)?.version() ?? '',
      ),
    );
}
