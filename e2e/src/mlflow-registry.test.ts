/** MLflow's registry calls on the running system: statuses, codes and messages as its clients know them, and one truth with the native API. */
import { connectRegistry, type RegistryClient } from "@mintmark/registry-client";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
let registry: RegistryClient;
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "0"] });
  registry = connectRegistry({ baseUrl: stack.registryUrl, token: undefined, httpVersion: "2" });
});
afterAll(async () => {
  registry?.close();
  await stack?.stop();
});

const source = "s3://bucket/model";
type Fields = Readonly<Record<string, unknown>>;

/** What answers may have in them; what is not there is found out by what a test expects of it. */
interface Body {
  readonly model_version: Fields;
  readonly model_versions: readonly Fields[];
  readonly registered_model: Fields;
  readonly registered_models: readonly Fields[];
  readonly next_page_token?: string;
}

/** @returns status and body; arguments go where MLflow's clients put them */
async function call(method: string, path: string, fields: Fields = {}) {
  const query = new URLSearchParams(
    Object.entries(fields).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)]),
    ),
  );
  const url = `${stack.url}/api/2.0/mlflow/${path}`;
  const answer =
    method === "GET"
      ? await fetch(`${url}?${query}`)
      : await fetch(url, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(fields) });
  const body = (await answer.json()) as Body;
  return { status: answer.status, ...body };
}

async function modelWith(name: string, versions: number): Promise<string> {
  await call("POST", "registered-models/create", { name });
  for (let n = 0; n < versions; n++) await call("POST", "model-versions/create", { name, source });
  return name;
}

describe("answers", () => {
  it("of a model have its name, times, tags, aliases and latest versions, and nothing that is empty", async () => {
    const time = expect.any(Number);
    const created = { name: "answer", creation_timestamp: time, last_updated_timestamp: time };
    expect(await call("POST", "registered-models/create", { name: "answer" })).toEqual({
      status: 200,
      registered_model: created,
    });
    await call("PATCH", "registered-models/update", { name: "answer", description: "d" });
    await call("POST", "registered-models/set-tag", { name: "answer", key: "k", value: "v" });
    await modelWith("answer", 2);
    await call("POST", "registered-models/alias", { name: "answer", alias: "champion", version: "1" });
    expect((await call("GET", "registered-models/get", { name: "answer" })).registered_model).toEqual({
      ...created,
      description: "d",
      tags: [{ key: "k", value: "v" }],
      aliases: [{ alias: "champion", version: "1" }],
      latest_versions: [expect.objectContaining({ version: "2", current_stage: "None" })],
    });
  });

  it("of a version have its number as text, its stage, and READY at once", async () => {
    await modelWith("answered", 0);
    const time = expect.any(Number);
    const version = {
      name: "answered",
      version: "1",
      creation_timestamp: time,
      last_updated_timestamp: time,
      user_id: "admin",
      current_stage: "None",
      description: "d",
      source,
      run_id: "",
      status: "READY",
      run_link: "http://x",
      tags: [{ key: "k", value: "v" }],
    };
    const tags = [{ key: "k", value: "v" }];
    const asked = { name: "answered", source, tags, description: "d", run_link: "http://x" };
    expect(await call("POST", "model-versions/create", asked)).toEqual({ status: 200, model_version: version });
    await call("POST", "registered-models/alias", { name: "answered", alias: "a", version: 1 });
    for (const [path, fields] of [
      ["model-versions/get", { name: "answered", version: "1" }],
      ["registered-models/alias", { name: "answered", alias: "a" }],
      ["registered-models/alias", { name: "answered", alias: "latest" }],
    ] as const)
      expect((await call("GET", path, fields)).model_version, path).toEqual({ ...version, aliases: ["a"] });
    expect(await call("GET", "model-versions/get-download-uri", { name: "answered", version: "1" })).toEqual({
      status: 200,
      artifact_uri: source,
    });
  });

  it("give names as they were registered, in every script", async () => {
    for (const name of ["main.default.iris", "模型 50% a+b #1", 'O\'Brien "q"']) {
      await modelWith(name, 1);
      for (const path of ["registered-models/get", "model-versions/get", "model-versions/get-download-uri"])
        expect((await call("GET", path, { name, version: 1 })).status, `${path} ${name}`).toBe(200);
      expect((await call("GET", "model-versions/get", { name, version: 1 })).model_version.name).toBe(name);
    }
    expect((await call("GET", "registered-models/get", { name: "iris" })).registered_model.name).toBe(
      "main.default.iris",
    );
  });
});

describe("stages", () => {
  it("are named in any case, and the others of a stage are archived if asked", async () => {
    const name = await modelWith("staged", 3);
    const move = (version: number, stage: string, archive_existing_versions = false) =>
      call("POST", "model-versions/transition-stage", {
        name,
        version: `${version}`,
        stage,
        archive_existing_versions,
      });
    expect((await move(1, "production")).model_version.current_stage).toBe("Production");
    expect((await move(2, "PRODUCTION", true)).model_version).toMatchObject({
      version: "2",
      current_stage: "Production",
    });
    expect((await call("GET", "model-versions/get", { name, version: 1 })).model_version.current_stage).toBe(
      "Archived",
    );
    const latest = async (fields: Fields, method = "POST") =>
      (await call(method, "registered-models/get-latest-versions", { name, ...fields })).model_versions
        ?.map((one: Fields) => `${one["version"]} ${one["current_stage"]}`)
        .sort();
    expect(await latest({})).toEqual(["1 Archived", "2 Production", "3 None"]);
    expect(await latest({ stages: ["production", "None"] }, "GET")).toEqual(["2 Production", "3 None"]);
    expect(await latest({ stages: ["Staging"] })).toBeUndefined();
    for (const stage of ["None", "archived"])
      expect(await move(3, stage, true)).toMatchObject({ status: 400, error_code: "INVALID_PARAMETER_VALUE" });
  });
});

describe("what is removed", () => {
  it("takes its aliases along, and a number never comes again", async () => {
    const name = await modelWith("shrinking", 2);
    await call("POST", "registered-models/alias", { name, alias: "a", version: "2" });
    expect(await call("DELETE", "model-versions/delete", { name, version: "2" })).toEqual({ status: 200 });
    expect(await call("GET", "registered-models/alias", { name, alias: "a" })).toMatchObject({ status: 400 });
    expect((await call("POST", "model-versions/create", { name, source })).model_version.version).toBe("3");
  });

  it("is gone with the model, whose name begins anew", async () => {
    const name = await modelWith("reborn", 2);
    expect(await call("DELETE", "registered-models/delete", { name })).toEqual({ status: 200 });
    expect(await call("GET", "model-versions/get", { name, version: 2 })).toMatchObject({ status: 404 });
    await modelWith(name, 0);
    expect((await call("POST", "model-versions/create", { name, source })).model_version.version).toBe("1");
  });

  it("may have been gone before: tags and aliases", async () => {
    const name = await modelWith("bare", 1);
    for (const [path, fields] of [
      ["registered-models/alias", { alias: "a" }],
      ["registered-models/delete-tag", { key: "k" }],
      ["model-versions/delete-tag", { version: "1", key: "k" }],
    ] as const) {
      expect(await call("DELETE", path, { name, ...fields }), path).toEqual({ status: 200 });
      expect(await call("DELETE", path, { name: "nobody", ...fields }), path).toMatchObject({
        status: 404,
        error_code: "RESOURCE_DOES_NOT_EXIST",
      });
    }
  });
});

it("a rename takes versions, tags and aliases along", async () => {
  const name = await modelWith("before", 1);
  await call("POST", "registered-models/alias", { name, alias: "a", version: "1" });
  await call("GET", "registered-models/alias", { name, alias: "a" });
  const renamed = await call("POST", "registered-models/rename", { name, new_name: "after" });
  expect(renamed.registered_model).toMatchObject({ name: "after", aliases: [{ alias: "a", version: "1" }] });
  expect(await call("GET", "registered-models/alias", { name, alias: "a" })).toMatchObject({ status: 404 });
  expect((await call("GET", "registered-models/alias", { name: "after", alias: "a" })).model_version.name).toBe(
    "after",
  );
});

describe("refusals", () => {
  beforeAll(async () => {
    await modelWith("known", 1);
    await modelWith("taken", 0);
  });
  const invalid = "INVALID_PARAMETER_VALUE";
  const missing = "RESOURCE_DOES_NOT_EXIST";
  it.each<[string, string, Fields, number, string, string]>([
    [
      "POST",
      "registered-models/create",
      { name: "taken" },
      400,
      "RESOURCE_ALREADY_EXISTS",
      "Registered Model (name=taken) already exists.",
    ],
    ["POST", "registered-models/create", {}, 400, invalid, "Missing value for required parameter 'name'"],
    ["POST", "registered-models/create", { name: "" }, 400, invalid, "Missing value for required parameter 'name'"],
    ["POST", "registered-models/create", { name: 5 }, 400, invalid, "Invalid value 5 for parameter 'name' supplied"],
    ["POST", "registered-models/create", { name: "a/b" }, 400, invalid, "a/b"],
    ["POST", "registered-models/create", { name: "a:b" }, 400, invalid, "a:b"],
    ["POST", "registered-models/create", { name: " " }, 400, invalid, "blank"],
    [
      "POST",
      "registered-models/create",
      { name: "t", tags: [{ key: "" }] },
      400,
      invalid,
      "Missing value for required parameter 'tags[0].key'",
    ],
    ["GET", "registered-models/get", { name: "nobody" }, 404, missing, "Registered Model with name=nobody not found"],
    [
      "PATCH",
      "registered-models/update",
      { name: "nobody" },
      404,
      missing,
      "Registered Model with name=nobody not found",
    ],
    [
      "POST",
      "registered-models/rename",
      { name: "known", new_name: "taken" },
      400,
      "RESOURCE_ALREADY_EXISTS",
      "Registered Model (name=taken) already exists.",
    ],
    [
      "POST",
      "registered-models/rename",
      { name: "known" },
      400,
      invalid,
      "Missing value for required parameter 'new_name'",
    ],
    [
      "DELETE",
      "registered-models/delete",
      { name: "nobody" },
      404,
      missing,
      "Registered Model with name=nobody not found",
    ],
    [
      "POST",
      "registered-models/get-latest-versions",
      { name: "nobody" },
      404,
      missing,
      "Registered Model with name=nobody not found",
    ],
    [
      "POST",
      "registered-models/get-latest-versions",
      { name: "known", stages: ["x"] },
      400,
      invalid,
      "Invalid Model Version stage: x",
    ],
    [
      "POST",
      "registered-models/set-tag",
      { name: "known" },
      400,
      invalid,
      "Missing value for required parameter 'key'",
    ],
    ["POST", "registered-models/set-tag", { name: "known", key: "k".repeat(251) }, 400, invalid, "250"],
    [
      "POST",
      "registered-models/set-tag",
      { name: "nobody", key: "k", value: "v" },
      404,
      missing,
      "Registered Model with name=nobody not found",
    ],
    [
      "GET",
      "registered-models/alias",
      { name: "known", alias: "a" },
      400,
      invalid,
      "Registered model alias a not found.",
    ],
    [
      "GET",
      "registered-models/alias",
      { name: "nobody", alias: "a" },
      404,
      missing,
      "Registered Model with name=nobody not found",
    ],
    ["GET", "registered-models/alias", { name: "known" }, 400, invalid, "Missing value for required parameter 'alias'"],
    ["POST", "registered-models/alias", { name: "known", alias: "LATEST", version: "1" }, 400, invalid, "reserved"],
    ["POST", "registered-models/alias", { name: "known", alias: "v1", version: "1" }, 400, invalid, "v1"],
    ["POST", "registered-models/alias", { name: "known", alias: "my alias", version: "1" }, 400, invalid, "'my alias'"],
    [
      "POST",
      "registered-models/alias",
      { name: "known", alias: "a", version: "9" },
      404,
      missing,
      "Model Version (name=known, version=9) not found",
    ],
    [
      "POST",
      "registered-models/alias",
      { name: "known", alias: "a", version: "x" },
      400,
      invalid,
      "Parameter 'version' must be an integer",
    ],
    [
      "POST",
      "model-versions/create",
      { name: "nobody", source },
      404,
      missing,
      "Registered Model with name=nobody not found",
    ],
    ["POST", "model-versions/create", { name: "known" }, 400, invalid, "Missing value for required parameter 'source'"],
    ["POST", "model-versions/create", { name: "known", source: "/etc/passwd" }, 400, invalid, "/etc/passwd"],
    [
      "GET",
      "model-versions/get",
      { name: "known", version: "x" },
      400,
      invalid,
      "Parameter 'version' must be an integer",
    ],
    [
      "GET",
      "model-versions/get",
      { name: "known", version: "9" },
      404,
      missing,
      "Model Version (name=known, version=9) not found",
    ],
    [
      "GET",
      "model-versions/get-download-uri",
      { name: "known", version: "9" },
      404,
      missing,
      "Model Version (name=known, version=9) not found",
    ],
    [
      "PATCH",
      "model-versions/update",
      { name: "known", version: "4294967297" },
      404,
      missing,
      "Model Version (name=known, version=4294967297) not found",
    ],
    [
      "DELETE",
      "model-versions/delete",
      { name: "known", version: "9" },
      404,
      missing,
      "Model Version (name=known, version=9) not found",
    ],
    [
      "POST",
      "model-versions/transition-stage",
      { name: "known", version: "1", stage: "x" },
      400,
      invalid,
      "Invalid Model Version stage: x",
    ],
    [
      "POST",
      "model-versions/transition-stage",
      { name: "known", version: "1" },
      400,
      invalid,
      "Missing value for required parameter 'stage'",
    ],
    [
      "POST",
      "model-versions/transition-stage",
      { name: "known", version: "9", stage: "None" },
      404,
      missing,
      "Model Version (name=known, version=9) not found",
    ],
    [
      "POST",
      "model-versions/set-tag",
      { name: "known", version: "9", key: "k" },
      404,
      missing,
      "Model Version (name=known, version=9) not found",
    ],
    ["GET", "model-versions/search", { filter: "nonsense" }, 400, invalid, "nonsense"],
    ["GET", "model-versions/search", { max_results: 0 }, 400, invalid, "max_results"],
    [
      "GET",
      "model-versions/search",
      { max_results: 200_001 },
      400,
      invalid,
      '"max_results" must be at most 200000, got 200001',
    ],
    ["GET", "model-versions/search", { page_token: "zzz" }, 400, invalid, `Invalid value "zzz"`],
    [
      "GET",
      "registered-models/search",
      { max_results: 1_001 },
      400,
      invalid,
      '"max_results" must be at most 1000, got 1001',
    ],
    ["GET", "registered-models/search", { order_by: "nothing" }, 400, invalid, "nothing"],
  ])("%s %s %j: %i %s", async (method, path, fields, status, error_code, message) => {
    const answer = await call(method, path, fields);
    expect(answer).toEqual({ status, error_code, message: expect.stringContaining(message) });
  });
});

describe("one truth", () => {
  it("shows through MLflow at once what was changed natively, elsewhere", async () => {
    const name = await modelWith("watched", 2);
    await registry.aliases.setAlias({ model: name, alias: "a", version: 1 });
    const read = async () =>
      (await call("GET", "registered-models/alias", { name, alias: "a" })).model_version?.version;
    await expect.poll(read).toBe("1");
    await registry.aliases.setAlias({ model: name, alias: "a", version: 2 });
    await expect.poll(read, { interval: 5, timeout: 1_000 }).toBe("2");
  });

  it("reads what was just written, in every read that is kept in memory", async () => {
    const name = await modelWith("own", 1);
    for (const value of ["1", "2", "3"]) {
      const tags = [{ key: "k", value }];
      await call("POST", "registered-models/set-tag", { name, key: "k", value });
      expect((await call("GET", "registered-models/get", { name })).registered_model.tags).toEqual(tags);
      const filter = `tags.k = '${value}'`;
      const found = await call("GET", "registered-models/search", { filter });
      expect(found.registered_models).toMatchObject([{ name, tags }]);
      await call("POST", "model-versions/set-tag", { name, version: "1", key: "k", value });
      expect((await call("GET", "model-versions/get", { name, version: 1 })).model_version.tags).toEqual(tags);
      const versions = await call("GET", "model-versions/search", { filter: `name = '${name}'` });
      expect(versions.model_versions).toMatchObject([{ name, version: "1", tags }]);
    }
  });

  it("is the model that the native API has", async () => {
    const name = await modelWith("shared", 1);
    await call("POST", "registered-models/alias", { name, alias: "a", version: "1" });
    await call("POST", "model-versions/transition-stage", { name, version: "1", stage: "Staging" });
    expect((await registry.versions.getVersion({ uri: `${name}@a` })).version).toMatchObject({ number: 1, source });
    expect((await registry.versions.getVersion({ uri: `${name}/Staging` })).version).toMatchObject({ number: 1 });
    await registry.models.updateModel({ name, description: "native" });
    await expect
      .poll(async () => (await call("GET", "registered-models/get", { name })).registered_model.description)
      .toBe("native");
  });
});

describe("searches", () => {
  it("page to the end, each version once, the highest first", async () => {
    const name = await modelWith("paged", 7);
    const seen: string[] = [];
    let page_token = "";
    do {
      const fields = { filter: `name='${name}'`, max_results: 3, order_by: "version_number DESC", page_token };
      const page = await call("GET", "model-versions/search", fields);
      seen.push(...page.model_versions.map((one) => String(one["version"])));
      page_token = page.next_page_token ?? "";
    } while (page_token !== "");
    expect(seen).toEqual(["7", "6", "5", "4", "3", "2", "1"]);
  });
});

const withMlflow = needsPython(["mlflow"]);

it.runIf(withMlflow)("the unmodified Python client does with models and versions what it does elsewhere", async () => {
  const { code, stdout, stderr } = await run(python, ["-c", clientProgram], {
    env: { MLFLOW_TRACKING_URI: stack.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" },
  });
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^done$/m);
});

const clientProgram = `
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

client = MlflowClient()

def refused(call, code):
    try:
        call()
    except MlflowException as error:
        assert error.error_code == code, (error.error_code, str(error))
    else:
        raise AssertionError("not refused")

model = client.create_registered_model("py", tags={"team": "a"}, description="first")
assert (model.name, model.description, model.tags) == ("py", "first", {"team": "a"})
refused(lambda: client.create_registered_model("py"), "RESOURCE_ALREADY_EXISTS")
versions = [client.create_model_version("py", "s3://bucket/x", tags={"n": str(n)}) for n in range(3)]
assert [v.version for v in versions] == ["1", "2", "3"] or [v.version for v in versions] == [1, 2, 3]
assert versions[0].status == "READY"

client.set_registered_model_alias("py", "champion", "2")
assert str(client.get_model_version_by_alias("py", "champion").version) == "2"
assert client.get_model_version("py", "2").aliases == ["champion"]
assert {k: str(v) for k, v in client.get_registered_model("py").aliases.items()} == {"champion": "2"}
client.delete_registered_model_alias("py", "champion")
client.delete_registered_model_alias("py", "champion")
refused(lambda: client.get_model_version_by_alias("py", "champion"), "INVALID_PARAMETER_VALUE")
refused(lambda: client.get_model_version_by_alias("nobody", "champion"), "RESOURCE_DOES_NOT_EXIST")

client.transition_model_version_stage("py", "1", "Production")
client.transition_model_version_stage("py", "2", "Production", archive_existing_versions=True)
assert client.get_model_version("py", "1").current_stage == "Archived"
assert sorted((str(v.version), v.current_stage) for v in client.get_latest_versions("py")) == [
    ("1", "Archived"), ("2", "Production"), ("3", "None")]

client.set_model_version_tag("py", "1", "k", "v")
assert client.get_model_version("py", "1").tags == {"n": "0", "k": "v"}
client.delete_model_version_tag("py", "1", "k")
client.set_registered_model_tag("py", "k", "v")
client.delete_registered_model_tag("py", "team")
assert client.get_registered_model("py").tags == {"k": "v"}
client.update_model_version("py", "1", description="one")
client.update_registered_model("py", description="second")
assert client.get_model_version("py", "1").description == "one"
assert client.get_model_version_download_uri("py", "1") == "s3://bucket/x"
refused(lambda: client.get_model_version("py", "9"), "RESOURCE_DOES_NOT_EXIST")

found = client.search_model_versions("name = 'py'", order_by=["version_number ASC"], max_results=2)
assert [str(v.version) for v in found] == ["1", "2"] and found.token
found = client.search_model_versions("name = 'py'", order_by=["version_number ASC"], max_results=2, page_token=found.token)
assert [str(v.version) for v in found] == ["3"] and not found.token
assert [m.name for m in client.search_registered_models("name LIKE 'py%'")] == ["py"]

client.copy_model_version("models:/py/2", "copied")
copy = client.get_model_version("copied", "1")
assert copy.source == "models:/py/2", copy.source
assert client.get_model_version_download_uri("copied", "1") == "s3://bucket/x"

client.rename_registered_model("py", "snake")
assert client.get_registered_model("snake").name == "snake"
client.delete_model_version("snake", "3")
refused(lambda: client.get_model_version("snake", "3"), "RESOURCE_DOES_NOT_EXIST")
client.delete_registered_model("snake")
refused(lambda: client.get_registered_model("snake"), "RESOURCE_DOES_NOT_EXIST")
print("done")
`;
