import { Code, ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { reasonHeader } from "@mintmark/registry-client";
import { expect, it } from "vitest";
import { crashFailure, failureOf, isAttemptLost } from "./failure.ts";

const refused = (code: Code, reason: string) => new ConnectError("no", code, { [reasonHeader]: reason });

it("takes a mistake of the user as final, with its reason and message", () => {
  const failure = failureOf(new AppError("DATA_EMPTY", { source: "x.csv" }));
  expect(failure).toEqual({ reason: "DATA_EMPTY", message: "'x.csv' has no rows", retryable: false });
});

it("takes what is away for now as worth trying again", () => {
  const away = new AppError("DATA_SOURCE_UNREACHABLE", { source: "https://a/b.csv", cause: "reset" });
  expect(failureOf(away).retryable).toBe(true);
  for (const code of [Code.Unavailable, Code.DeadlineExceeded, Code.Internal, Code.Unknown, Code.Canceled])
    expect(failureOf(new ConnectError("broke", code))).toMatchObject({ reason: "REGISTRY_FAILED", retryable: true });
});

it("takes what the registry's rules refuse as final", () => {
  for (const code of [Code.InvalidArgument, Code.FailedPrecondition, Code.Aborted, Code.PermissionDenied])
    expect(failureOf(refused(code, "RUN_ENDED"))).toEqual({ reason: "RUN_ENDED", message: "no", retryable: false });
  expect(failureOf(new ConnectError("no", Code.Unauthenticated)).retryable).toBe(false);
});

it("tells nothing of what happened inside, and does not try it again", () => {
  const failure = failureOf(new TypeError("cannot read /secret/path"));
  expect(failure).toMatchObject({ reason: "INTERNAL", retryable: false });
  expect(failure.message).not.toContain("secret");
});

it("tells a child that was killed, and may do better elsewhere, from one that failed by itself", () => {
  expect(crashFailure({ code: null, signal: "SIGKILL" })).toMatchObject({
    reason: "TRAINING_PROCESS_KILLED",
    retryable: true,
  });
  expect(crashFailure({ code: 1, signal: null })).toMatchObject({ reason: "INTERNAL", retryable: false });
});

it("knows the one answer that says that another worker has the job", () => {
  expect(isAttemptLost(refused(Code.Aborted, "ATTEMPT_LOST"))).toBe(true);
  expect(isAttemptLost(new ConnectError("stream broke", Code.Aborted))).toBe(false);
  expect(isAttemptLost(refused(Code.FailedPrecondition, "RUN_ENDED"))).toBe(false);
});
