// Prints "passed failed" of vitest's JSON report, then a line for each test that did not pass. Tests that were left out
// count as failed: none may be.
import { readFileSync } from 'node:fs';

const { numPassedTests, numTotalTests, testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const brokenFiles = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
process.stdout.write(`${numPassedTests} ${numTotalTests - numPassedTests + brokenFiles.length}\n`);
for (const { name, message } of brokenFiles) process.stdout.write(`${name}: ${firstLine(message)}\n`);
for (const { name, assertionResults } of testResults) {
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (status !== 'passed')
      process.stdout.write(`${name} > ${fullName}: ${firstLine(failureMessages[0] ?? status)}\n`);
  }
}

function firstLine(text) {
  return text.split('\n', 1)[0];
}
