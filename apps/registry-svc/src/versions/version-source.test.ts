import { AppError } from "@mintmark/errors";
import { describe, expect, it } from "vitest";
import { parseVersionSource } from "./version-source.ts";

const id = `m-${"0".repeat(32)}`;

describe("the source of a version", () => {
  it.each([
    [`models:/${id}`, { kind: "logged-model", id }],
    ["models:/titanic/3", { kind: "version", uri: "models:/titanic/3", name: "titanic" }],
    ["models:/titanic@champion", { kind: "version", uri: "models:/titanic@champion", name: "titanic" }],
    ["models:/titanic/latest", { kind: "version", uri: "models:/titanic/latest", name: "titanic" }],
    ["runs:/abc/a/b", { kind: "run", run: "abc", path: "a/b" }],
    ["runs:/abc", { kind: "run", run: "abc", path: "" }],
    ["runs:/abc/", { kind: "run", run: "abc", path: "" }],
    ["mlflow-artifacts:/1/abc/artifacts/model", { kind: "stored", path: "1/abc/artifacts/model" }],
    ["mlflow-artifacts:///1//abc/", { kind: "stored", path: "1/abc" }],
    ["mlflow-artifacts:/1/a%20b/100%", { kind: "stored", path: "1/a b/100%" }],
    ["s3://bucket/path", { kind: "elsewhere" }],
    ["s3://bucket", { kind: "elsewhere" }],
    ["s3://bucket//path?x=..", { kind: "elsewhere" }],
    ["dbfs:/x/y", { kind: "elsewhere" }],
    ["https://example.com/model", { kind: "elsewhere" }],
    ["https://example.com/api/2.0/mlflow/get-artifacts/v1/files.zip", { kind: "elsewhere" }],
    ["dummy-source", { kind: "nothing" }],
  ])("%s is understood", (source, meaning) => {
    expect(parseVersionSource(source)).toEqual(meaning);
  });

  it.each([
    ["", "the server's own disk"],
    [" ", "the server's own disk"],
    ["/etc/passwd", "the server's own disk"],
    ["a/b", "the server's own disk"],
    ["file:///etc", "the server's own disk"],
    ["FILE:/etc", "the server's own disk"],
    ["C:\\models", "absolute path"],
    ["foo:bar", "absolute path"],
    ["runs:abc/model", "absolute path"],
    ["runs:/abc/../model", "absolute path"],
    ["s3://bucket/../other", "absolute path"],
    ["s3://bucket/./other", "absolute path"],
    ["s3://bucket/p%00", "absolute path"],
    ["s3://bucket/p?x=/../", "absolute path"],
    ["mlflow-artifacts:/1/%2e%2e/2", "absolute path"],
    ["mlflow-artifacts:/1/%25252e%25252e/2", "absolute path"],
    ["mlflow-artifacts:/1/..%252f2", "absolute path"],
    ["mlflow-artifacts://host:80/1/abc", "names a server"],
    [`models://other/${id}`, "names a server"],
    ["runs://other/abc/model", "names a server"],
    ["models:/titanic", "names no version"],
    ["http://127.0.0.1:8080/api/2.0/mlflow-artifacts/artifacts/1/abc", "mlflow-artifacts:/"],
    ["https://h/prefix/api/2.0/mlflow%2dartifacts/artifacts", "mlflow-artifacts:/"],
    ["http://h/ajax-api/2.0/mlflow-artifacts/artifacts/1/abc", "mlflow-artifacts:/"],
    [`http://h/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?artifact_file_path=a`, "mlflow-artifacts:/"],
    ["http://h/v1/files/1/abc", "mlflow-artifacts:/"],
    ["http://h/get-artifact?run_id=abc&path=model", "mlflow-artifacts:/"],
    ["http://h/model-versions/get-artifact?name=a&version=1&path=model", "mlflow-artifacts:/"],
  ])("%j is refused: it %s", (source, problem) => {
    expect(() => parseVersionSource(source)).toThrow(AppError);
    expect(() => parseVersionSource(source)).toThrow(problem);
  });
});
