export { decodedOnce, pathOfArtifactUri, storedPath } from "./artifact-uri.ts";
export { type BulkEndpoint, type FilePut, getFile, putFile, statFile } from "./bulk-http.ts";
export { type ConnectOptions, clients, connectRegistry, type RegistryClient } from "./connect.ts";
export { type DownloadOptions, downloadBlob } from "./download-blob.ts";
export {
  detailOf,
  eventHeader,
  failureHeaders,
  isTransferBroken,
  reasonHeader,
  reasonOf,
} from "./failure.ts";
export { type HashedDirectory, hashDirectory, hashFile, type LocalFile } from "./hash-directory.ts";
export { readEd25519Key, readSecretFile, readSigningKeys, readTrustedKeys, type TrustedKey } from "./key-directory.ts";
export { bytesBlob, fileBlob, type LocalBlob } from "./local-blob.ts";
export { type PulledVersion, type PullOptions, pullVersion, requireVerified } from "./pull-version.ts";
export { manifestFiles, type PushOptions, pushDirectory } from "./push-directory.ts";
export { type SignedDocument, type SignModelOptions, signModel } from "./sign-model.ts";
export { type TransferOptions, type UploadSummary, uploadBlobs } from "./upload-blobs.ts";
export { type VerifyDirectoryOptions, verifyDirectory } from "./verify-directory.ts";
export { type VerifyVersionOptions, verifyVersion } from "./verify-version.ts";
