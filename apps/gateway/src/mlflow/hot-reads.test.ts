import { createServer, type Server } from "node:http";
import { Stage } from "@mintmark/proto/mintmark/registry/v1/version";
import pino from "pino";
import { afterEach, describe, expect, it } from "vitest";
import { ask, listening } from "../testing/http.ts";
import { registryDouble } from "../testing/registry-double.ts";
import { openView, type View } from "../view/view.ts";
import { hotReads, isHotRead } from "./hot-reads.ts";
import { mlflowErrorBody, mlflowFailure } from "./mlflow-error.ts";

let server: Server | undefined;
let view: View | undefined;
afterEach(async () => {
  server?.close();
  await view?.close();
});

const version = (number = 1, more = {}) => ({
  version: { model: "titanic", modelId: "m", number, stage: Stage.NONE, downloadUri: "mlflow-artifacts:/a", ...more },
});

async function setUp({ staleAfterMs = 60_000, refuseAfterMs = 60_000 } = {}) {
  const registry = registryDouble();
  view = openView(registry.client, { staleAfterMs, refuseAfterMs }, [], pino({ level: "silent" }));
  await view.reached(registry.head());
  const hot = hotReads({ view, registry: registry.client });
  const counts = { memory: 0, registry: 0 };
  server = createServer((request, response) => {
    if (hot.answerFromMemory(request, response)) {
      counts.memory += 1;
      return;
    }
    counts.registry += 1;
    hot.answer(request, response).catch((error: unknown) => {
      const failure = mlflowFailure(error);
      response.writeHead(failure.status).end(mlflowErrorBody(failure));
    });
  });
  const base = await listening(server);
  const get = async (path: string) => {
    const answer = await ask(base, `/api/2.0/mlflow/${path}`);
    return { ...answer, body: JSON.parse(answer.text) };
  };
  const change = async (model = "m") => {
    registry.change(model);
    await view!.reached(registry.head());
  };
  return { registry, get, counts, change };
}

describe("reads of one version", () => {
  it("come from memory until the model changes, and not only until another one does", async () => {
    const { registry, get, counts, change } = await setUp();
    registry.resolved.set("titanic@champion", version(1));
    for (let n = 0; n < 2; n++)
      expect((await get("registered-models/alias?name=titanic&alias=champion")).body.model_version.version).toBe("1");
    await change("other");
    await get("registered-models/alias?name=titanic&alias=champion");
    expect(counts).toEqual({ memory: 2, registry: 1 });
    registry.resolved.set("titanic@champion", version(2));
    await change();
    expect((await get("registered-models/alias?name=titanic&alias=champion")).body.model_version.version).toBe("2");
    expect(counts).toEqual({ memory: 2, registry: 2 });
  });

  it("of get and get-download-uri stand on one remembered resolution", async () => {
    const { registry, get } = await setUp();
    registry.resolved.set("titanic/1", version());
    expect((await get("model-versions/get?name=titanic&version=1")).body.model_version).toMatchObject({
      name: "titanic",
    });
    expect((await get("model-versions/get-download-uri?name=titanic&version=1")).body).toEqual({
      artifact_uri: "mlflow-artifacts:/a",
    });
    expect(registry.asked).toEqual(["titanic/1"]);
  });

  it.each([
    ["version=x", 400, "Parameter 'version' must be an integer, got 'x'."],
    ["version=1.0", 400, "Parameter 'version' must be an integer, got '1.0'."],
    ["version=", 400, "Missing value for required parameter 'version'."],
    ["version=1&name=again", 400, `Invalid value ["titanic","again"] for parameter 'name' supplied.`],
    ["version=-1", 404, "Model Version (name=titanic, version=-1) not found"],
    ["version=99999999999999999999", 404, "Model Version (name=titanic, version=99999999999999999999) not found"],
  ])("with %s are refused with %i", async (query, status, message) => {
    const { get, registry } = await setUp();
    const answer = await get(`model-versions/get?name=titanic&${query}`);
    expect([answer.status, answer.body.message]).toEqual([status, message]);
    expect(registry.asked).toEqual([]);
  });

  it("take nothing for a name that would be another part of a URI", async () => {
    const { get, registry } = await setUp();
    const attempts = [
      "registered-models/alias?name=titanic&alias=blake3:00",
      "registered-models/alias?name=titanic&alias=a/b",
      "registered-models/alias?name=titanic&alias=a@b",
      "registered-models/alias?name=models:/titanic&alias=champion",
      "model-versions/get?name=runs:/0&version=1",
      "model-versions/get-download-uri?name=a/b&version=1",
    ];
    for (const attempt of attempts) expect((await get(attempt)).status, attempt).toBe(400);
    expect(registry.asked).toEqual([]);
  });

  it("know `latest` as the alias of the highest version", async () => {
    const { registry, get } = await setUp();
    registry.resolved.set("titanic/latest", version(7));
    expect((await get("registered-models/alias?name=titanic&alias=LATEST")).body.model_version.version).toBe("7");
  });

  it("keep names of every script, and state the length in bytes", async () => {
    const { registry, get, counts } = await setUp();
    registry.resolved.set("模型 50% a+b@champion", version(1, { model: "模型 50% a+b" }));
    const path = "registered-models/alias?name=%E6%A8%A1%E5%9E%8B+50%25%20a%2Bb&alias=champion";
    for (let n = 0; n < 2; n++) {
      const { body, headers, bytes } = await get(path);
      expect(body.model_version.name).toBe("模型 50% a+b");
      expect(Number(headers["content-length"])).toBe(bytes.length);
    }
    expect(counts).toEqual({ memory: 1, registry: 1 });
  });

  it("say how old they are when the registry is silent, and are refused when it is so for too long", async () => {
    const { registry, get } = await setUp({ staleAfterMs: 100, refuseAfterMs: 1_500 });
    registry.resolved.set("titanic/1", version());
    const path = "model-versions/get?name=titanic&version=1";
    expect((await get(path)).headers.age).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await get(path)).toMatchObject({ status: 200, headers: { age: "1" } });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(await get(path)).toMatchObject({ status: 503, body: { error_code: "TEMPORARILY_UNAVAILABLE" } });
  });
});

describe("reads of a model", () => {
  it("come from memory until the model changes", async () => {
    const { registry, get, counts, change } = await setUp();
    registry.models.set("titanic", { model: { id: "m", name: "titanic", tags: { a: "1" }, aliases: { champion: 3 } } });
    for (let n = 0; n < 2; n++)
      expect((await get("registered-models/get?name=titanic")).body).toEqual({
        registered_model: {
          name: "titanic",
          tags: [{ key: "a", value: "1" }],
          aliases: [{ alias: "champion", version: "3" }],
        },
      });
    expect(counts).toEqual({ memory: 1, registry: 1 });
    registry.models.set("titanic", { model: { id: "m", name: "titanic", tags: { a: "2" } } });
    await change();
    expect((await get("registered-models/get?name=titanic")).body.registered_model.tags[0].value).toBe("2");
  });
});

describe("searches", () => {
  it("come from memory until any model changes", async () => {
    const { registry, get, counts, change } = await setUp();
    const path = "model-versions/search?filter=name%3D'titanic'&max_results=10&order_by=name&order_by=version_number";
    for (let n = 0; n < 2; n++) expect((await get(path)).body).toEqual({});
    expect(registry.searched).toMatchObject([
      { filter: "name='titanic'", pageSize: 10, orderBy: ["name", "version_number"] },
    ]);
    await change("");
    await get(path);
    expect(counts).toEqual({ memory: 2, registry: 1 });
    await change("another");
    await get(path);
    expect(counts).toEqual({ memory: 2, registry: 2 });
  });

  it("are not remembered if a change overtook the answer", async () => {
    const { registry, get, counts, change } = await setUp();
    registry.beforeSearch = () => change();
    for (let n = 0; n < 2; n++) await get("model-versions/search");
    expect(counts).toEqual({ memory: 0, registry: 2 });
  });

  it.each([0, -1, 4294967296])("for %i hits are refused", async (n) => {
    const { get } = await setUp();
    for (const what of ["registered-models", "model-versions"])
      expect(await get(`${what}/search?max_results=${n}`)).toMatchObject({
        status: 400,
        body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(`Invalid value "${n}" for`) },
      });
  });
});

describe("isHotRead", () => {
  it.each([
    ["GET", "/api/2.0/mlflow/registered-models/alias?name=a", true],
    ["HEAD", "/ajax-api/2.0/mlflow/registered-models/get", true],
    ["POST", "/api/2.0/mlflow/registered-models/alias", false],
    ["GET", "/api/2.0/mlflow/registered-models/alias/x", false],
    ["GET", "/api/2.0/mlflow/registered-models/get-latest-versions", false],
  ])("of %s %s is %s", (method, url, expected) => {
    expect(isHotRead({ method, url } as Parameters<typeof isHotRead>[0])).toBe(expected);
  });
});
