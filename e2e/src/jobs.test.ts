import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { checkout } from "./process.ts";
import { embeddedStack, type Stack, until } from "./stack.ts";

interface Job {
  readonly run: string;
  readonly status: string;
  readonly version?: string;
}

let stack: Stack;
let file: string;
beforeAll(async () => {
  stack = await embeddedStack();
  file = join(stack.dir, "slow.yaml");
  writeFileSync(
    file,
    `model: slow
data: { source: ${checkout}examples/digits.csv, target: digit }
algorithm: { name: gradient-boosting, params: { n_estimators: 4000, learning_rate: 0.003 }, seed: 1 }
`,
  );
});
afterAll(() => stack?.stop());

const show = (run: string) => stack.json<Job>("jobs", "show", run);
const untilStatus = (run: string, status: string) =>
  until(`${run} ${status}`, async () => (await show(run)).status === status, 60_000);

it("a running job and a waiting one are cancelled from another process, and a cancelled one can be tried again", async () => {
  const { run: first } = await stack.json<Job>("train", file, "--detach");
  await untilStatus(first, "running");
  const { run: second } = await stack.json<Job>("train", file, "--detach", "--set", "algorithm.params.n_estimators=5");
  expect((await show(second)).status).toBe("queued");

  const asked = performance.now();
  for (const run of [second, first]) expect((await stack.cli("jobs", "cancel", run)).code).toBe(0);
  await untilStatus(first, "cancelled");
  expect(performance.now() - asked).toBeLessThan(15_000);
  await untilStatus(second, "cancelled");
  expect(await stack.cli("jobs", "cancel", second)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("was cancelled already; nothing to cancel"),
  });
  expect((await stack.cli("models", "show", "slow")).code).toBe(1);

  expect((await stack.cli("jobs", "retry", second)).code).toBe(0);
  await untilStatus(second, "finished");
  expect(await stack.json<unknown[]>("versions", "list", "slow")).toHaveLength(1);
  expect((await stack.cli("jobs", "retry", second)).code).not.toBe(0);
}, 120_000);

it("the same idempotency key is the same job; another file under it is refused", async () => {
  const quick = [
    "--detach",
    "--idempotency-key",
    "once",
    "--set",
    "algorithm.params.n_estimators=3",
    "--set",
    "model=once",
  ];
  const [a, b] = await Promise.all([
    stack.json<Job>("train", file, ...quick),
    stack.json<Job>("train", file, ...quick),
  ]);
  expect(a.run).toBe(b.run);
  const other = await stack.cli("train", file, ...quick, "--set", "algorithm.seed=9", "--json");
  expect(other.code).toBe(1);
  expect(other.stdout).toContain("once");
  await untilStatus(a.run, "finished");
  expect(await stack.json<unknown[]>("versions", "list", "once")).toHaveLength(1);
});

it("a job that fails exits with 1 and says why, and nothing of it is registered", async () => {
  const text = `model: failing
data: { source: ${checkout}examples/digits.csv, target: digit, query: "select * from source where CAST('stop here' AS INTEGER) = 1" }
algorithm: { name: decision-tree, seed: 1 }
`;
  const path = join(stack.dir, "failing.yaml");
  writeFileSync(path, text);
  const { code, stdout } = await stack.cli("train", path, "--json");
  expect([1, 2]).toContain(code);
  expect(stdout).toContain("stop here");
  expect((await stack.cli("models", "show", "failing")).code).toBe(1);
});

it("progress comes as a stream through the gateway, until the job has ended", async () => {
  const { run } = await stack.json<Job>("train", file, "--detach", "--set", "algorithm.params.n_estimators=100");
  const { connectRegistry } = await import("@mintmark/registry-client");
  const client = connectRegistry({ baseUrl: stack.url, token: undefined, httpVersion: "1.1" });
  const steps: string[] = [];
  for await (const { job } of client.jobs.watchJob({ id: run })) steps.push(job!.progress?.step ?? "");
  client.close();
  expect(steps.length).toBeGreaterThan(3);
  expect(steps).toContain("fit");
  expect((await show(run)).status).toBe("finished");
});
