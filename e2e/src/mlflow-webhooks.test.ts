/** MLflow's calls on webhooks on the running system, and what its unmodified Python client makes of them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mlflowIsThere, runScript } from "./mlflow.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "0"], env: { MINTMARK_WEBHOOK_ALLOW: "127.0.0.1" } });
});
afterAll(() => stack?.stop());

const hook = {
  name: "ci",
  url: "http://127.0.0.1:9/hook",
  events: [{ entity: "MODEL_VERSION", action: "CREATED" }],
  secret: "find-me",
};

async function call(method: string, path: string, fields?: object) {
  const answer = await fetch(`${stack.url}/api/2.0/mlflow/webhooks${path}`, {
    method,
    ...(fields === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(fields) }),
  });
  const text = await answer.text();
  expect(text).not.toContain("find-me");
  const { webhook, ...body } = JSON.parse(text) as { webhook: { webhook_id: string } };
  return { status: answer.status, webhook, ...body };
}

describe("answers", () => {
  it("have the fields of MLflow's, and never the secret", async () => {
    const made = await call("POST", "", hook);
    const time = expect.any(Number);
    const { secret: _, ...shown } = hook;
    const stored = {
      ...shown,
      webhook_id: expect.any(String),
      status: "ACTIVE",
      creation_timestamp: time,
      last_updated_timestamp: time,
    };
    expect(made).toEqual({ status: 200, webhook: stored });
    const path = `/${made.webhook.webhook_id}`;
    expect(await call("GET", path)).toEqual(made);
    expect(await call("GET", "?max_results=1")).toEqual({ status: 200, webhooks: [made.webhook] });
    expect((await call("PATCH", path, { name: "", description: "d", status: "DISABLED" })).webhook).toMatchObject({
      name: "ci",
      description: "d",
      status: "DISABLED",
    });
    expect(await call("POST", `${path}/test`, {})).toEqual({
      status: 200,
      webhook: undefined,
      result: { success: false, error_message: expect.stringMatching(/ECONNREFUSED/) },
    });
    expect(await call("DELETE", path)).toEqual({ status: 200, webhook: undefined });
    expect(await call("GET", "")).toEqual({ status: 200, webhook: undefined });
  });

  it.each([
    ["no name", { ...hook, name: "" }, /Missing value for required parameter 'name'/],
    ["no URL", { ...hook, url: undefined }, /Missing value for required parameter 'url'/],
    ["no events", { ...hook, events: [] }, /Missing value for required parameter 'events'/],
    ["an event without an action", { ...hook, events: [{ entity: "PROMPT" }] }, /'events\[0\]\.action'/],
    ["an entity that is none", { ...hook, events: [{ entity: "RUN", action: "SET" }] }, /'events\[0\]\.entity'/],
    ["another action", { ...hook, events: [{ entity: "PROMPT", action: "UPDATED" }] }, /'prompt'; it has 'created'/],
    ["a status that is none", { ...hook, status: "PAUSED" }, /"PAUSED" for parameter 'status'/],
    ["a private address", { ...hook, url: "https://169.254.169.254/" }, /169\.254\.169\.254, which is not a public/],
    ["plain http", { ...hook, url: "http://1.1.1.1/" }, /not https/],
    ["a bad name", { ...hook, name: "-" }, /name/],
  ])(
    "to %s are 400 and name what is wrong, when it is created and when it is changed",
    async (what, wrong, message) => {
      const refused = { status: 400, error_code: "INVALID_PARAMETER_VALUE", message: expect.stringMatching(message) };
      expect(await call("POST", "", wrong)).toMatchObject(refused);
      if (what.startsWith("no ")) return;
      const { webhook } = await call("POST", "", hook);
      expect(await call("PATCH", `/${webhook.webhook_id}`, wrong)).toMatchObject(refused);
    },
  );

  it("to a webhook that is not there are 404", async () => {
    const missing = {
      status: 404,
      error_code: "RESOURCE_DOES_NOT_EXIST",
      message: expect.stringMatching(/Webhook with ID/),
    };
    expect(await call("GET", "/none")).toMatchObject(missing);
    expect(await call("PATCH", "/none", { name: "x" })).toMatchObject(missing);
    expect(await call("DELETE", "/00000000-0000-0000-0000-000000000000")).toMatchObject(missing);
    expect(await call("POST", "/none/test", {})).toMatchObject(missing);
  });

  it.each(["0", "1001", "x"])("to max_results=%s are 400", async (size) => {
    expect(await call("GET", `?max_results=${size}`)).toMatchObject({
      status: 400,
      error_code: "INVALID_PARAMETER_VALUE",
    });
  });
});

it.runIf(mlflowIsThere())(
  "the Python client's webhooks work, and its receivers hear and verify everything",
  async () => {
    for (;;) {
      const { webhooks = [] } = (await call("GET", "")) as { webhooks?: { webhook_id: string }[] };
      for (const { webhook_id } of webhooks) await call("DELETE", `/${webhook_id}`);
      if (webhooks.length === 0) break;
    }
    const version = { name: "hooked", version: "1" };
    expect(await runScript("webhooks", { MLFLOW_TRACKING_URI: stack.url })).toEqual({
      made: ["ci", true, true, "builds"],
      status: "ACTIVE",
      times: true,
      secret: null,
      tested: [true, 200, "heard"],
      example: "model_version.created",
      model: [
        [
          "model_version.created",
          { ...version, source: "s3://bucket/model", run_id: null, tags: { k: "v" }, description: "first" },
        ],
        ["model_version_alias.created", { ...version, alias: "champion" }],
        ["model_version_alias.deleted", { name: "hooked", alias: "champion" }],
        ["model_version_tag.deleted", { ...version, key: "reviewed" }],
        ["model_version_tag.set", { ...version, key: "reviewed", value: "yes" }],
        ["registered_model.created", { name: "hooked", tags: { team: "growth" }, description: "a model" }],
      ],
      prompt: ["prompt.created", "prompt_alias.created", "prompt_tag.set", "prompt_version.created"],
      listed: ["ci", "plain"],
      pages: ["ci", "plain"],
      changed: ["cd", "DISABLED", ["prompt.created"], "builds"],
      unheard: true,
      deleted: ["RESOURCE_DOES_NOT_EXIST", 0],
      refused: Array(4).fill("INVALID_PARAMETER_VALUE"),
      event: "prompt.created",
    });
  },
);
