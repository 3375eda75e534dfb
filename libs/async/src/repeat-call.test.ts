import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { repeatCall } from "./repeat-call.ts";

class AwayError extends Error {}
const isWorthRepeating = (error: unknown) => error instanceof AwayError;

/** Fails with each of the errors in turn, then answers. */
function failing(...errors: Error[]) {
  let calls = 0;
  return {
    call: async () => {
      const error = errors[calls++];
      if (error !== undefined) throw error;
      return "done";
    },
    calls: () => calls,
  };
}

it("repeats what may succeed later", async () => {
  const { call, calls } = failing(new AwayError(), new AwayError());
  expect(await repeatCall(call, { isWorthRepeating, forMs: 5_000 })).toBe("done");
  expect(calls()).toBe(3);
});

it("does not repeat what cannot succeed", async () => {
  const { call, calls } = failing(new Error("never"));
  await expect(repeatCall(call, { isWorthRepeating, forMs: 5_000 })).rejects.toThrow("never");
  expect(calls()).toBe(1);
});

it("gives up with the last error when its patience ends", async () => {
  const errors = Array.from({ length: 100 }, (_, i) => new AwayError(`call ${i}`));
  const { call, calls } = failing(...errors);
  const begun = performance.now();
  const error = await repeatCall(call, { isWorthRepeating, forMs: 350 }).catch((thrown) => thrown);
  expect(error).toBe(errors[calls() - 1]);
  expect(calls()).toBeGreaterThan(1);
  // Less any pause that would have ended after it.
  expect(performance.now() - begun).toBeLessThan(1_000);
});

it("is as patient after long work as after short", async () => {
  let calls = 0;
  const call = async () => {
    if (calls++ > 0) return "done";
    await sleep(400);
    throw new AwayError();
  };
  expect(await repeatCall(call, { isWorthRepeating, forMs: 300 })).toBe("done");
});

it("ends with the signal's reason, also in a pause", async () => {
  const ending = new AbortController();
  const { call } = failing(...Array(1_000).fill(new AwayError()));
  setTimeout(() => ending.abort(new Error("cancelled")), 150);
  const repetition = { isWorthRepeating, forMs: 60_000, signal: ending.signal };
  await expect(repeatCall(call, repetition)).rejects.toThrow("abort");
  await expect(repeatCall(call, repetition)).rejects.toThrow("cancelled");
});
