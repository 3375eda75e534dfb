/**
 * RPC face of files under paths; their bytes go by `/v1/files`.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import type { FileService } from "@mintmark/proto/mintmark/tracking/v1/file_service";
import { currentCaller } from "../caller.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { deleteFiles } from "./delete-files.ts";
import { abortUpload, beginUpload, completeUpload, downloadUrl } from "./direct-transfer.ts";
import { requireFilePath, requireFolderPath } from "./file-path.ts";
import { isFile, listFiles } from "./list-files.ts";

export function fileService(deps: Pick<ServiceDeps, "db" | "blobs">): ServiceImpl<typeof FileService> {
  const { db, blobs } = deps;
  return {
    async listFiles({ path }) {
      const folder = requireFolderPath(path);
      const entries = await listFiles(db, folder);
      return { entries: [...entries], isFile: entries.length === 0 && (await isFile(db, folder)) };
    },
    async deleteFiles({ path }) {
      return { files: await deleteFiles(db, requireFilePath(path)) };
    },
    async createMultipartUpload({ path, parts }, context) {
      const put = { path: requireFilePath(path), actor: currentCaller(context).name };
      const { id, urls } = await beginUpload(deps, put, parts);
      return { uploadId: id, parts: urls.map((url, i) => ({ number: i + 1, url, headers: {} })) };
    },
    async completeMultipartUpload({ path, uploadId, parts }, context) {
      const put = { path: requireFilePath(path), actor: currentCaller(context).name };
      await completeUpload(deps, put, uploadId, parts);
      return {};
    },
    async abortMultipartUpload({ path, uploadId }) {
      await abortUpload(deps, requireFilePath(path), uploadId);
      return {};
    },
    async getDownloadUrl({ path }) {
      const { url, size } = await downloadUrl(deps, requireFilePath(path));
      return { url, size: BigInt(size) };
    },
    getFileFeatures() {
      return { directTransfer: blobs.direct !== undefined };
    },
  };
}
