/**
 * MLflow's calls on metrics.
 * @module
 */
import type { Route } from "./route.ts";

export const metricRoutes: readonly Route[] = [];
