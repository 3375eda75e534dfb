/** Failures of predictions. */
export const servingReasons = {} as const;
