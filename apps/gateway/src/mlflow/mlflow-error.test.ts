import { AppError } from "@mintmark/errors";
import { describe, expect, it } from "vitest";
import { mlflowErrorBody, mlflowFailure } from "./mlflow-error.ts";

describe("a failure in MLflow's form", () => {
  it.each([
    ["name of the run", "run_name"],
    ["user", "user_id"],
    ["page_size", "max_results"],
    ["duration", "execution_duration"],
    ["records_json[0].inputs", "records[0].inputs"],
    ["inputs.schema_json", "datasets.dataset.schema"],
    ["inputs.digest", "datasets.dataset.digest"],
    ["inputs.tags.key", "datasets.tags.key"],
    ["artifact_location", "artifact_location"],
    ["constructor", "constructor"],
  ])("calls the field %s %s", (field, name) => {
    const error = new AppError("REQUEST_INVALID", { field, problem: "is wrong" });
    expect(mlflowFailure(error)).toMatchObject({ code: "INVALID_PARAMETER_VALUE", message: `"${name}" is wrong` });
  });

  it("shows the page token that is none", () => {
    const { message } = mlflowFailure(new AppError("PAGE_TOKEN_INVALID", { token: "x" }));
    expect(message).toContain(`Invalid value "x" for parameter 'page_token' supplied`);
  });

  it("does not give back 2 MB that it was sent, but what is wrong with them", () => {
    const name = "é".repeat(2_000_000);
    const error = new AppError("NAME_INVALID", { what: "model", name, problem: "must have at most 255 bytes" });
    const known = new AppError("MODEL_NOT_FOUND", { model: name });
    for (const [failure, end] of [
      [error, "must have at most 255 bytes"],
      [known, "not found"],
    ] as const) {
      const body = mlflowErrorBody(mlflowFailure(failure));
      expect(body.length).toBeLessThan(5_000);
      expect(JSON.parse(body).message).toContain(end);
    }
    expect(error.message.length).toBeLessThan(5_000);
  });
});
