/**
 * MLflow's calls on logged models.
 * @module
 */
import type { Route } from "./route.ts";

export const loggedModelRoutes: readonly Route[] = [];
