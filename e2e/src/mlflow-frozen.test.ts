/**
 * What a version from MLflow was made of can no longer be changed, and whoever looks can tell; what is not kept here is said to be
 * beyond checking.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

describe.runIf(mlflowIsThere())("a version that came through MLflow", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await embeddedStack({ args: ["--workers", "0"] });
  });
  afterAll(() => stack?.stop());

  const send = (path: string, init: RequestInit = {}) =>
    fetch(stack.url + path, { headers: { "content-type": "application/json" }, ...init });
  const call = (method: string, message: object) =>
    send(`/mintmark.tracking.v1.${method}`, { method: "POST", body: JSON.stringify(message) });
  const verify = async (uri: string) => {
    const { code, stdout } = await stack.cli("verify", uri, "--json");
    const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { name: string; ok: boolean }[] };
    return { code, ok, failed: checks.filter((check) => !check.ok).map(({ name }) => name) };
  };

  it("keeps its files, whichever way a Python client tries to change them", { timeout: 300_000 }, async () => {
    const refused = { overwrite: 400, add: 400, "delete one": 400, "delete all": 400 };
    expect(await runScript("frozen", { MLFLOW_TRACKING_URI: stack.url })).toEqual({
      "logged model": refused,
      "above it": refused,
      "same files": true,
      "same name again": "2",
      "folder of a run": refused,
      "by name": 400,
      "beside it": "done",
      deleted: refused,
      predictions: [
        [2, 4],
        [2, 4],
      ],
    });
  });

  it("keeps them through every other door", async () => {
    const { download_uri, model_id } = await stack.json<Version>("versions", "show", "doubling/1");
    const root = download_uri.replace("mlflow-artifacts:/", "");
    const proxy = "/api/2.0/mlflow-artifacts/artifacts";
    const doors = await Promise.all([
      ...[
        `${proxy}/${root}/MLmodel`,
        `/ajax-api/2.0/mlflow-artifacts/artifacts/${root}/MLmodel`,
        `${proxy}/${root}/ML%6dodel`,
        `${proxy}/${root}/MLmodel/below`,
        `${proxy}/registry/${model_id}/1/MLmodel`,
        `/v1/files/${root}/MLmodel`,
      ].map((path) => send(path, { method: "PUT", body: "changed" })),
      ...[root, `${root}/MLmodel`, root.split("/")[0], `registry/${model_id}`, "registry"].map((path) =>
        send(`${proxy}/${path}`, { method: "DELETE" }),
      ),
      call("FileService/DeleteFiles", { path: root }),
    ]);
    for (const answer of doors) expect([answer.url, answer.status]).toEqual([answer.url, 400]);
  });

  it("is verified: files, and what the registry signed when it was registered", async () => {
    for (const uri of ["doubling/1", "doubling/2", "doubling-by-folder/1"])
      expect(await verify(uri)).toEqual({ code: 0, ok: true, failed: [] });
  });

  it("whose bytes changed in the store is noticed by who verifies it, and by who loads it", async () => {
    const { download_uri } = await stack.json<Version>("versions", "show", "doubling/2");
    const url = `/api/2.0/mlflow-artifacts/artifacts/${download_uri.replace("mlflow-artifacts:/", "")}/python_model.pkl`;
    const digest = (await send(url)).headers.get("etag")!.slice('"blake3:'.length, -1);
    const blob = join(stack.dir, "blobs", "blobs", digest.slice(0, 2), digest);
    const bytes = readFileSync(blob);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(blob, bytes);

    const { code, stdout } = await stack.cli("verify", "doubling/2", "--json");
    expect([code, JSON.parse(stdout)]).toEqual([1, { error: expect.objectContaining({ reason: "BLOB_CORRUPT" }) }]);
    const answer = await send(url);
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { error_code: "DATA_LOSS", message: expect.stringContaining(`the stored bytes of blob ${digest}`) },
    ]);
  });

  it("but is elsewhere or nowhere has no digest, and is said not to be verifiable", { timeout: 300_000 }, async () => {
    expect(await runScript("elsewhere", { MLFLOW_TRACKING_URI: stack.url })).toEqual({
      versions: [
        ["READY", "s3://bucket/model"],
        ["READY", "https://example.com/model"],
        ["READY", "runs:/RUN/nothing"],
        ["READY", "dummy-source"],
      ],
      copy: ["READY", "s3://bucket/model"],
    });
    const listed = await stack.json<Version[]>("versions", "list", "outside");
    expect(listed.map(({ digest }) => digest)).toEqual([null, null, null, null]);
    for (const name of ["outside", "outside-copy", "question"]) {
      const resolved = await (await send(`/v1/resolve?uri=${name}/1`)).json();
      expect(resolved).toMatchObject({ digest: null, verifiable: false });
      expect(await verify(`${name}/1`)).toEqual({ code: 1, ok: false, failed: ["manifest.json"] });
    }
    const kept = (await (await send("/v1/resolve?uri=doubling/1")).json()) as object;
    expect(kept).toHaveProperty("digest", expect.stringMatching(/^blake3:/));
    expect(kept).not.toHaveProperty("verifiable");
  });
});

interface Version {
  readonly digest: string | null;
  readonly download_uri: string;
  readonly model_id: string;
}
