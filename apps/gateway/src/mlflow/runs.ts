/**
 * MLflow's calls on runs.
 * @module
 */
import type { Route } from "./route.ts";

export const runRoutes: readonly Route[] = [];
