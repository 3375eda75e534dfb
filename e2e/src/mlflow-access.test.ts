/** Who is not known is refused by every route of MLflow's API, at once and in its form; who is known is named in what he makes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adminToken, credentials, mlflowIsThere, newToken, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
let token: string;
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "0", "--auth", "on"] });
  token = await newToken(stack);
});
afterAll(() => stack?.stop());

const api = "/api/2.0/mlflow";
const proxy = "/api/2.0/mlflow-artifacts";
const ask = (method: string, path: string, authorization?: string, fields?: object) =>
  fetch(stack.url + path, {
    method,
    headers: {
      "content-type": path === "/v1/traces" ? "application/x-protobuf" : "application/json",
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(method === "GET" ? {} : { body: JSON.stringify(fields ?? {}) }),
  });

describe("without a token that holds", () => {
  it.each([
    ["GET", `${api}/experiments/get?experiment_id=0`],
    ["POST", `${api}/runs/create`],
    ["POST", `${api}/runs/log-batch`],
    ["GET", `${api}/registered-models/alias?name=x&alias=y`],
    ["GET", `${api}/model-versions/get?name=x&version=1`],
    ["GET", `${api}/model-versions/search`],
    ["PATCH", `${api}/registered-models/update`],
    ["DELETE", `${api}/registered-models/delete`],
    ["POST", `${api}/logged-models/search`],
    ["GET", `${api}/webhooks`],
    ["GET", `/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=x&metric_key=y`],
    ["PUT", `${proxy}/artifacts/0/x`],
    ["GET", `${proxy}/artifacts/0/x`],
    ["GET", `${proxy}/artifacts?path=0`],
    ["DELETE", `${proxy}/artifacts/0/x`],
    ["POST", `${proxy}/mpu/create/0`],
    ["GET", `${proxy}/presigned/0/x`],
    ["GET", "/get-artifact?run_id=x&path=y"],
    ["GET", "/model-versions/get-artifact?name=x&version=1&path=y"],
    ["GET", "/api/3.0/mlflow/server-info"],
    ["POST", "/api/3.0/mlflow/traces/search"],
    ["POST", "/api/3.0/mlflow/datasets/search"],
    ["POST", "/v1/traces"],
  ])("%s %s is 401", async (method, path) => {
    const wrong = [
      undefined,
      "Bearer mm_x_y",
      `Basic ${Buffer.from("ada:mm_x_y").toString("base64")}`,
      `Bearer ${token}x`,
    ];
    for (const authorization of wrong) {
      const answer = await ask(method, path, authorization);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, expect.stringMatching(/^Bearer/)]);
      if (path !== "/v1/traces") expect(await answer.json()).toMatchObject({ error_code: "UNAUTHENTICATED" });
    }
    expect((await ask(method, path, `Bearer ${token}`)).status).not.toBe(401);
  });

  it("the way to send one is told in the words of MLflow's users", async () => {
    const { message } = (await (await ask("GET", `${api}/model-versions/search`)).json()) as { message: string };
    expect(message).toContain("MLFLOW_TRACKING_TOKEN");
  });

  it("the server still says that it is well, and what it is", async () => {
    for (const path of ["/health", "/version"]) expect((await ask("GET", path)).status).toBe(200);
  });

  describe.runIf(mlflowIsThere())("an unmodified Python client", () => {
    it.each(["bearer", "basic"] as const)(
      "is refused at once, whatever it asks for (%s)",
      async (way) => {
        const env = { MLFLOW_TRACKING_URI: stack.url, ...credentials("mm_x_y")[way] };
        const seen = await runScript<Record<string, Refusal>>("denied", env, "mlflow-artifacts:/0/x/artifacts");
        for (const [call, { refusal, seconds }] of Object.entries(seen)) {
          expect([call, refusal]).toEqual([call, /list|upload|delete/.test(call) ? 401 : "UNAUTHENTICATED"]);
          // It would wait two seconds before it asked again.
          expect(seconds, call).toBeLessThan(2);
        }
      },
      120_000,
    );
  });
});

describe("a token", () => {
  const created = async (authorization: string, name: string) => {
    await ask("POST", `${api}/registered-models/create`, authorization, { name });
    const fields = { name, source: "s3://bucket/model" };
    const answer = await ask("POST", `${api}/model-versions/create`, authorization, fields);
    return [answer.status, ((await answer.json()) as { model_version?: { user_id: string } }).model_version?.user_id];
  };

  it("says who made what, not the name in front of it", async () => {
    expect(await created(`Bearer ${token}`, "by-token")).toEqual([200, "ada"]);
    const basic = `Basic ${Buffer.from(`somebody:${token}`).toString("base64")}`;
    expect(await created(basic, "by-password")).toEqual([200, "ada"]);
  });

  it("that was revoked is refused from then on", async () => {
    const secret = await newToken(stack, "leaving");
    expect((await ask("GET", `${api}/model-versions/search`, `Bearer ${secret}`)).status).toBe(200);
    const id = secret.split("_")[1]!;
    expect((await stack.cli("--token", adminToken(stack), "token", "revoke", id)).code).toBe(0);
    expect((await ask("GET", `${api}/model-versions/search`, `Bearer ${secret}`)).status).toBe(401);
  });
});

interface Refusal {
  readonly refusal: string | number;
  readonly seconds: number;
}
