// Prints "passed failed skipped" of a vitest JSON report; one that is not there is one failure. Runs on any Node.
import { readFileSync } from 'node:fs';

let report;
try {
  report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
} catch {
  report = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0 };
}
const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
console.log(numPassedTests, numFailedTests, numPendingTests + numTodoTests);
