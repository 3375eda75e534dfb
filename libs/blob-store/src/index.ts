export type { BlobDescription, BlobStore, ByteRange, DirectTransfer, PartsUpload } from "./blob-store.ts";
export { openFileStore } from "./file-store.ts";
export { type OpenBlobStoreOptions, openBlobStore } from "./open-blob-store.ts";
