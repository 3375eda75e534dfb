import { manifestBytes } from "@mintmark/crypto/manifest";
import { documentNames, verifyModel } from "@mintmark/crypto/verify-model";
import type { Document } from "@mintmark/proto/mintmark/registry/v1/version";
import type { CreateVersionRequest } from "@mintmark/proto/mintmark/registry/v1/version_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { putFile } from "../files/put-file.ts";
import { registerText, uploadArtifact } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
let experiment = "";
let run = "";
let otherRun = "";
let loggedModel = "";
let emptyModel = "";
const client = () => registry.client;
const versions = () => registry.client.versions;
const unknown = "0".repeat(32);
const mlmodel = "flavors:\n  python_function:\n    env: x\n  sklearn:\n    code: null\nsignature:\n  inputs: 'a'\n";

beforeAll(async () => {
  registry = await testRegistry();
  experiment = (await client().experiments.createExperiment({ name: "iris" })).experiment!.id;
  run = await newRun();
  otherRun = await newRun();
  loggedModel = await newLoggedModel(run);
  emptyModel = await newLoggedModel("");
  await upload(`${experiment}/models/${loggedModel}/artifacts/MLmodel`, mlmodel);
  await upload(`${experiment}/models/${loggedModel}/artifacts/data/model.pkl`, "weights");
  await upload(`${experiment}/${run}/artifacts/model/MLmodel`, mlmodel);
  await upload(`${experiment}/${run}/artifacts/modelx/not-of-it.txt`, "x");
  for (const name of ["iris", "copies"]) await client().models.createModel({ name });
});
afterAll(() => registry.close());

describe("CreateVersion", () => {
  it("freezes the files of a logged model, signs them, and takes run, flavor and link from it", async () => {
    const { version } = await create({
      source: `models:/${loggedModel}`,
      loggedModelId: loggedModel,
      description: "d",
      tags: { k: "v" },
      runLink: "https://elsewhere/run",
    });
    const location = `mlflow-artifacts:/${experiment}/models/${loggedModel}/artifacts`;
    expect(version).toMatchObject({
      semver: "1.0.0",
      runId: run,
      loggedModelId: loggedModel,
      source: `models:/${loggedModel}`,
      downloadUri: location,
      runLink: "https://elsewhere/run",
      modelType: "sklearn",
      signedBy: [],
      description: "d",
      tags: { k: "v" },
      sizeBytes: BigInt(mlmodel.length + "weights".length),
    });
    const { files, verification, documents } = await delivered("iris/1");
    expect(files.map(({ path }) => path)).toEqual(["MLmodel", "data/model.pkl"]);
    expect(verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(verification.checks.find(({ name }) => name === "model.sig")?.detail).toMatch(/uploaded through MLflow/);
    expect(JSON.parse(Buffer.from(documents.get("model_card.json")!).toString())).toMatchObject({
      model_type: "sklearn",
      provenance: { digest: version!.digest, run },
    });
    await expect(upload(`${experiment}/models/${loggedModel}/artifacts/late.txt`, "late")).rejects.toMatchObject({
      reason: "FOLDER_FROZEN",
    });
    await expect(upload(`${experiment}/models/${loggedModel}/artifacts/MLmodel`, "other")).rejects.toMatchObject({
      reason: "FOLDER_FROZEN",
    });
  });

  it("makes one version of calls that bear one request id, at once and later", async () => {
    await client().models.createModel({ name: "again" });
    const request = { model: "again", source: "s3://elsewhere/model", requestId: crypto.randomUUID() };
    const made = await Promise.all(Array.from({ length: 20 }, () => create(request)));
    expect(new Set(made.map(({ version }) => version!.number))).toEqual(new Set([1]));
    expect((await create(request)).version).toEqual(made[0]!.version);
    expect((await versions().listVersions({ model: "again" })).versions).toHaveLength(1);

    expect((await create({ ...request, requestId: crypto.randomUUID() })).version!.number).toBe(2);
    expect((await create({ ...request, requestId: "" })).version!.number).toBe(3);
    await client().models.createModel({ name: "again-elsewhere" });
    expect((await create({ ...request, model: "again-elsewhere" })).version!.model).toBe("again-elsewhere");
    expect(await failureOf(create({ ...request, requestId: "1" }))).toMatchObject({ reason: "REQUEST_INVALID" });
  });

  it("answers a request that is repeated with its version when that is deleted meanwhile", async () => {
    await client().models.createModel({ name: "gone" });
    const request = { model: "gone", source: "s3://elsewhere/model", requestId: crypto.randomUUID() };
    await create(request);
    await versions().deleteVersion({ model: "gone", number: 1 });
    expect((await create(request)).version!.number).toBe(1);
  });

  it("takes a folder of the named run, and leaves its neighbours open", async () => {
    const source = `mlflow-artifacts:/${experiment}/${run}/artifacts/model`;
    const { version } = await create({ source, runId: run });
    expect(version).toMatchObject({ source, downloadUri: source, runId: run, modelType: "sklearn" });
    expect((await delivered(`iris/${version!.number}`)).files.map(({ path }) => path)).toEqual(["MLmodel"]);
    await upload(`${experiment}/${run}/artifacts/modelx/more.txt`, "more");
  });

  it("finds the files of runs:/ and answers its URI as it is", async () => {
    const source = `runs:/${run}/model`;
    const { version } = await create({ source, runId: run });
    expect(version).toMatchObject({ source, downloadUri: source, runId: run });
    expect(version?.digest).toMatch(/^blake3:/);
  });

  it.each([
    ["s3://bucket/model", {}],
    ["https://example.com/model", {}],
    ["dummy-source", { tags: { "mlflow.prompt.is_prompt": "true" } }],
  ])("gives %s no digest, no documents and no card", async (source, more) => {
    const { version } = await create({ source, ...more });
    expect(version).toMatchObject({ source, downloadUri: source, digest: "", sizeBytes: 0n, runId: "" });
    const content = await versions().getVersionContent({ uri: `iris/${version!.number}` });
    expect([content.files, content.documents]).toEqual([[], []]);
  });

  it("gives a logged model or run without files no digest, and does not freeze it", async () => {
    const { version } = await create({ source: `models:/${emptyModel}`, loggedModelId: emptyModel });
    expect(version).toMatchObject({ digest: "", runId: "", loggedModelId: emptyModel });
    await upload(`${experiment}/models/${emptyModel}/artifacts/MLmodel`, mlmodel);
    const nothing = await create({ source: `runs:/${run}/nothing`, runId: run });
    expect(nothing.version).toMatchObject({ digest: "", runId: run });
  });

  it("keeps the id of a run that is not here", async () => {
    for (const runId of [unknown, "abc", "a-b-c"]) {
      const { version } = await create({ source: `runs:/${runId}/model`, runId });
      expect(version).toMatchObject({ runId, digest: "" });
    }
  });

  it("copies a version: files, digest, run, logged model and location of the original", async () => {
    const original = (await create({ source: `models:/${loggedModel}`, loggedModelId: loggedModel })).version!;
    const source = `models:/iris/${original.number}`;
    const { version } = await create({ model: "copies", source });
    expect(version).toMatchObject({
      source,
      digest: original.digest,
      downloadUri: original.downloadUri,
      runId: run,
      loggedModelId: loggedModel,
      modelType: "sklearn",
    });
    const again = (await create({ model: "copies", source: `models:/copies/latest`, runId: run })).version!;
    expect(again).toMatchObject({ source: `models:/copies/${version!.number}`, downloadUri: original.downloadUri });
    expect((await delivered(`copies/${again.number}`)).verification.checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it("copies what its maker signed with the signatures", async () => {
    const { version: original } = await registerText(client(), registry.keys, "signed", "w");
    const { version } = await create({ model: "copies", source: "models:/signed/1" });
    expect(version).toMatchObject({ digest: original!.digest, signedBy: original!.signedBy });
    expect(version?.downloadUri).toBe(`mlflow-artifacts:/registry/${original!.modelId}/1`);
    const { verification } = await delivered(`copies/${version!.number}`);
    expect(verification.checks.find(({ name }) => name === "model.sig")?.detail).toMatch(/^ecdsa-p256 key/);
    expect(verification.ok).toBe(true);
  });

  it("leads in the lineage from the run over the logged model to the version, and on to its copy", async () => {
    const { version } = await create({ model: "copies", source: "models:/iris/1" });
    const { edges } = await client().lineage.getLineage({ uri: `copies/${version!.number}` });
    expect(edges.map(({ from, to, role }) => `${from?.id} ${role} ${to?.id}`)).toEqual([
      `iris/1 copy copies/${version!.number}`,
      `${loggedModel} output iris/1`,
      `${run} output ${loggedModel}`,
    ]);
  });

  it("makes a new minor version where nothing can be compared", async () => {
    await client().models.createModel({ name: "minor" });
    const made = await Promise.all([1, 2].map(() => create({ model: "minor", source: "s3://bucket/same" })));
    expect(made.map(({ version }) => version?.semver).sort()).toEqual(["1.0.0", "1.1.0"]);
    const { version } = await registerText(client(), registry.keys, "minor", "w");
    expect(version?.semver).toBe("1.2.0");
    expect((await create({ model: "minor", source: "models:/minor/3" })).version?.semver).toBe("1.2.1");
  });

  it("records one event, which names the source", async () => {
    const { version } = await create({ source: "s3://bucket/event" });
    const { events } = await client().events.listEvents({ model: "iris", pageSize: 1000 });
    const [event] = events.filter(({ detail }) => detail?.["source"] === "s3://bucket/event");
    expect(event).toMatchObject({ kind: "version.registered", detail: { version: version!.number } });
    expect(event?.detail?.["digest"]).toBeUndefined();
  });

  it("numbers 30 racing calls without a gap, also of one folder", async () => {
    await client().models.createModel({ name: "raced" });
    const source = `models:/${loggedModel}`;
    const calls = Array.from({ length: 30 }, () => create({ model: "raced", source, loggedModelId: loggedModel }));
    const numbers = (await Promise.all(calls)).map(({ version }) => version!.number);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    expect(registry.unexpected).toEqual([]);
  });

  it("holds exactly what its folder holds, however many uploads race with it", async () => {
    const id = await newLoggedModel(run);
    const folder = `${experiment}/models/${id}/artifacts`;
    await upload(`${folder}/MLmodel`, mlmodel);
    const uploads = Array.from({ length: 30 }, (_, i) => upload(`${folder}/d/${i % 20}.txt`, String(i)));
    const creating = create({ source: `models:/${id}`, loggedModelId: id });
    const done = await Promise.allSettled(uploads);
    const { version } = await creating;
    const refused = done.filter((result) => result.status === "rejected").map(({ reason }) => reason.reason);
    expect(refused.filter((reason) => reason !== "FOLDER_FROZEN")).toEqual([]);
    const { rows } = await registry.database.pool.query<{ path: string; blake3: string }>(
      "select path, encode(blake3, 'hex') as blake3 from mintmark.stored_file where path like $1",
      [`${folder}/%`],
    );
    const kept = rows.map(({ path, blake3 }) => [path.slice(folder.length + 1), blake3]);
    const { files } = await versions().getVersionContent({ uri: `iris/${version!.number}` });
    expect(files.map(({ path, blake3 }) => [path, blake3]).toSorted()).toEqual(kept.toSorted());
  });

  it("refuses a folder with names that not every system can keep, and freezes nothing", async () => {
    const id = await newLoggedModel(run);
    await upload(`${experiment}/models/${id}/artifacts/.git/config`, "x");
    expect(await failureOf(create({ source: `models:/${id}`, loggedModelId: id }))).toMatchObject({
      code: "InvalidArgument",
      reason: "SOURCE_INVALID",
    });
    await upload(`${experiment}/models/${id}/artifacts/more.txt`, "x");
  });

  const artifacts = () => `mlflow-artifacts:/${experiment}/${run}/artifacts`;
  it.each<[string, () => Partial<CreateVersionRequest>, string]>([
    ["a missing source", () => ({}), "REQUEST_INVALID"],
    ["a model that is not there", () => ({ model: "nobody", source: "s3://b/p" }), "MODEL_NOT_FOUND"],
    ["a logged model that is not named", () => ({ source: `models:/${loggedModel}` }), "SOURCE_INVALID"],
    [
      "another than the named one",
      () => ({ source: `models:/${loggedModel}`, loggedModelId: emptyModel }),
      "SOURCE_INVALID",
    ],
    [
      "an unknown logged model",
      () => ({ source: `models:/m-${unknown}`, loggedModelId: `m-${unknown}` }),
      "LOGGED_MODEL_NOT_FOUND",
    ],
    [
      "an unknown logged model beside a URI",
      () => ({ source: "s3://b/p", loggedModelId: "m-1" }),
      "LOGGED_MODEL_NOT_FOUND",
    ],
    ["a run that is not named", () => ({ source: `runs:/${run}/model` }), "SOURCE_INVALID"],
    ["another run than the named one", () => ({ source: `runs:/${run}/model`, runId: otherRun }), "SOURCE_INVALID"],
    [
      "a run with a logged model",
      () => ({ source: `runs:/${run}/model`, runId: run, loggedModelId: loggedModel }),
      "SOURCE_INVALID",
    ],
    ["files without their run", () => ({ source: artifacts() }), "SOURCE_INVALID"],
    ["files of another run", () => ({ source: artifacts(), runId: otherRun }), "SOURCE_INVALID"],
    ["files of an unknown run", () => ({ source: artifacts(), runId: unknown }), "SOURCE_INVALID"],
    ["a folder beside the run's", () => ({ source: `${artifacts()}x`, runId: run }), "SOURCE_INVALID"],
    ["a path that climbs", () => ({ source: `${artifacts()}/%252e%252e/x`, runId: run }), "SOURCE_INVALID"],
    [
      "files of a logged model as a run's",
      () => ({ source: `mlflow-artifacts:/${experiment}/models/${loggedModel}/artifacts`, runId: run }),
      "SOURCE_INVALID",
    ],
    [
      "files of another logged model",
      () => ({ source: `mlflow-artifacts:/${experiment}/models/${loggedModel}/artifacts`, loggedModelId: emptyModel }),
      "SOURCE_INVALID",
    ],
    [
      "files of an unknown logged model",
      () => ({ source: artifacts(), loggedModelId: `m-${unknown}` }),
      "SOURCE_INVALID",
    ],
    ["a copy of a missing version", () => ({ source: "models:/iris/99999" }), "VERSION_NOT_FOUND"],
    ["a copy of a missing model", () => ({ source: "models:/nobody/1" }), "MODEL_NOT_FOUND"],
    ["a copy by a missing alias", () => ({ source: "models:/iris@nobody" }), "ALIAS_NOT_FOUND"],
    ["a copy by a stage that is empty", () => ({ source: "models:/iris/Production" }), "NOTHING_RESOLVED"],
    ["a copy under another run", () => ({ source: "models:/iris/1", runId: otherRun }), "SOURCE_INVALID"],
    ["a local path", () => ({ source: "/etc/passwd", runId: run }), "SOURCE_INVALID"],
    ["too long a run id", () => ({ source: "s3://b/p", runId: "x".repeat(257) }), "REQUEST_INVALID"],
  ])("refuses %s", async (_, request, reason) => {
    const before = (await client().models.getModel({ name: "iris" })).model?.latestVersion;
    expect(await failureOf(create({ source: "", ...request() }))).toMatchObject({ reason });
    expect((await client().models.getModel({ name: "iris" })).model?.latestVersion).toBe(before);
  });

  it("refuses files for a prompt, and a copy of one", async () => {
    const tags = { "mlflow.prompt.is_prompt": "true" };
    expect(await failureOf(create({ source: "s3://b/p", tags }))).toMatchObject({ reason: "SOURCE_INVALID" });
    const { version } = await create({ source: "dummy-source", tags });
    const source = `models:/iris/${version!.number}`;
    expect(await failureOf(create({ model: "copies", source }))).toMatchObject({ reason: "SOURCE_INVALID" });
  });

  it("does not stand in the way of the registration of its run", async () => {
    await client().models.createModel({ name: "of-run" });
    await create({ model: "of-run", source: "s3://b/p", runId: otherRun });
    const made = await uploadArtifact(client(), registry.keys, { "w.txt": "w" });
    const { version, created } = await versions().registerVersion({ model: "of-run", ...made, runId: otherRun });
    expect([version?.number, created]).toEqual([2, true]);
  });

  it("gives the number and the semantic version that it had elsewhere, and never those in between", async () => {
    await client().models.createModel({ name: "moved" });
    const { version } = await create({ model: "moved", source: "s3://b/p", number: 3, semver: "2.1.0" });
    expect(version).toMatchObject({ number: 3, semver: "2.1.0" });
    expect(await failureOf(create({ model: "moved", source: "s3://b/p", number: 2 }))).toMatchObject({
      reason: "VERSION_NUMBER_TAKEN",
      message: expect.stringContaining("the next is 4"),
    });
    const next = await create({ model: "moved", source: "s3://b/p" });
    expect(next.version).toMatchObject({ number: 4, semver: "2.2.0" });
  });

  it("takes no number after which none would be left, and says so where a model has one", async () => {
    await client().models.createModel({ name: "full" });
    const elsewhere = { model: "full", source: "s3://b/p" };
    const beyond = await failureOf(create({ ...elsewhere, number: 1_000_000_001 }));
    expect(beyond).toMatchObject({ reason: "REQUEST_INVALID", message: expect.stringContaining("1000000000") });
    const { version } = await create({ ...elsewhere, number: 1_000_000_000 });
    expect((await versions().getVersion({ uri: "full/1000000000" })).version).toEqual(version);
    expect((await create(elsewhere)).version!.number).toBe(1_000_000_001);
    await registry.database.owner.pool.query(
      "update mintmark.model_head set last_version = 2147483647 where last_version > 1e9",
    );
    expect(await failureOf(create(elsewhere))).toMatchObject({
      code: "FailedPrecondition",
      reason: "VERSION_NUMBERS_USED_UP",
    });
  });

  it("keeps what another registry stated of it; a copy goes without", async () => {
    const { documents } = await delivered("iris/1");
    const content = documents.get(documentNames.registration)!;
    const source = `mlflow-artifacts:/${experiment}/${run}/artifacts/model`;
    const origin = { name: documentNames.origin, content } as Document;
    const { version } = await create({ source, runId: run, documents: [origin] });
    const kept = await delivered(`iris/${version!.number}`);
    expect(kept.documents.get(documentNames.origin)).toEqual(content);
    expect(kept.verification.checks.filter(({ ok }) => !ok)).toEqual([]);
    const copy = await create({ source: `models:/iris/${version!.number}` });
    expect((await delivered(`iris/${copy.version!.number}`)).documents.has(documentNames.origin)).toBe(false);
    for (const document of [
      { ...origin, content: Buffer.from("no statement") },
      { ...origin, name: documentNames.card },
    ])
      expect(await failureOf(create({ source, runId: run, documents: [document] }))).toMatchObject({
        reason: "REQUEST_INVALID",
      });
  });

  it("never changes, whoever writes", async () => {
    const { pool } = registry.database.owner;
    await expect(pool.query("update mintmark.version set source = 'x'")).rejects.toMatchObject({ code: "MM001" });
    await expect(pool.query("delete from mintmark.frozen_folder")).rejects.toMatchObject({ code: "MM001" });
  });
});

function create(request: Partial<CreateVersionRequest>) {
  const { $typeName: _, $unknown: __, ...fields } = request as CreateVersionRequest;
  return versions().createVersion({ ...fields, model: request.model ?? "iris" });
}

async function newRun(): Promise<string> {
  return (await client().runs.createRun({ experimentId: experiment })).run!.id;
}

async function newLoggedModel(sourceRunId: string): Promise<string> {
  const { model } = await client().loggedModels.createLoggedModel({ experimentId: experiment, name: "m", sourceRunId });
  return model!.id;
}

function upload(path: string, text: string) {
  return putFile(
    registry.deps,
    { path, actor: "test" },
    (async function* () {
      yield Buffer.from(text);
    })(),
  );
}

/** What a client gets of a version, verified as it would do it. */
async function delivered(uri: string) {
  const { version, files: listed, documents: sent } = await versions().getVersionContent({ uri });
  const files = listed.map((file) => ({ ...file, size: Number(file.size) }));
  const documents = new Map(sent.map(({ name, content }) => [name, content]));
  documents.set(documentNames.manifest, manifestBytes(files));
  const trustedKeys = [registry.keys.p256.public, registry.keys.ed25519.public];
  const { model, modelId, number, semver, digest } = version!;
  const expected = { model, modelId, version: number, semver, digest };
  return { files, documents, verification: verifyModel({ files, documents, trustedKeys, expected }) };
}
