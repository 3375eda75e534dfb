import { setTimeout as sleep } from "node:timers/promises";
import { generateKey } from "@mintmark/crypto/keys";
import { artifactDigest, manifestBytes } from "@mintmark/crypto/manifest";
import { pickledFiles } from "@mintmark/crypto/pickled-files";
import { verifyModel } from "@mintmark/crypto/verify-model";
import { LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import { Stage, VersionStatus } from "@mintmark/proto/mintmark/registry/v1/version";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerText, uploadArtifact, withProvenance } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());
const versions = () => registry.client.versions;
const artifact = (contents: Record<string, string>) => uploadArtifact(registry.client, registry.keys, contents);
const register = (model: string, text: string) => registerText(registry.client, registry.keys, model, text);

const mlModel = (columns: string) =>
  `flavors:\n  onnx: {}\nsignature:\n  inputs: '${columns}'\n  outputs: 'x'\nuuid: 1\n`;

describe("RegisterVersion", () => {
  it("gives number, semantic version, digest, size and signers, and creates the model", async () => {
    const made = await artifact({ "b.txt": "bb", "a/c.txt": "c" });
    const { version, created } = await versions().registerVersion({
      model: "first",
      ...made,
      description: "d",
      tags: { k: "v" },
      aliases: ["challenger", "champion"],
      facts: { modelType: "gradient-boosting", nSamples: 10n },
    });
    const plain = made.files.map((file) => ({ ...file, size: Number(file.size) }));
    expect(created).toBe(true);
    expect(version).toMatchObject({
      model: "first",
      number: 1,
      semver: "1.0.0",
      digest: artifactDigest(plain),
      sizeBytes: 3n,
      aliases: ["challenger", "champion"],
      tags: { k: "v" },
      stage: Stage.NONE,
      status: VersionStatus.READY,
      modelType: "gradient-boosting",
      signedBy: [registry.keys.p256.public.id, registry.keys.ed25519.public.id].sort(),
      createdBy: "admin",
    });
    expect((await registry.client.models.getModel({ name: "first" })).model).toMatchObject({
      latestVersion: 1,
      aliases: { challenger: 1, champion: 1 },
    });
  });

  it("says which files are pickles, in every answer and on the card", async () => {
    const names = ["MLmodel", "data/Model.PKL", "pytorch_model-1.bin", "tokenizer.bin", "x.joblib"];
    await versions().registerVersion({
      model: "pickled",
      ...(await artifact(Object.fromEntries(names.map((name) => [name, name])))),
    });
    const pickled = ["data/Model.PKL", "pytorch_model-1.bin", "x.joblib"];
    // By the index of the database and by the names that clients know: the same.
    expect(pickledFiles(names.map((path) => ({ path })))).toEqual(pickled);
    expect((await versions().getVersion({ uri: "pickled/1" })).version).toMatchObject({ pickledFiles: pickled });
    expect((await versions().listVersions({ model: "pickled" })).versions[0]).toMatchObject({ pickledFiles: pickled });
    const { documents } = await versions().getVersionContent({ uri: "pickled/1" });
    const card = JSON.parse(Buffer.from(documents.find(({ name }) => name === "model_card.json")!.content).toString());
    expect(card.warnings).toEqual([
      expect.stringContaining("pickled code (data/Model.PKL, pytorch_model-1.bin, x.joblib)"),
    ]);
    await register("plain", "x");
    expect((await versions().getVersion({ uri: "plain/1" })).version).toMatchObject({ pickledFiles: [] });
  });

  it("delivers what verifies against the registry's statement, card included", async () => {
    await register("delivered", "x");
    const { version, files, documents } = await versions().getVersionContent({ uri: "delivered/1" });
    const plain = files.map((file) => ({ ...file, size: Number(file.size) }));
    const named = new Map(documents.map(({ name, content }) => [name, content]));
    expect([...named.keys()]).toEqual([
      "model.ed25519.sigstore.json",
      "model.sig",
      "model_card.json",
      "model_card.md",
      "registration.sigstore.json",
    ]);
    named.set("manifest.json", manifestBytes(plain));
    const trustedKeys = [registry.keys.p256.public, registry.keys.ed25519.public];
    const expected = {
      model: "delivered",
      modelId: version!.modelId,
      version: 1,
      semver: "1.0.0",
      digest: version!.digest,
    };
    const { ok, checks } = verifyModel({ files: plain, documents: named, trustedKeys, expected });
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
    expect(JSON.parse(Buffer.from(named.get("model_card.json")!).toString())).toMatchObject({
      name: "delivered",
      version: "1.0.0",
    });
    named.set("model_card.md", Buffer.from("better than it is"));
    expect(verifyModel({ files: plain, documents: named, trustedKeys, expected }).ok).toBe(false);
  });

  it("shows on the card what its maker warned of, and refuses what no card can hold", async () => {
    const made = await artifact({ "w.txt": "warned" });
    const registered = (warnings: string[]) =>
      versions().registerVersion({ model: "warned", ...made, facts: { warnings } });
    await registered(["column 'a' has 1 in every row", "learned nothing"]);
    const { documents } = await versions().getVersionContent({ uri: "warned/1" });
    const [json, markdown] = ["model_card.json", "model_card.md"].map((name) =>
      Buffer.from(documents.find((document) => document.name === name)!.content).toString(),
    );
    expect(JSON.parse(json!)).toMatchObject({ warnings: ["column 'a' has 1 in every row", "learned nothing"] });
    expect(markdown).toContain("## Warnings\n\n- column 'a' has 1 in every row\n- learned nothing\n");
    for (const wrong of [["w\0"], ["w".repeat(10_001)], new Array<string>(1_001).fill("w")])
      await expect(registered(wrong)).rejects.toMatchObject({ rawMessage: expect.stringContaining("warnings") });
  });

  it("numbers 20 racing registrations 1 to 20, and creates one model", async () => {
    const made = await artifact({ "w.txt": "raced" });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => versions().registerVersion({ model: "raced", ...made, aliases: ["newest"] })),
    );
    const numbers = answers.map(({ version }) => version!.number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(new Set(answers.map(({ version }) => version!.semver)).size).toBe(20);
    const { moves } = await registry.client.aliases.listAliasMoves({ model: "raced", alias: "newest" });
    expect(moves.map(({ revision }) => revision)).toEqual(numbers.toReversed());
    expect(registry.unexpected).toEqual([]);
  });

  it("derives the semantic version from what a caller would notice", async () => {
    const bump = async (contents: Record<string, string>, how = "") =>
      (await versions().registerVersion({ model: "bumped", ...(await artifact(contents)), bump: how })).version?.semver;
    expect(await bump({ MLmodel: mlModel("a"), w: "1" })).toBe("1.0.0");
    expect(await bump({ MLmodel: mlModel("a"), w: "2" })).toBe("1.1.0");
    expect(await bump({ MLmodel: mlModel("a"), w: "2" })).toBe("1.1.1");
    expect(await bump({ MLmodel: mlModel("a,b"), w: "3" })).toBe("2.0.0");
    expect(await bump({ MLmodel: mlModel("a"), w: "4" }, "patch")).toBe("2.0.1");
    expect(
      await failureOf(
        versions().registerVersion({ model: "bumped", ...(await artifact({ w: "5" })), semver: "1.1.0" }),
      ),
    ).toMatchObject({
      code: "AlreadyExists",
      reason: "SEMVER_TAKEN",
    });
  });

  it("refuses files whose bytes are not there, or are not what the manifest says", async () => {
    const made = await artifact({ "w.txt": "bytes" });
    const [file] = made.files;
    const change = (changes: object) =>
      versions().registerVersion({ model: "refused", ...made, files: [{ ...file!, ...changes }] });
    expect(await failureOf(change({ blake3: "0".repeat(64) }))).toMatchObject({
      code: "FailedPrecondition",
      reason: "BLOBS_MISSING",
    });
    expect(await failureOf(change({ sha256: "0".repeat(64) }))).toMatchObject({ reason: "MANIFEST_MISMATCH" });
    expect(await failureOf(change({ size: 6n }))).toMatchObject({ reason: "MANIFEST_MISMATCH" });
    expect(await failureOf(change({ path: "other.txt" }))).toMatchObject({ reason: "SIGNATURE_REFUSED" });
    expect(await failureOf(registry.client.models.getModel({ name: "refused" }))).toMatchObject({
      reason: "MODEL_NOT_FOUND",
    });
  });

  it.each(["../w", "/w", "a//b", "a\\b", ".git/config", "a\u0000", ".mintmark/x"])(
    "refuses the path %j",
    async (path) => {
      const made = await artifact({ "w.txt": "x" });
      const files = [{ ...made.files[0]!, path }];
      expect(await failureOf(versions().registerVersion({ model: "paths", ...made, files }))).toMatchObject({
        code: "InvalidArgument",
      });
    },
  );

  it("refuses a version without signatures, with a missing one, or signed by a key that it does not trust", async () => {
    const made = await artifact({ "w.txt": "signed" });
    const stranger = { p256: generateKey("ecdsa-p256"), ed25519: generateKey("ed25519") };
    const foreign = await uploadArtifact(registry.client, stranger, { "w.txt": "signed" });
    for (const documents of [[], made.documents.slice(0, 1), foreign.documents])
      expect(
        await failureOf(versions().registerVersion({ model: "unsigned", files: made.files, documents })),
      ).toMatchObject({
        code: "FailedPrecondition",
        reason: "SIGNATURE_REFUSED",
      });
  });
});

describe("a version of a run", () => {
  const run = async () => (await registry.client.runs.createRun({ experiment: "e", name: "r" })).run!.id;

  it("is registered once, however often the call is repeated, also by 10 at once", async () => {
    const made = await artifact({ "w.txt": "of a run" });
    const runId = await run();
    await registry.client.runs.logBatch({
      runId,
      metrics: [
        { key: "accuracy", value: 0.5 },
        { key: "loss", value: Number.NaN },
      ],
      params: { depth: "3" },
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => versions().registerVersion({ model: "of-run", ...made, runId })),
    );
    expect(new Set(answers.map(({ version }) => version!.number))).toEqual(new Set([1]));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    const { documents } = await versions().getVersionContent({ uri: "of-run/1" });
    const card = JSON.parse(Buffer.from(documents.find(({ name }) => name === "model_card.json")!.content).toString());
    expect(card).toMatchObject({ metrics: { accuracy: 0.5 }, parameters: { depth: "3" }, provenance: { run: runId } });
    const other = await artifact({ "w.txt": "other" });
    expect(await failureOf(versions().registerVersion({ model: "of-run", ...other, runId }))).toMatchObject({
      reason: "RUN_REGISTERED_OTHER",
    });
  });

  it("that is a job is refused to whoever is not its present attempt", async () => {
    const made = withProvenance(await artifact({ "w.txt": "of a job" }), registry.keys);
    const runId = await run();
    const token = "11111111-1111-4111-8111-111111111111";
    await registry.database.owner.pool.query(
      "insert into mintmark.job (run_pk, model, config, snapshots) select run_pk, 'of-job', '{}', '[]' from mintmark.run where run_id = $1",
      [runId],
    );
    await registry.database.owner.pool.query(
      "update mintmark.run set is_job = true, status = 2, claim_expires_at = now() + interval '1 hour', attempt_token = $1 where run_id = $2",
      [token, runId],
    );
    for (const attemptToken of ["", "22222222-2222-4222-8222-222222222222", "zombie"])
      expect(
        await failureOf(versions().registerVersion({ model: "of-job", ...made, runId, attemptToken })),
      ).toMatchObject({
        code: "Aborted",
        reason: "REGISTRATION_STALE",
      });
    const unproven = { ...made, documents: made.documents.slice(0, 2) };
    expect(
      await failureOf(versions().registerVersion({ model: "of-job", ...unproven, runId, attemptToken: token })),
    ).toMatchObject({ code: "FailedPrecondition", reason: "PROVENANCE_MISSING" });
    const { created } = await versions().registerVersion({ model: "of-job", ...made, runId, attemptToken: token });
    expect(created).toBe(true);
    const again = await versions().registerVersion({ model: "of-job", ...made, runId, attemptToken: "zombie" });
    expect(again).toMatchObject({ created: false, version: { number: 1, runId } });
  });

  it("that is not there is refused", async () => {
    const made = await artifact({ "w.txt": "x" });
    expect(await failureOf(versions().registerVersion({ model: "x", ...made, runId: "0".repeat(32) }))).toMatchObject({
      reason: "RUN_UNKNOWN",
    });
    expect(await failureOf(versions().registerVersion({ model: "x", ...made, runId: "nope" }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
  });
});

/** As a worker signs it beside the model. */
describe("stages, archive and deletion", () => {
  it("moves a version to a stage and those that were there to the archive stage", async () => {
    for (const text of ["1", "2", "3"]) await register("staged", text);
    await versions().setStage({ model: "staged", number: 1, stage: Stage.PRODUCTION });
    await versions().setStage({ model: "staged", number: 2, stage: Stage.PRODUCTION });
    const { version } = await versions().setStage({
      model: "staged",
      number: 3,
      stage: Stage.PRODUCTION,
      archiveExisting: true,
    });
    expect(version?.stage).toBe(Stage.PRODUCTION);
    const listed = await versions().listVersions({ model: "staged" });
    expect(listed.versions.map(({ stage }) => stage)).toEqual([Stage.PRODUCTION, Stage.ARCHIVED, Stage.ARCHIVED]);
    expect(await failureOf(versions().setStage({ model: "staged", number: 9, stage: Stage.NONE }))).toMatchObject({
      reason: "VERSION_NOT_FOUND",
    });
    expect(await failureOf(versions().setStage({ model: "staged", number: 1 }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
  });

  it("does not archive or delete what an alias points at, and never gives a number again", async () => {
    await register("retired", "1");
    await register("retired", "2");
    await registry.client.aliases.setAlias({ model: "retired", alias: "champion", version: 2 });
    for (const call of [
      () => versions().archiveVersion({ model: "retired", number: 2 }),
      () => versions().deleteVersion({ model: "retired", number: 2 }),
    ])
      expect(await failureOf(call())).toMatchObject({ code: "FailedPrecondition", reason: "ALIAS_IN_USE" });
    await registry.client.aliases.deleteAlias({ model: "retired", alias: "champion" });
    const { version } = await versions().archiveVersion({ model: "retired", number: 2 });
    expect(version?.status).toBe(VersionStatus.ARCHIVED);
    await versions().archiveVersion({ model: "retired", number: 2, restore: true });
    await versions().deleteVersion({ model: "retired", number: 2 });
    expect(await failureOf(versions().getVersion({ uri: "retired/2" }))).toMatchObject({ reason: "VERSION_NOT_FOUND" });
    expect((await register("retired", "3")).version).toMatchObject({ number: 3, semver: "1.2.0" });
  });

  it("archives the others of a stage only where one version is meant to be", async () => {
    await register("alone", "1");
    for (const stage of [Stage.NONE, Stage.ARCHIVED])
      expect(
        await failureOf(versions().setStage({ model: "alone", number: 1, stage, archiveExisting: true })),
      ).toMatchObject({ code: "InvalidArgument", reason: "REQUEST_INVALID" });
    expect((await versions().getVersion({ uri: "alone/1" })).version?.stage).toBe(Stage.NONE);
  });

  it("deletes a version with the aliases that point at it on request, and keeps the others", async () => {
    for (const text of ["1", "2"]) await register("dropped", text);
    for (const alias of ["champion", "shadow"])
      await registry.client.aliases.setAlias({ model: "dropped", alias, version: 2 });
    await registry.client.aliases.setAlias({ model: "dropped", alias: "kept", version: 1 });
    await versions().deleteVersion({ model: "dropped", number: 2, removeAliases: true });
    expect((await registry.client.models.getModel({ name: "dropped" })).model?.aliases).toEqual({ kept: 1 });
    const { moves } = await registry.client.aliases.listAliasMoves({ model: "dropped", alias: "champion" });
    expect(moves[0]).toMatchObject({ fromVersion: 2, reason: "its version was deleted" });
    const { events } = await registry.client.events.listEvents({ model: "dropped", pageSize: 3 });
    expect(events.map(({ kind, detail }) => [kind, detail?.["alias"]])).toEqual([
      ["version.deleted", undefined],
      ["alias.moved", "shadow"],
      ["alias.moved", "champion"],
    ]);
  });

  it("waits with a deletion for an alias move that is under way, and then sees it", async () => {
    await register("contested", "1");
    const { pool } = registry.database;
    const mover = await pool.connect();
    await mover.query("begin");
    const moved = await mover.query(
      "select outcome from move_alias((select model_pk from model where full_name = 'main.default.contested'), 'champion', 1, null, null, 'me', '')",
    );
    expect(moved.rows).toEqual([{ outcome: "moved" }]);
    const deleting = failureOf(versions().deleteVersion({ model: "contested", number: 1 }));
    await sleep(200);
    await mover.query("commit");
    mover.release();
    expect(await deleting).toMatchObject({ reason: "ALIAS_IN_USE" });
  });
});

describe("what may change of a version", () => {
  it("is its description and its tags, and an unknown version is said to be", async () => {
    await register("described", "1");
    await versions().updateVersion({ model: "described", number: 1, description: "new" });
    await versions().setVersionTag({ model: "described", number: 1, key: "k", value: "1" });
    await versions().setVersionTag({ model: "described", number: 1, key: "k", value: "2" });
    expect((await versions().getVersion({ uri: "described/1" })).version).toMatchObject({
      description: "new",
      tags: { k: "2" },
    });
    expect((await versions().listVersions({ model: "described", tags: { k: "2" } })).versions).toHaveLength(1);
    expect((await versions().listVersions({ model: "described", tags: { k: "1" } })).versions).toHaveLength(0);
    await versions().deleteVersionTag({ model: "described", number: 1, key: "k" });
    expect((await versions().getVersion({ uri: "described/1" })).version?.tags).toEqual({});
    for (const number of [0, 2, 4_294_967_295])
      for (const call of [
        () => versions().updateVersion({ model: "described", number, description: "x" }),
        () => versions().setVersionTag({ model: "described", number, key: "k", value: "1" }),
        () => versions().deleteVersionTag({ model: "described", number, key: "k" }),
        () => versions().deleteVersion({ model: "described", number }),
      ])
        expect(await failureOf(call())).toMatchObject({ code: "NotFound", reason: "VERSION_NOT_FOUND" });
  });

  it("pages from the highest number down", async () => {
    for (let i = 1; i <= 5; i++) await register("paged", String(i));
    const first = await versions().listVersions({ model: "paged", pageSize: 3 });
    const second = await versions().listVersions({ model: "paged", pageSize: 3, pageToken: first.nextPageToken });
    expect([...first.versions, ...second.versions].map(({ number }) => number)).toEqual([5, 4, 3, 2, 1]);
    expect(second.nextPageToken).toBe("");
    expect(await failureOf(registry.client.models.listModels({ pageToken: first.nextPageToken }))).toMatchObject({
      reason: "PAGE_TOKEN_INVALID",
    });
  });
});

describe("ListVersions by tag", () => {
  it("pages from the highest number down, also by two tags and a stage, without versions of other models", async () => {
    for (let n = 1; n <= 7; n++) {
      const tags = { parity: String(n % 2), half: n > 3 ? "upper" : "lower" };
      for (const model of ["tag-paged", "tag-other"])
        await versions().registerVersion({ model, ...(await artifact({ "weights.txt": `${n}` })), tags });
    }
    await versions().deleteVersion({ model: "tag-paged", number: 5 });
    await versions().setStage({ model: "tag-paged", number: 7, stage: Stage.STAGING });
    const odd = { model: "tag-paged", tags: { parity: "1" } };
    const first = await versions().listVersions({ ...odd, pageSize: 2 });
    const second = await versions().listVersions({ ...odd, pageSize: 2, pageToken: first.nextPageToken });
    expect([first, second].map((page) => page.versions.map(({ number }) => number))).toEqual([[7, 3], [1]]);
    expect(second.nextPageToken).toBe("");
    const numbers = async (more: object) =>
      (await versions().listVersions({ ...odd, ...more })).versions.map((v) => v.number);
    expect(await numbers({ tags: { parity: "1", half: "lower" } })).toEqual([3, 1]);
    expect(await numbers({ stage: Stage.STAGING })).toEqual([7]);
    expect(await numbers({ tags: { "no such key": "1" } })).toEqual([]);
  });
});

describe("lineage", () => {
  it("leads from data and code over the run to the version and on to its children, also after a rename", async () => {
    const data = `blake3:${"d".repeat(64)}`;
    const runId = (await registry.client.runs.createRun({ experiment: "e", name: "trained" })).run!.id;
    const input = (kind: LineageKind, id: string, label: string, role: string) => ({ node: { kind, id, label }, role });
    await versions().registerVersion({
      model: "parent",
      ...(await artifact({ w: "p" })),
      runId,
      inputs: [
        input(LineageKind.DATASET, data, "d.csv", "training"),
        input(LineageKind.CODE, "abc123", "repo", "code"),
      ],
    });
    await versions().registerVersion({
      model: "child",
      ...(await artifact({ w: "c" })),
      inputs: [input(LineageKind.VERSION, "parent/1", "", "parent")],
    });
    await registry.client.models.renameModel({ name: "parent", newName: "grown" });
    const { root, edges, truncated } = await registry.client.lineage.getLineage({ uri: "grown/1" });
    expect(root).toMatchObject({ kind: LineageKind.VERSION, id: "grown/1" });
    expect(truncated).toBe(false);
    expect(edges.map(({ from, to, role }) => `${from?.id} ${role} ${to?.id}`).sort()).toEqual(
      [`${data} training ${runId}`, `abc123 code ${runId}`, `${runId} output grown/1`, "grown/1 parent child/1"].sort(),
    );
    const down = await registry.client.lineage.getLineage({ uri: data, depthUp: 0, depthDown: 20 });
    expect(down.edges.map(({ to }) => to?.id)).toEqual([runId, "grown/1", "child/1"]);
    const none = await registry.client.lineage.getLineage({ uri: `runs:/${runId}`, depthUp: 0, depthDown: 0 });
    expect(none.edges).toEqual([]);
    expect(await failureOf(registry.client.lineage.getLineage({ uri: `blake3:${"0".repeat(64)}` }))).toMatchObject({
      reason: "LINEAGE_NOT_FOUND",
    });
    expect(await failureOf(registry.client.lineage.getLineage({ uri: data, depthUp: 21 }))).toMatchObject({
      reason: "REQUEST_INVALID",
    });
  });
});
