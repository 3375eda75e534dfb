export type { BlobDescription, BlobStore, ByteRange } from "./blob-store.ts";
export { openFileStore } from "./file-store.ts";
export { type OpenBlobStoreOptions, openBlobStore } from "./open-blob-store.ts";
