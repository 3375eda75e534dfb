/** Failures of training data. */
export const dataReasons = {} as const;
