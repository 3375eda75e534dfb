import { expect, it } from "vitest";
import { checkout, run } from "./process.ts";

it("npm run demo shows each step, ends well, and leaves nothing running", async () => {
  const answer = await run("npm", ["run", "--silent", "demo"], { cwd: checkout, timeoutMs: 110_000 });
  expect(answer.code, answer.stdout + answer.stderr).toBe(0);
  for (const step of ["train", "sign", "push", "register", "promote", "resolve", "predict", "verify", "tamper"])
    expect(answer.stdout.toLowerCase(), step).toContain(step);
}, 120_000);
