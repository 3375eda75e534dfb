/**
 * `npm test`: everything that has to hold. Runs the suite and ends with the line `N passed, N failed, N skipped`.
 * Arguments are passed on to vitest: `npm test -- libs/crypto`.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files; one that could not be loaded fails without having a test. */
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const scratch = mkdtempSync(join(tmpdir(), "mintmark-test-"));
const file = join(scratch, "report.json");
const run = spawnSync(
  "vitest",
  ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...process.argv.slice(2)],
  { stdio: "inherit", env: process.env },
);
const report = readReport();
rmSync(scratch, { recursive: true, force: true });

const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
).length;
const failedTests = report.numFailedTests + brokenFiles;
// Vitest can fail for what belongs to no test, such as an unhandled error.
const failed = failedTests === 0 && run.status !== 0 ? 1 : failedTests;
console.log(
  `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
);
process.exitCode = failed > 0 || report.numPassedTests === 0 ? 1 : 0;

function readReport(): Report {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  }
}
