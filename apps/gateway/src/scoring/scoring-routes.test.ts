import { AppError } from "@mintmark/errors";
import type { NumberColumn } from "@mintmark/ml-core/base/preprocessing";
import type { Predictor } from "@mintmark/model-package/predictor";
import { score } from "@mintmark/model-runtime/scoring/score";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type InjectOptions } from "fastify";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bodyKeeper } from "../body-pieces.ts";
import { sendFailure } from "../failures.ts";
import { scoringRoutes } from "./scoring-routes.ts";
import type { ServedModels } from "./served-models.ts";

/** Doubles `a`, and repeats what it was given as `b`. */
const a = { name: "a", type: "number", optional: true } as const;
const b = { name: "b", type: "text", optional: true } as const;
const predictor: Predictor = {
  inputs: [a, b].map((column) => ({ name: column.name, type: column.type, column })),
  schema: { columns: [a, b] },
  outputs: [
    { name: "prediction", type: "number" },
    { name: "said", type: "text" },
  ],
  predict: ([a, b]) => [
    { name: "prediction", type: "number", values: (a as NumberColumn).values.map((value) => 2 * value) },
    { name: "said", type: "text", values: b!.values as readonly string[] },
  ],
  rowWork: 1,
} as Predictor;

const models: Pick<ServedModels, "get"> = {
  get: async (uri) => {
    if (uri === "broken") throw new Error("a secret of ours");
    if (uri === "untrusted")
      throw new AppError("MODEL_NOT_TRUSTED", { model: "untrusted", version: 1, problems: "no signature" });
    if (uri === "damaged") throw new AppError("PULLED_FILE_DIFFERS", { path: "model.onnx" });
    if (!known.has(uri)) throw new AppError("MODEL_NOT_FOUND", { model: uri });
    const { schema } = predictor;
    const model = uri === "latin" ? { ...predictor, schema: { ...schema, encoding: "latin1" } } : predictor;
    return {
      version: undefined as never,
      model: { signature: model, score: async (body) => score(model, body, 10_000), unload: () => {} },
    };
  },
};
const known = new Set(["x@champion", "latin", "模型@champion", "my model/3", `${"n".repeat(255)}@champion`]);

const logged: string[] = [];
let app: FastifyInstance;
beforeAll(async () => {
  app = Fastify({
    loggerInstance: pino({ level: "error" }, { write: (line) => logged.push(line) }) as FastifyBaseLogger,
    frameworkErrors: sendFailure,
  });
  app.setErrorHandler(sendFailure);
  await app.register((scope) =>
    scoringRoutes(scope, {
      models,
      bodies: bodyKeeper({ room: 1_000_000, arrivalMs: 60_000 }),
      limits: { bodyBytes: 100_000 },
    }),
  );
});
afterAll(() => app.close());

const post = (body: string, contentType: string | undefined = "application/json", uri = "x@champion") =>
  app.inject({
    method: "POST",
    url: `/serve/${uri}/invocations`,
    payload: body,
    headers: contentType === undefined ? {} : { "content-type": contentType },
  });
const records = (...rows: object[]) => JSON.stringify({ dataframe_records: rows });

describe("/serve/URI/…", () => {
  it.each(["ping", "health"])("%s answers a line feed for a model that is loaded", async (action) => {
    const answer = await app.inject(`/serve/x@champion/${action}`);
    expect([answer.statusCode, answer.body]).toEqual([200, "\n"]);
    expect((await app.inject(`/serve/y/${action}`)).json()).toMatchObject({ error_code: "RESOURCE_DOES_NOT_EXIST" });
  });

  it("version answers MLflow's", async () => {
    const answer = await app.inject("/serve/x@champion/version");
    expect([answer.statusCode, answer.body]).toEqual([200, "3.17.2"]);
  });

  it.each([
    ["GET", "/serve/x@champion/invocations", 405, "POST"],
    ["PUT", "/serve/x@champion/invocations", 405, "POST"],
    ["POST", "/serve/x@champion/ping", 405, "GET, HEAD"],
    ["DELETE", "/serve/x@champion/version", 405, "GET, HEAD"],
    ["GET", "/serve/x@champion/else", 404, undefined],
    ["POST", "/serve/x@champion", 404, undefined],
    ["GET", "/serve/", 404, undefined],
  ] as const)("%s %s is answered with %i", async (method, url, status, allow) => {
    const answer = await app.inject({ method, url } as InjectOptions);
    expect([answer.statusCode, answer.headers["allow"]]).toEqual([status, allow]);
    expect(answer.json()).toHaveProperty("detail");
  });

  it.each([
    "x%40champion",
    "models:/x@champion",
    "%E6%A8%A1%E5%9E%8B%40champion",
    "my%20model/3",
    "my%20model%2F3",
    `${"n".repeat(255)}@champion`,
  ])("takes %s for a name", async (uri) => {
    known.add("models:/x@champion");
    expect((await app.inject(`/serve/${uri}/ping`)).statusCode).toBe(200);
  });
});

describe("POST invocations", () => {
  it.each([
    ["records", records({ a: 1, b: "x" }, { b: null, a: "2" })],
    [
      "split, in another order and with a column more",
      '{"dataframe_split":{"columns":["b","z","a"],"data":[["x",0,1],[null,0,2]]}}',
    ],
    ["inputs", '{"inputs":{"a":[1,2],"b":["x",null]}}'],
    ["instances", '{"instances":[{"a":1,"b":"x"},{"a":2,"b":""}],"params":[1]}'],
  ])("answers rows to %s", async (_, body) => {
    const answer = await post(body);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.json()).toEqual({
      predictions: [
        { prediction: 2, said: "x" },
        { prediction: 4, said: "" },
      ],
    });
  });

  it("answers rows to CSV, and null where a number is missing", async () => {
    const answer = await post('a,b\n1,"x, y"\n,z\n', "text/csv; charset=UTF-8");
    expect(answer.json()).toEqual({
      predictions: [
        { prediction: 2, said: "x, y" },
        { prediction: null, said: "z" },
      ],
    });
  });

  it("answers many rows as it answers one", async () => {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ a: n, b: `${n}` }));
    const expected = rows.map(({ a, b }) => ({ prediction: 2 * a, said: b }));
    expect((await post(records(...rows))).json()).toEqual({ predictions: expected });
    const csv = `a,b\n${rows.map(({ a, b }) => `${a},${b}`).join("\n")}`;
    expect((await post(csv, "text/csv")).json()).toEqual({ predictions: expected });
    expect((await post("a,b\n", "text/csv")).json()).toEqual({ predictions: [] });
  });

  it.each([
    ["no JSON", "{", "BAD_REQUEST"],
    ["nothing", "", "BAD_REQUEST"],
    ["a list", "[1]", "BAD_REQUEST"],
    ["two forms", '{"inputs":[],"instances":[]}', "BAD_REQUEST"],
    ["a missing input", records({ a: 1 }), "INVALID_PARAMETER_VALUE"],
    ["a value that is no number", records({ a: "one", b: "x" }), "INVALID_PARAMETER_VALUE"],
    ["no rows", '{"dataframe_records":[]}', "INVALID_PARAMETER_VALUE"],
  ])("refuses %s with 400", async (_, body, code) => {
    const answer = await post(body);
    expect([answer.statusCode, answer.json().error_code]).toEqual([400, code]);
    expect(answer.json().message).not.toBe("");
  });

  it.each([
    [undefined],
    ["text/plain"],
    ["application/json; charset=latin1"],
    ["application/json; version=1"],
    ["application/x-www-form-urlencoded"],
  ])("refuses the content type %s with 415", async (contentType) => {
    const answer = await app.inject({
      method: "POST",
      url: "/serve/x@champion/invocations",
      payload: Buffer.from("{}"),
      headers: contentType === undefined ? {} : { "content-type": contentType },
    });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([415, "text/plain"]);
  });

  it("says when the body is larger than it takes, and when the length is not true", async () => {
    const large = await app.inject({
      method: "POST",
      url: "/serve/x@champion/invocations",
      headers: { "content-type": "text/csv", "content-length": "100001" },
      payload: "a",
    });
    expect([large.statusCode, large.json().error_code]).toEqual([413, "REQUEST_LIMIT_EXCEEDED"]);
    expect(large.json().message).toMatch(/has 100001 bytes or more, at most 100000 are taken here/);
  });

  it("answers what is not found, not trusted, and our own faults each in MLflow's terms, and logs the last", async () => {
    logged.length = 0;
    const uris = ["y", "untrusted", "damaged", "broken", "%zz"];
    const answers = await Promise.all(uris.map((uri) => post("{}", undefined, uri)));
    expect(answers.map((answer) => [answer.statusCode, answer.json().error_code])).toEqual([
      [404, "RESOURCE_DOES_NOT_EXIST"],
      [400, "INVALID_STATE"],
      [500, "DATA_LOSS"],
      [500, "INTERNAL_ERROR"],
      [400, "INVALID_PARAMETER_VALUE"],
    ]);
    expect(answers[3]!.body).not.toContain("secret");
    expect(logged.map((line) => JSON.parse(line).err.message).sort()).toEqual([
      "'model.onnx' came from the registry with other bytes than its digest names",
      "a secret of ours",
    ]);
  });

  it("takes UTF-8, and UTF-16 with its mark; other bytes are refused, not guessed at", async () => {
    const url = "/serve/x@champion/invocations";
    const ask = (payload: Buffer, type: string) =>
      app.inject({ method: "POST", url, payload, headers: { "content-type": type } });
    const utf16 = await ask(Buffer.from("\uFEFFa,b\n1,K\u00f6ln\n", "utf16le"), "text/csv");
    expect([utf16.statusCode, utf16.json().predictions[0].said]).toEqual([200, "K\u00f6ln"]);
    const swapped = await ask(Buffer.from("\uFEFFa,b\n1,K\u00f6ln\n", "utf16le").swap16(), "text/csv");
    expect([swapped.statusCode, swapped.json().predictions?.[0].said]).toEqual([200, "K\u00f6ln"]);
    for (const [text, type] of [
      ["a,b\n1,K\u00f6ln\n", "text/csv"],
      ['{"inputs":{"a":[1],"b":["K\u00f6ln"]}}', "application/json"],
    ] as const) {
      const answer = await ask(Buffer.from(text, "latin1"), type);
      expect([answer.statusCode, answer.json().message]).toEqual([400, "the body is not UTF-8"]);
    }
  });

  it("takes CSV as the model's data was written, as predict --data does, unless a mark or a charset says otherwise", async () => {
    const ask = (payload: Buffer, type: string, uri = "latin") =>
      app.inject({ method: "POST", url: `/serve/${uri}/invocations`, payload, headers: { "content-type": type } });
    const said = async (...args: Parameters<typeof ask>) => (await ask(...args)).json().predictions[0].said;
    // Valid UTF-8, and yet other letters in latin1.
    const bytes = Buffer.from("a,b\n1,\u00c3\u00b6\n", "latin1");
    expect(await said(bytes, "text/csv")).toBe("\u00c3\u00b6");
    expect(await said(bytes, "text/csv; charset=utf-8")).toBe("\u00f6");
    expect(await said(Buffer.concat([Buffer.from("\uFEFF"), bytes]), "text/csv")).toBe("\u00f6");
    expect(await said(Buffer.from('{"inputs":{"a":[1],"b":["\u00f6"]}}'), "application/json")).toBe("\u00f6");
  });
});
