import { Code, ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { expect, it } from "vitest";
import { repeated } from "./retry.ts";

const never = new AbortController().signal;

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
  const away = new ConnectError("connection refused", Code.Unavailable);
  const { call, calls } = failing(away, new ConnectError("reset", Code.Internal));
  expect(await repeated(call, { forMs: 5_000, signal: never })).toBe("done");
  expect(calls()).toBe(3);
});

it("does not repeat what cannot succeed", async () => {
  const { call, calls } = failing(new AppError("DATA_EMPTY", { source: "x.csv" }));
  await expect(repeated(call, { forMs: 5_000, signal: never })).rejects.toMatchObject({ reason: "DATA_EMPTY" });
  expect(calls()).toBe(1);
});

it("gives up with the last error when its patience ends", async () => {
  const away = new ConnectError("connection refused", Code.Unavailable);
  const { call, calls } = failing(...Array(100).fill(away));
  await expect(repeated(call, { forMs: 350, signal: never })).rejects.toBe(away);
  expect(calls()).toBe(3);
});

it("ends with the signal's reason, also in a pause", async () => {
  const ending = new AbortController();
  const { call } = failing(...Array(100).fill(new ConnectError("away", Code.Unavailable)));
  setTimeout(() => ending.abort(new Error("cancelled")), 150);
  await expect(repeated(call, { forMs: 60_000, signal: ending.signal })).rejects.toThrow("abort");
  await expect(repeated(call, { forMs: 60_000, signal: ending.signal })).rejects.toThrow("cancelled");
});
