/** Failures of starting and keeping the system up. */
export const operationReasons = {} as const;
