// Reads a vitest JSON report: prints "passed failed skipped", and with --failures each failed test with the first lines
// of its error, for the end of a log whose middle may be cut. A report that is not there is one failure. Runs on any Node.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

const FAILURE_LINES = 12;
const [file, option] = process.argv.slice(2);
const report = readReport(file);
if (option === '--failures') printFailures(report);
else printCounts(report);

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const suite = { name: path, status: 'failed', message: `no report: ${error.message}`, assertionResults: [] };
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: [suite] };
  }
}

function printCounts({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }) {
  console.log(numPassedTests, numFailedTests, numPendingTests + numTodoTests);
}

function printFailures({ testResults }) {
  for (const suite of testResults.filter(({ status }) => status === 'failed')) {
    const failed = suite.assertionResults.filter(({ status }) => status === 'failed');
    for (const { fullName, failureMessages } of failed)
      printFailure(`${nameOf(suite)} > ${fullName}`, failureMessages.join('\n'));
    // The file itself could not be loaded, or a hook of it failed.
    if (failed.length === 0) printFailure(nameOf(suite), suite.message);
  }
}

function nameOf({ name }) {
  return relative(process.cwd(), name);
}

function printFailure(name, message) {
  console.log(`✗ ${name}`);
  for (const line of message.split('\n').slice(0, FAILURE_LINES)) console.log(`    ${line}`);
}
