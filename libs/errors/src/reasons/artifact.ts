/** Failures of artifacts, blobs and trust. */
export const artifactReasons = {} as const;
