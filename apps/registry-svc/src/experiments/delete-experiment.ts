/**
 * Deletes experiments with their runs, and brings them back.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { parseExperimentId } from "./experiment-id.ts";

export interface DeleteExperiment {
  readonly id: string;
  readonly actor: string;
}

/** @throws AppError EXPERIMENT_NOT_FOUND, EXPERIMENT_NOT_ACTIVE, EXPERIMENT_IS_DEFAULT */
export async function deleteExperiment(db: Db, request: DeleteExperiment): Promise<bigint> {
  if (parseExperimentId(request.id) === 0) throw new AppError("EXPERIMENT_IS_DEFAULT", {});
  return setDeleted(db, request, true);
}

/** @throws AppError EXPERIMENT_NOT_FOUND, EXPERIMENT_NOT_DELETED */
export function restoreExperiment(db: Db, request: DeleteExperiment): Promise<bigint> {
  return setDeleted(db, request, false);
}

async function setDeleted(db: Db, { id, actor }: DeleteExperiment, deleted: boolean): Promise<bigint> {
  const { rows } = await sql<{ outcome: "done" | "missing" | "unchanged"; event: bigint }>`
    select * from set_experiment_deleted(${parseExperimentId(id)}, ${deleted}, ${actor})`.execute(db);
  const { outcome, event } = rows[0]!;
  switch (outcome) {
    case "done":
      return event;
    case "missing":
      throw new AppError("EXPERIMENT_NOT_FOUND", { experiment: id });
    case "unchanged":
      throw new AppError(deleted ? "EXPERIMENT_NOT_ACTIVE" : "EXPERIMENT_NOT_DELETED", { experiment: id });
  }
  outcome satisfies never;
}
