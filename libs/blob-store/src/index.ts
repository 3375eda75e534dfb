export type {
  BlobDescription,
  BlobReader,
  BlobStore,
  DirectTransfer,
  KnownBlob,
  PartsUpload,
  ReadOptions,
} from "./blob-store.ts";
export { blobPath } from "./blob-store.ts";
export { openFileStore } from "./file-store.ts";
export { type OpenBlobStoreOptions, openBlobStore, readLocalBlobs } from "./open-blob-store.ts";
