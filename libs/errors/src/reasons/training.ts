/** Failures of training files, runs and jobs. */
export const trainingReasons = {} as const;
