/**
 * Puts the data of the comparison into our tables, past the services: times and identities have to be what they are told.
 * @module
 */
import type pg from "pg";
import type { Data, LoggedModelData, ModelData, RunData } from "./reference-data.ts";

/** @returns the ids of the experiments, in their order */
export async function seedReference(pool: pg.Pool, data: Data): Promise<readonly string[]> {
  const experiments: number[] = [];
  for (const { name, created, updated, tags } of data.experiments) {
    const experiment = await insert(pool, "experiment", "experiment_pk", {
      name,
      created_at: new Date(created),
      updated_at: new Date(updated),
    });
    await insertKeyed(pool, "experiment_tag", { experiment_pk: experiment }, tags);
    experiments.push(Number(experiment));
  }
  for (const run of data.runs) await insertRun(pool, experiments[run.experiment]!, run);
  for (const model of data.loggedModels) await insertLoggedModel(pool, experiments[model.experiment]!, model);
  for (const model of data.models) await insertModel(pool, model);
  return experiments.map(String);
}

async function insertRun(pool: pg.Pool, experiment_pk: number, run: RunData): Promise<void> {
  const run_pk = await insert(pool, "run", "run_pk", {
    run_id: run.id,
    experiment_pk,
    name: run.name,
    user_name: run.user,
    status: ["SCHEDULED", "RUNNING", "FINISHED", "FAILED", "KILLED"].indexOf(run.status) + 1,
    started_at: new Date(run.start),
    ended_at: run.end === null ? null : new Date(run.end),
    deleted_at: run.deleted ? new Date(0) : null,
  });
  const row = { run_pk, experiment_pk };
  await insertKeyed(pool, "latest_metric", { ...row, step: 0, ts: 1 }, run.metrics);
  await insertKeyed(pool, "param", row, run.params);
  await insertKeyed(pool, "run_tag", row, run.tags);
  for (const { name, digest, role } of run.datasets) {
    const described = {
      experiment_pk,
      name,
      digest,
      source_type: "local",
      source: "{}",
      schema_json: "",
      profile_json: "",
    };
    const known = await pool.query(
      "select dataset_pk from logged_dataset where experiment_pk = $1 and name = $2 and digest = $3",
      [experiment_pk, name, digest],
    );
    const dataset_pk = known.rows[0]?.dataset_pk ?? (await insert(pool, "logged_dataset", "dataset_pk", described));
    await insert(pool, "run_logged_dataset", "run_pk", { run_pk, dataset_pk, role });
  }
}

async function insertLoggedModel(pool: pg.Pool, experiment_pk: number, model: LoggedModelData): Promise<void> {
  const logged_model_pk = await insert(pool, "logged_model", "logged_model_pk", {
    id: model.id,
    experiment_pk,
    name: model.name,
    model_type: model.type,
    source_run_pk: await runPk(pool, model.run),
    created_at: new Date(model.created),
  });
  const row = { logged_model_pk, experiment_pk };
  await insertKeyed(pool, "logged_model_param", row, model.params);
  await insertKeyed(pool, "logged_model_tag", row, model.tags);
  for (const { key, value, ts, run, dataset, digest } of model.metrics) {
    const measured = {
      ...row,
      run_pk: await runPk(pool, run),
      step: 0,
      ts,
      dataset_name: dataset,
      dataset_digest: digest,
    };
    await insertKeyed(pool, "logged_model_metric", measured, { [key]: String(value) });
  }
}

async function insertModel(pool: pg.Pool, { name, updated, tags, versions }: ModelData): Promise<void> {
  const [catalog, schema, model] = name.split(".").length === 3 ? name.split(".") : ["main", "default", name];
  const space = await pool.query("select namespace_of($1, $2) as pk", [catalog, schema]);
  const model_pk = await insert(pool, "model", "model_pk", {
    namespace_pk: space.rows[0].pk,
    full_name: `${catalog}.${schema}.${model}`,
    shown_name: name,
    created_by: "test",
  });
  await insert(pool, "model_head", "model_pk", {
    model_pk,
    last_version: versions.length,
    updated_at: new Date(updated),
  });
  await insertKeyed(pool, "model_tag", { model_pk }, tags);
  for (const [at, version] of versions.entries()) {
    const run_pk = await runPk(pool, version.run);
    const version_pk = await insert(pool, "version", "version_pk", {
      ...{
        model_pk,
        number: at + 1,
        major: at + 1,
        minor: 0,
        patch: 0,
        size_bytes: 0,
        model_type: "",
        signed_by: "{}",
      },
      ...{ run_pk, foreign_run: run_pk === null ? version.run : null, source: version.source, created_by: "test" },
      ...{ created_at: new Date(version.created), updated_at: new Date(version.updated) },
    });
    await insertKeyed(pool, "version_tag", { version_pk, model_pk }, version.tags);
  }
}

async function runPk(pool: pg.Pool, id: string | null): Promise<string | null> {
  const { rows } = await pool.query("select run_pk from run where replace(run_id::text, '-', '') = $1", [id]);
  return rows[0]?.run_pk ?? null;
}

/** A row for each key, beside what they have in common. */
async function insertKeyed(
  pool: pg.Pool,
  table: string,
  common: Readonly<Record<string, unknown>>,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [key, value] of Object.entries(values)) {
    const { rows } = await pool.query("select key_of($1) as id", [key]);
    await insert(pool, table, "key_id", { ...common, key_id: rows[0].id, value });
  }
}

/** @returns the value of the column `returned` */
async function insert(
  pool: pg.Pool,
  table: string,
  returned: string,
  row: Readonly<Record<string, unknown>>,
): Promise<string> {
  const columns = Object.keys(row);
  const { rows } = await pool.query(
    `insert into ${table} (${columns}) values (${columns.map((_, at) => `$${at + 1}`)}) returning ${returned}`,
    Object.values(row),
  );
  return rows[0][returned];
}
