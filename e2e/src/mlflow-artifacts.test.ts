/** Artifacts through the gateway: bytes, lists, deletion, what is refused, and what unmodified Python does with them. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { buffer } from "node:stream/consumers";
import { needsPython, python } from "@mintmark/testing/needs";
import { needsS3, startS3 } from "@mintmark/testing/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "./process.ts";
import { embeddedStack, type Stack } from "./stack.ts";

let stack: Stack;
beforeAll(async () => {
  stack = await embeddedStack({ args: ["--workers", "0"] });
});
afterAll(() => stack?.stop());

const proxy = "/api/2.0/mlflow-artifacts";

/** Sends the path as it stands, which `fetch` would normalize. */
async function ask(method: string, path: string, body?: string | Buffer, options: RequestOptions = {}) {
  const { hostname, port } = new URL(stack.url);
  const request = httpRequest({ hostname, port, method, path, agent: false, ...options });
  request.end(body);
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const text = (await buffer(answer)).toString();
  const isJson = answer.headers["content-type"]?.startsWith("application/json");
  return {
    status: answer.statusCode!,
    headers: answer.headers,
    text,
    json: isJson && text !== "" ? JSON.parse(text) : undefined,
  };
}

const put = (path: string, body: string | Buffer) => ask("PUT", `${proxy}/artifacts/${path}`, body);
const get = (path: string, options: RequestOptions = {}) =>
  ask("GET", `${proxy}/artifacts/${path}`, undefined, options);
const list = async (path: string) =>
  (await ask("GET", `${proxy}/artifacts?${new URLSearchParams({ path })}`)).json as unknown;
const post = (path: string, fields: object) =>
  ask("POST", path, JSON.stringify(fields), { headers: { "content-type": "application/json" } });

describe("bytes", () => {
  it("are answered with 200 and an empty object, and come back with what clients and browsers need to know", async () => {
    expect(await put("0/a/b.json", "[1]")).toMatchObject({ status: 200, text: "{}" });
    expect(await get("0/a/b.json")).toMatchObject({
      status: 200,
      text: "[1]",
      headers: {
        "content-type": "application/json",
        "content-length": "3",
        "content-disposition": "attachment; filename=b.json",
        "x-content-type-options": "nosniff",
        "accept-ranges": "bytes",
        etag: expect.stringMatching(/^"blake3:[0-9a-f]{64}"$/),
        "last-modified": expect.stringMatching(/ GMT$/),
      },
    });
    expect(await get("0/a/b.json", { headers: { range: "bytes=1-1" } })).toMatchObject({ status: 206, text: "1" });
    expect(await ask("HEAD", `/ajax-api/2.0/mlflow-artifacts/artifacts/0/a/b.json`)).toMatchObject({ status: 200 });
  });

  it.each(["two words", "a+b&c;d=e.txt", "100%.txt", "per%20cent", "ü/日本語/😀", "#?", "it's"])(
    "have names like '%s'",
    async (name) => {
      const path = name.split("/").map(encodeURIComponent).join("/");
      await put(`names/${path}`, name);
      expect((await get(`names/${path}`)).text).toBe(name);
      const slash = name.lastIndexOf("/");
      const folder = slash < 0 ? "names" : `names/${name.slice(0, slash)}`;
      const entry = { path: name.slice(slash + 1), is_dir: false, file_size: Buffer.byteLength(name) };
      expect(await list(folder)).toMatchObject({ files: expect.arrayContaining([entry]) });
      expect(await ask("DELETE", `${proxy}/artifacts/names/${path}`)).toMatchObject({ status: 200, text: "{}" });
      expect((await get(`names/${path}`)).status).toBe(404);
    },
  );

  it("may be none, sent in chunks without a length", async () => {
    const headers = { "transfer-encoding": "chunked" };
    expect(await ask("PUT", `${proxy}/artifacts/0/empty`, undefined, { headers })).toMatchObject({ status: 200 });
    expect(await get("0/empty")).toMatchObject({ status: 200, text: "", headers: { "content-length": "0" } });
    expect(await list("0")).toMatchObject({
      files: expect.arrayContaining([{ path: "empty", is_dir: false, file_size: 0 }]),
    });
  });

  it("of an upload whose client goes away leave nothing", async () => {
    const { hostname, port } = new URL(stack.url);
    const headers = { "content-length": 10_000_000 };
    const upload = httpRequest({ hostname, port, method: "PUT", path: `${proxy}/artifacts/0/gone`, headers });
    const closed = new Promise((resolve) => upload.on("close", resolve).on("error", () => {}));
    upload.write(randomBytes(2_000_000), () => setTimeout(() => upload.destroy(), 200));
    await closed;
    expect((await get("0/gone")).status).toBe(404);
  });

  it("200 at once are all there", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `n${String(i).padStart(3, "0")}`);
    const answers = await Promise.all(names.map((name) => put(`many/${name}`, name)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const entries = names.map((path) => ({ path, is_dir: false, file_size: 4 }));
    expect(await list("many")).toEqual({ files: entries });
  });
});

describe("a list", () => {
  it("has one level, names only, sizes of files", async () => {
    for (const path of ["l/f", "l/d/x", "l/d/e/y"]) await put(path, "123");
    const folder = { path: "d", is_dir: true };
    expect(await list("l")).toEqual({ files: [folder, { path: "f", is_dir: false, file_size: 3 }] });
    expect(await list("l/d/e")).toEqual({ files: [{ path: "y", is_dir: false, file_size: 3 }] });
  });

  it("of a missing folder and of a file is empty", async () => {
    await put("plain", "x");
    expect(await list("plain")).toEqual({});
    expect(await list("missing/folder")).toEqual({});
  });

  it("of a run and of a logged model has paths below its root", async () => {
    const { json } = await post("/api/2.0/mlflow/runs/create", { experiment_id: "0" });
    const { run_id, artifact_uri } = json.run.info;
    const root = artifact_uri.replace("mlflow-artifacts:/", "");
    await put(`${root}/dir/b.txt`, "12");
    const ofRun = (path: string) =>
      ask("GET", `/api/2.0/mlflow/artifacts/list?${new URLSearchParams({ run_id, path })}`);
    expect((await ofRun("")).json).toEqual({ root_uri: artifact_uri, files: [{ path: "dir", is_dir: true }] });
    const file = { path: "dir/b.txt", is_dir: false, file_size: 2 };
    expect((await ofRun("dir")).json).toEqual({ root_uri: artifact_uri, files: [file] });
    expect(await ask("GET", `/get-artifact?run_id=${run_id}&path=dir%2Fb.txt`)).toMatchObject({ text: "12" });

    const created = await post("/api/2.0/mlflow/logged-models", { experiment_id: "0", name: "m" });
    const { model_id, artifact_uri: modelUri } = created.json.model.info;
    await put(`${modelUri.replace("mlflow-artifacts:/", "")}/MLmodel`, "x: 1");
    const directories = `/ajax-api/2.0/mlflow/logged-models/${model_id}/artifacts/directories`;
    expect((await ask("GET", directories)).json).toEqual({
      root_uri: modelUri,
      files: [{ path: "MLmodel", is_dir: false, file_size: 4 }],
    });
    const files = `/ajax-api/2.0/mlflow/logged-models/${model_id}/artifacts/files?artifact_file_path=MLmodel`;
    expect(await ask("GET", files)).toMatchObject({
      status: 200,
      text: "x: 1",
      headers: { "content-type": "text/plain" },
    });
  });
});

describe("a version", () => {
  it("gives its files to pages, and none of what it was made from changes any more", async () => {
    const { json } = await post("/api/2.0/mlflow/logged-models", { experiment_id: "0", name: "frozen" });
    const { model_id, artifact_uri } = json.model.info;
    const root = artifact_uri.replace("mlflow-artifacts:/", "");
    await put(`${root}/MLmodel`, "flavors: {}\n");
    await post("/api/2.0/mlflow/registered-models/create", { name: "frozen" });
    const created = await post("/api/2.0/mlflow/model-versions/create", {
      name: "frozen",
      source: `models:/${model_id}`,
      model_id,
    });
    expect(created.status).toBe(200);
    const page = await ask("GET", "/model-versions/get-artifact?name=frozen&version=1&path=MLmodel");
    expect(page).toMatchObject({ status: 200, text: "flavors: {}\n" });
    for (const refused of [
      await put(`${root}/MLmodel`, "changed"),
      await put(`${root}/more`, randomBytes(5 << 20)),
      await ask("DELETE", `${proxy}/artifacts/${root}`),
      await ask("DELETE", `${proxy}/artifacts/0`),
    ])
      expect([refused.status, refused.json.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect((await get(`${root}/MLmodel`)).text).toBe("flavors: {}\n");
  });
});

describe("what is refused", () => {
  it.each([
    ["PUT", "0/../x"],
    ["PUT", "0/..%2fx"],
    ["GET", "0/%252e%252e/x"],
    ["GET", "%2fetc/passwd"],
    ["PUT", "c:%5cx"],
    ["PUT", "0/a%00b"],
    ["PUT", "0//x"],
    ["DELETE", "0/%2e%2e%2fx"],
    ["DELETE", ""],
  ])("%s of the path '%s': 400 Invalid path", async (method, path) => {
    const { status, json } = await ask(method, `${proxy}/artifacts/${path}`, method === "PUT" ? "x" : undefined);
    expect([status, json.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
    expect(json.message).toMatch(/^Invalid path/);
  });

  it.each(["../x", "/etc", "%2e%2e/x"])("a list of '%s': 400 Invalid path", async (path) => {
    expect(await list(path)).toMatchObject({ message: expect.stringMatching(/^Invalid path/) });
  });

  it.each(["0/none", "0", "registry/none/1/MLmodel"])("bytes of '%s', where no file is: 404", async (path) => {
    expect((await get(path)).json).toEqual({
      error_code: "RESOURCE_DOES_NOT_EXIST",
      message: `No such artifact: '${path}'`,
    });
  });

  it("what would make a path a file and a folder: 400", async () => {
    await put("kind/a/b", "x");
    expect((await put("kind/a", "x")).status).toBe(400);
    expect((await put("kind/a/b/c", "x")).status).toBe(400);
  });

  it.each([
    ["/get-artifact?path=x", 400, "INVALID_PARAMETER_VALUE"],
    ["/get-artifact?run_id=aaaa&path=x", 404, "RESOURCE_DOES_NOT_EXIST"],
    ["/get-artifact?run_uuid=aaaa&path=x", 404, "RESOURCE_DOES_NOT_EXIST"],
    ["/get-artifact?run_id=aaaa", 400, "INVALID_PARAMETER_VALUE"],
    ["/model-versions/get-artifact?name=x&version=1&path=p", 404, "RESOURCE_DOES_NOT_EXIST"],
    ["/model-versions/get-artifact?name=x&version=abc&path=p", 400, "INVALID_PARAMETER_VALUE"],
    ["/api/2.0/mlflow/artifacts/list", 400, "INVALID_PARAMETER_VALUE"],
    ["/api/2.0/mlflow/artifacts/list?run_id=aaaa", 404, "RESOURCE_DOES_NOT_EXIST"],
    ["/api/2.0/mlflow/logged-models/m-x/artifacts/directories", 404, "RESOURCE_DOES_NOT_EXIST"],
  ])("GET %s: %i %s", async (path, status, code) => {
    const answer = await ask("GET", path);
    expect([answer.status, answer.json.error_code]).toEqual([status, code]);
  });

  it("transfers past the server where the store is a directory: 501 in the words that clients know", async () => {
    const upload = { path: "/tmp/x.bin", upload_id: "u", num_parts: 2, parts: [{ part_number: 1, etag: "e" }] };
    for (const step of ["create", "complete", "abort"])
      expect((await post(`${proxy}/mpu/${step}/0/a`, upload)).json).toEqual({
        error_code: "NOT_IMPLEMENTED",
        message: "Multipart upload is not supported for the current artifact repository",
      });
    expect(await ask("GET", `${proxy}/presigned/0/a/b.json`)).toMatchObject({
      status: 501,
      json: { message: "Multipart download is not supported for the current artifact repository" },
    });
    expect((await ask("GET", "/api/3.0/mlflow/server-info")).json).toMatchObject({
      store_type: "SqlStore",
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
    });
  });
});

describe.runIf(needsPython(["mlflow"]))("from Python", () => {
  it("the client's own repository puts, lists, gives back and deletes whatever has a name", async () => {
    const program = `
import os, pathlib, sys, tempfile
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
repository = MlflowArtifactsRepository("mlflow-artifacts:/0/python/artifacts", tracking_uri=sys.argv[1])
files = {"plain.txt": b"x", "two words/ü 日本.bin": b"\\0\\1", "a+b&c;d%e/f/g": b"deep", "empty": b"", "big": os.urandom(3_000_000)}
files.update({f"many/{n}": str(n).encode() for n in range(50)})
with tempfile.TemporaryDirectory() as up, tempfile.TemporaryDirectory() as down:
    for name, data in files.items():
        path = pathlib.Path(up, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    repository.log_artifacts(up)
    assert [(f.path, f.is_dir, f.file_size) for f in repository.list_artifacts() if not f.is_dir] == [
        ("big", False, 3_000_000), ("empty", False, 0), ("plain.txt", False, 1)]
    assert repository.list_artifacts("plain.txt") == []
    repository.download_artifacts("", down)
    for name, data in files.items():
        assert pathlib.Path(down, name).read_bytes() == data, name
    repository.delete_artifacts("many")
    assert repository.list_artifacts("many") == []
`;
    const { code, stderr } = await run(python, ["-c", program, stack.url]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("Traceback")]);
  });
});

describe.runIf(needsPython(["mlflow"]) && needsS3())("from Python, with a bucket as the store", () => {
  it("large files go to the bucket and come from it by signed URLs, others through the gateway", async () => {
    const s3 = await startS3("models");
    const bucketStack = await embeddedStack({
      args: ["--workers", "0"],
      env: { ...s3.env, MINTMARK_ARTIFACT_STORE: "s3://models/mlflow" },
    });
    const program = `
import os, pathlib, sys, tempfile
from mlflow.store.artifact.mlflow_artifacts_repo import MlflowArtifactsRepository
repository = MlflowArtifactsRepository("mlflow-artifacts:/0/python/artifacts", tracking_uri=sys.argv[1])
create, created = repository.create_multipart_upload, []
repository.create_multipart_upload = lambda *args: created.append(args) or create(*args)
files = {"small ü.txt": b"x", "empty": b"", "large & more.bin": os.urandom(12_000_000)}
with tempfile.TemporaryDirectory() as up, tempfile.TemporaryDirectory() as down:
    for name, data in files.items():
        pathlib.Path(up, name).write_bytes(data)
    repository.log_artifacts(up, "f")
    assert len(created) == 1, created
    repository.download_artifacts("f", down)
    for name, data in files.items():
        assert pathlib.Path(down, "f", name).read_bytes() == data, name
`;
    const env = { MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: "6000000", MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: "6000000" };
    const { code, stderr } = await run(python, ["-c", program, bucketStack.url], { env });
    await bucketStack.stop();
    await s3.stop();
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("Traceback")]);
  }, 240_000);
});
