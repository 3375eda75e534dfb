/**
 * MLflow's calls on registered models.
 * @module
 */
import type { Route } from "./route.ts";

export const registeredModelRoutes: readonly Route[] = [];
