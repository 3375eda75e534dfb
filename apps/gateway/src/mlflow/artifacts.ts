/**
 * MLflow's calls on artifacts, but for their bytes (artifact-bytes.ts).
 * @module
 */
import type { FileEntry } from "@mintmark/proto/mintmark/tracking/v1/file_service";
import { artifactPath } from "./artifact-path.ts";
import { count, list, message, requiredText, runMessage, text } from "./fields.ts";
import { int64Json, orAbsent } from "./json.ts";
import { type Call, type Route, route } from "./route.ts";

/** An upload in parts of the file `path`, which may be a path on the client's machine, in the folder `*`. */
const upload = { "*": text, path: requiredText, upload_id: requiredText };

export const artifactRoutes: readonly Route[] = [
  route("GET", "2.0/mlflow-artifacts/artifacts", message({ path: text }), async ({ path }, call) => ({
    files: await filesIn(path, "", call),
  })),
  route(
    "DELETE",
    "2.0/mlflow-artifacts/artifacts/*",
    message({ "*": text }),
    async ({ "*": path }, { registry, as }) => {
      await registry.files.deleteFiles({ path }, as);
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow-artifacts/mpu/create/*",
    message({ "*": text, path: requiredText, num_parts: count }),
    async ({ "*": folder, path, num_parts }, { registry, as }) => {
      const { uploadId, parts } = await registry.files.createMultipartUpload(
        { path: fileIn(folder, path), parts: num_parts ?? 0 },
        as,
      );
      return {
        upload_id: uploadId,
        credentials: parts.map(({ number, url, headers }) => ({ url, part_number: number, headers })),
      };
    },
  ),
  route(
    "POST",
    "2.0/mlflow-artifacts/mpu/complete/*",
    message({ ...upload, parts: list(message({ part_number: count, etag: requiredText })) }),
    async ({ "*": folder, path, upload_id, parts }, { registry, as }) => {
      await registry.files.completeMultipartUpload(
        {
          path: fileIn(folder, path),
          uploadId: upload_id,
          parts: parts.map(({ part_number, etag }) => ({ number: part_number ?? 0, etag })),
        },
        as,
      );
      return {};
    },
  ),
  route(
    "POST",
    "2.0/mlflow-artifacts/mpu/abort/*",
    message(upload),
    async ({ "*": folder, path, upload_id }, { registry, as }) => {
      await registry.files.abortMultipartUpload({ path: fileIn(folder, path), uploadId: upload_id }, as);
      return {};
    },
  ),
  route("GET", "2.0/mlflow-artifacts/presigned/*", message({ "*": text }), async ({ "*": path }, { registry, as }) => {
    const { url, size } = await registry.files.getDownloadUrl({ path }, as);
    return { url, headers: {}, file_size: int64Json(size) };
  }),
  route("GET", "3.0/mlflow/server-info", message({}), async (_, { registry, as }) => {
    const { directTransfer } = await registry.files.getFileFeatures({}, as);
    return {
      store_type: "SqlStore",
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: directTransfer,
      multipart_downloads_enabled: directTransfer,
      presigned_upload_run_id_supported: false,
      presigned_upload_model_id_supported: false,
      features_enabled: { gateway: false },
    };
  }),
  route("GET", "2.0/mlflow/artifacts/list", runMessage({ path: text }), async ({ run_id: id, path }, call) => {
    const { run } = await call.registry.runs.getRun({ id }, call.as);
    return await filesAt(run!.artifactUri, path, call);
  }),
  route(
    "GET",
    "2.0/mlflow/logged-models/:model_id/artifacts/directories",
    message({ model_id: requiredText, artifact_directory_path: text }),
    async ({ model_id, artifact_directory_path }, call) => {
      const { model } = await call.registry.loggedModels.getLoggedModel({ id: model_id }, call.as);
      return await filesAt(model!.artifactUri, artifact_directory_path, call);
    },
  ),
];

/** What the folder `path` of an artifact root holds, with paths below the root. */
async function filesAt(rootUri: string, path: string, call: Call): Promise<object> {
  const folder = path.replace(/\/$/, "");
  const files = await filesIn(artifactPath(rootUri, folder), folder === "" ? "" : `${folder}/`, call);
  return { root_uri: rootUri, files };
}

async function filesIn(path: string, prefix: string, { registry, as }: Call): Promise<readonly object[] | undefined> {
  const { entries } = await registry.files.listFiles({ path }, as);
  return orAbsent(entries.map((entry) => fileJson(entry, prefix)));
}

function fileJson({ name, isFolder, size }: FileEntry, prefix: string): object {
  return { path: prefix + name, is_dir: isFolder, ...(isFolder ? {} : { file_size: int64Json(size) }) };
}

/** Of the client's path only the name counts. */
function fileIn(folder: string, path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return folder === "" ? name : `${folder.replace(/\/$/, "")}/${name}`;
}
