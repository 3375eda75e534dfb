/**
 * MLflow's calls on model versions.
 * @module
 */
import type { Route } from "./route.ts";

export const modelVersionRoutes: readonly Route[] = [];
