import { Code, ConnectError } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { failureHeaders } from "@mintmark/registry-client";
import { expect, it } from "vitest";
import { httpFailure } from "./http-error.ts";
import { mlflowFailure } from "./mlflow/mlflow-error.ts";

const answered = { "content-type": "application/json" };
const moved = new AppError("ALIAS_MOVED", { alias: "champion", expected: "2", actual: "3" });

it.each([
  ["a connection that broke", new ConnectError("read ECONNRESET", Code.Aborted), 503, "UNAVAILABLE"],
  ["a stream that was cut", new ConnectError("closed with error code CANCEL", Code.Canceled), 503, "UNAVAILABLE"],
  ["a conflict", new ConnectError(moved.message, Code.Aborted, failureHeaders(moved)), 409, "ALIAS_MOVED"],
  ["a crash of the registry's", new ConnectError("internal error", Code.Internal, answered), 500, "INTERNAL"],
  ["what no message holds", new ConnectError("message size 9", Code.ResourceExhausted), 400, "MESSAGE_TOO_LARGE"],
  [
    "what the registry takes none of",
    new ConnectError("9", Code.ResourceExhausted, answered),
    400,
    "MESSAGE_TOO_LARGE",
  ],
])("tells %s by its status and reason", (_, error, status, reason) => {
  expect(httpFailure(error)).toMatchObject({ status, reason });
});

it("tells MLflow's clients to repeat a lost call, and not one that is too large", () => {
  expect(mlflowFailure(new ConnectError("read ECONNRESET", Code.Aborted))).toMatchObject({
    status: 503,
    code: "TEMPORARILY_UNAVAILABLE",
  });
  expect(mlflowFailure(new ConnectError("message size 9", Code.ResourceExhausted))).toMatchObject({
    status: 400,
    code: "INVALID_PARAMETER_VALUE",
  });
});
