/**
 * What a model is for.
 * @module
 */

export const tasks = ["classification", "regression", "clustering", "anomaly", "text"] as const;
export type Task = (typeof tasks)[number];
