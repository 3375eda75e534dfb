export type { BlobDescription, BlobReader, BlobStore, ByteRange, DirectTransfer, PartsUpload } from "./blob-store.ts";
export { openFileStore } from "./file-store.ts";
export { type OpenBlobStoreOptions, openBlobStore, readLocalBlobs } from "./open-blob-store.ts";
