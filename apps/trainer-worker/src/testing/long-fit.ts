/**
 * Jobs that are still fitting when a test gets to them, on a machine of any speed: with 100,000 rows an iteration takes
 * milliseconds.
 * @module
 */

const rows = Array.from({ length: 100_000 }, (_, i) => `${i % 997},${i % 89},${((i % 997) * (i % 89)) % 1_000}`);
export const longData = { name: "long.csv", bytes: Buffer.from(["a,b,y", ...rows].join("\n")) };

const long = (params: object) => ({
  model: "long",
  data: { source: "long.csv", target: "y" },
  algorithm: { name: "gradient-boosting", params: { learning_rate: 0.01, ...params } },
  evaluate: { folds: 0 },
});
/** Half a second and more. */
export const slow = long({ n_estimators: 600, num_leaves: 8 });
/** Half a minute and more, unless it is ended. */
export const endless = long({ n_estimators: 10_000, num_leaves: 64 });
