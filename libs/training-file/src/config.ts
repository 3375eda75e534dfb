/**
 * What a training file says, in full.
 * @module
 */

import type { Task } from "@mintmark/ml-core/base/task";
import type { z } from "zod";
import type { configSchema } from "./schema.ts";

/** A training file with every default filled in. Plain data: survives JSON. */
export type TrainingConfig = Omit<z.output<typeof configSchema>, "task" | "experiment"> & {
  /** null where the algorithm can do several and the target's type decides: see `inferTask`. */
  readonly task: Task | null;
  readonly experiment: string;
};
