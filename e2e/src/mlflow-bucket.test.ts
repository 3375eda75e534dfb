/**
 * MLflow's quickstart where the artifacts lie in a bucket and callers need a token: every file goes to the bucket and comes from it
 * by signed URLs, which carry no token, and is frozen and verified like any other.
 * @module
 */
import { needsS3, type S3Server, startS3 } from "@mintmark/testing/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { credentials, mlflowIsThere, newToken, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

describe.runIf(mlflowIsThere() && needsS3())("with a bucket, by signed URLs, under authentication", () => {
  let s3: S3Server;
  let stack: Stack;
  let token: string;
  beforeAll(async () => {
    s3 = await startS3("models");
    const env = { ...s3.env, MINTMARK_ARTIFACT_STORE: "s3://models/mlflow" };
    stack = await embeddedStack({ args: ["--workers", "0", "--auth", "on"], env });
    token = await newToken(stack);
  }, 150_000);
  afterAll(async () => {
    await stack?.stop();
    await s3?.stop();
  });

  /** Each file in parts, however small. */
  const inParts = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: "1", MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: "true" };
  const env = () => ({ MLFLOW_TRACKING_URI: stack.url, ...credentials(token).bearer, ...inParts });
  const send = (path: string, init: RequestInit = {}) =>
    fetch(stack.url + path, {
      ...init,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });

  it("the quickstart sees what it sees elsewhere", { timeout: 300_000 }, async () => {
    const { loaded, found } = await runScript("quickstart", env());
    expect(loaded).toEqual({ "logged model": true, run: true, version: true, alias: true, latest: true });
    expect(found).toEqual(["by hand"]);
    const { code, stdout } = await stack.cli("--token", token, "verify", "tracking-quickstart/1", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true }]);
  });

  it("registered files stay as they are", { timeout: 300_000 }, async () => {
    const refused = { overwrite: 400, add: 400, "delete one": 400, "delete all": 400 };
    const seen = await runScript("frozen", env());
    expect(seen).toMatchObject({ "logged model": refused, "above it": refused, "folder of a run": refused });
    expect(seen).toMatchObject({ "same files": true, "beside it": "done", deleted: refused });
  });

  it("an upload that began before the registration cannot end after it", async () => {
    const post = async (path: string, fields: object) => {
      const answer = await send(`/api/2.0/${path}`, { method: "POST", body: JSON.stringify(fields) });
      return { status: answer.status, json: JSON.parse(await answer.text()) };
    };
    const { json } = await post("mlflow/logged-models", { experiment_id: "0", name: "late" });
    const { model_id, artifact_uri } = json.model.info;
    const root = artifact_uri.replace("mlflow-artifacts:/", "");
    await send(`/api/2.0/mlflow-artifacts/artifacts/${root}/MLmodel`, { method: "PUT", body: "flavors: {}\n" });
    const begun = await post(`mlflow-artifacts/mpu/create/${root}`, { path: "MLmodel", num_parts: 1 });
    const [{ url, part_number }] = begun.json.credentials;
    await post("mlflow/registered-models/create", { name: "late" });
    const created = await post("mlflow/model-versions/create", {
      name: "late",
      source: `models:/${model_id}`,
      model_id,
    });
    expect(created.status).toBe(200);

    const part = await fetch(url, { method: "PUT", body: "changed" });
    expect(part.status).toBe(200);
    const parts = [{ part_number, etag: part.headers.get("etag"), url }];
    const upload = { path: "MLmodel", upload_id: begun.json.upload_id };
    expect(await post(`mlflow-artifacts/mpu/complete/${root}`, { ...upload, parts })).toMatchObject({
      status: 400,
      json: { error_code: "INVALID_PARAMETER_VALUE" },
    });
    expect((await post(`mlflow-artifacts/mpu/create/${root}`, { path: "more", num_parts: 1 })).status).toBe(400);
    const kept = await send(`/api/2.0/mlflow-artifacts/artifacts/${root}/MLmodel`);
    expect(await kept.text()).toBe("flavors: {}\n");
  });
});
