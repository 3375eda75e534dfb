/** Failures of models, versions, aliases, lineage and resolving. */
export const registryReasons = {} as const;
