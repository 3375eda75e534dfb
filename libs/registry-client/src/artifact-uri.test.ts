import { expect, it } from "vitest";
import { pathOfArtifactUri } from "./artifact-uri.ts";

it.each([
  ["mlflow-artifacts:/7/r/artifacts", "7/r/artifacts"],
  ["MLFLOW-artifacts:///a//b%20c/", "a/b c"],
  ["mlflow-artifacts:/", ""],
  ["mlflow-artifacts://elsewhere/a", undefined],
  ["mlflow-artifacts:a", undefined],
  ["mlflow-artifacts:/7?/r/artifacts", undefined],
  ["mlflow-artifacts:/7#/r/artifacts", undefined],
  ["s3://bucket/a", undefined],
])("keeps the files of %s under %s", (uri, path) => {
  expect(pathOfArtifactUri(uri)).toBe(path);
});
