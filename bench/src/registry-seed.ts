/**
 * Fills an empty registry with as much as a large company has after years, by SQL beside the services: 100,000 models,
 * a million versions, a million runs.
 *
 * Sizes are skewed as real ones are: one page of a list must cost the same in a model of ten thousand versions as in one of
 * three. Triggers and foreign keys are off while it runs (`session_replication_role`); the indexes stay as they are.
 * @module
 */
import pg from "pg";

/** What the measurements look for. */
export const seeded = {
  models: 100_000,
  versions: 993_340,
  runs: 1_000_000,
  traces: 300_000,
  jobs: 200_000,
  events: 1_000_000,
  tokens: 10_000,
  /** A model with 10,000 versions, and as many alias moves. */
  hugeModel: "main.default.model-000001",
  /** Every hundredth model has the tag, every second the common one, and one model the last. */
  tags: { rare: { tier: "gold" }, common: { team: "growth" }, unique: { ticket: "T-77777" } },
  /** In every hundredth name, in every tenth, and in one. */
  namePart: { some: "fraud", common: "gbm", unique: "model-077777" },
  /** Of 80,000 runs, 200 of which have failed, and 100,000 traces, ten of which are still going on. */
  hugeExperiment: "experiment-1",
  hugeExperimentId: "1",
  /** Named by 100 of its traces. */
  tracedRun: runId(7),
  /** Its metric `loss` has half a million points. */
  longRun: runId(500_000),
  /** Read by 50,000 runs. */
  hubDataset: `blake3:${"ab".repeat(32)}`,
} as const;

/** @param url of the superuser of a migrated database without models */
export async function seedRegistry(url: string): Promise<void> {
  // What takes longest runs beside the rest, on a connection of its own.
  await Promise.all([inOrder(url, registrySql), inOrder(url, trackingSql)]);
  const client = await connect(url);
  await client.query("vacuum analyze");
  await client.end();
}

async function inOrder(url: string, statements: readonly string[]): Promise<void> {
  const client = await connect(url);
  await client.query("set session_replication_role = replica; set synchronous_commit = off; set work_mem = '128MB'");
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("set search_path = mintmark");
  return client;
}

/** The id of the nth run; also how the seed makes it. */
function runId(n: number): string {
  return n.toString(16).padStart(32, "0");
}

const traceHex = (n: string) => `lpad(to_hex(${n}), 32, '0')`;
const runUuid = (n: string) => `lpad(to_hex(${n}), 32, '0')::uuid`;
const digest = (n: string) => `sha256((${n})::text::bytea)`;
const identity = (table: string, column: string) =>
  `select setval(pg_get_serial_sequence('${table}', '${column}'), (select max(${column}) from ${table}))`;

/** 20 models of 10,000 versions, 200 of 1,000, 2,000 of 150, the rest of 3. */
const versionCount = "case when m <= 20 then 10000 when m <= 220 then 1000 when m <= 2220 then 150 else 3 end";

const registrySql = [
  `insert into catalog (name) select 'company-' || n from generate_series(1, 20) n on conflict do nothing`,
  `select namespace_of('main', 'default')`,
  `insert into namespace (catalog_pk, name) select catalog_pk, 'team-' || n from catalog, generate_series(1, 20) n`,
  `insert into key_name (name) select * from unnest(array['team', 'tier', 'ticket', 'stage-note', 'commit', 'owner'])
   on conflict do nothing`,
  // Every second in the default schema.
  `insert into model (model_pk, namespace_pk, full_name, shown_name, created_by) overriding system value
   select m, namespace_of(catalog, schema), catalog || '.' || schema || '.' || name, catalog || '.' || schema || '.' || name, 'seed'
   from (select m, case when m % 2 = 1 then 'main' else 'company-' || (m / 2 % 20 + 1) end as catalog,
       case when m % 2 = 1 then 'default' else 'team-' || (m / 40 % 20 + 1) end as schema,
       case when m % 100 = 50 then 'fraud-' when m % 10 = 3 then 'gbm-' else '' end || 'model-' || lpad(m::text, 6, '0') as name
     from generate_series(1, ${seeded.models}) m) given`,
  identity("model", "model_pk"),
  `insert into model_head (model_pk, last_version, updated_at)
   select m, ${versionCount}, now() - m * interval '1 minute' from generate_series(1, ${seeded.models}) m`,
  `insert into model_tag (model_pk, key_id, value)
   select m, k.key_id, case k.name when 'team' then case m % 2 when 0 then 'growth' else 'team-' || m % 50 end
     when 'tier' then case m % 100 when 7 then 'gold' else 'silver' end else 'T-' || m end
   from generate_series(1, ${seeded.models}) m, key_name k where k.name in ('team', 'tier', 'ticket')`,

  `insert into version (version_pk, model_pk, number, major, minor, patch, digest, size_bytes, run_pk, model_type, signed_by,
     created_by, created_at, stage, updated_at) overriding system value
   select row_number() over (order by n, m), m, n, 1, n - 1, 0, ${digest("m * 100000::bigint + n")}, 1000000,
     nullif(row_number() over (order by n, m) % 2, 0) * row_number() over (order by n, m), 'gradient-boosting',
     array['0123456789abcdef'], 'seed', now() - interval '300 days' + n * interval '1 second',
     case when n % 5000 = 1 then 2 when n % 100 = 2 then 1 else 0 end, now() - (${seeded.versions} - n) * interval '1 second'
   from generate_series(1, ${seeded.models}) m, generate_series(1, ${versionCount}) n`,
  identity("version", "version_pk"),
  `insert into version_tag (version_pk, model_pk, key_id, value)
   select version_pk, model_pk, k.key_id, case k.name when 'team' then case number % 2 when 0 then 'growth' else 'team-' || number % 50 end
     when 'tier' then case number % 100 when 7 then 'gold' else 'silver' end else 'T-' || version_pk end
   from version, key_name k where k.name in ('team', 'tier', 'ticket')`,

  // Five hundred moves of twenty aliases in the huge models, three of `champion` in the others.
  `insert into alias_move (model_pk, alias, revision, from_number, to_number, actor, reason, at)
   select m, 'alias-' || a, r, nullif(r - 1, 0), r, 'seed', 'because', now() - interval '100 days' + r * interval '1 minute' + a * interval '1 second'
   from generate_series(1, 20) m, generate_series(1, 20) a, generate_series(1, 500) r`,
  `insert into alias_move (model_pk, alias, revision, from_number, to_number, actor, reason, at)
   select m, 'champion', r, nullif(r - 1, 0), r, 'seed', 'because', now() - interval '200 days' + r * interval '1 minute'
   from generate_series(1, ${seeded.models}) m, generate_series(1, 3) r`,
  `insert into alias (model_pk, name, number, revision, updated_at)
   select distinct on (model_pk, alias) model_pk, alias, to_number, revision, at from alias_move order by model_pk, alias, revision desc`,

  // The earliest are the ones of the huge model, so that what lists them has far to go.
  `insert into event (number, kind, model_pk, model, actor, at, detail)
   select n, 'version.registered', m, 'model-' || m, 'seed', now() - (${seeded.events} - n) * interval '1 second', '{"version": 1}'
   from (select n, case when n <= 10000 then 1 else 2 + n % (${seeded.models} - 1) end as m from generate_series(1, ${seeded.events}) n) given`,
  `update event_head set number = ${seeded.events}`,
  `insert into token (id, name, secret_sha256, created_by, created_at)
   select lpad(to_hex(n), 16, '0'), 'token-' || n, ${digest("n")}, 'seed', now() - n * interval '1 minute'
   from generate_series(1, ${seeded.tokens}) n`,
];

const trackingSql = [
  `insert into experiment (name) select 'experiment-' || n from generate_series(1, 2000) n`,
  `insert into key_name (name) select * from unnest(array['learning_rate', 'num_leaves', 'loss', 'accuracy', 'git.commit',
     'mlflow.traceName', 'mlflow.user', 'mlflow.sourceRun'])
   on conflict do nothing`,
  // 80,000 runs in the first experiment. Few fail, and the last of those that did in the huge one is long ago.
  `insert into run (run_pk, run_id, experiment_pk, status, is_job, created_at, started_at, ended_at, name, user_name)
     overriding system value
   select n, ${runUuid("n")}, case when n % 25 < 2 then 1 else 2 + n % 1999 end,
     case when n <= 2500 and n % 25 < 2 then 4 when n > 2500 and n % 1000 = 999 then 4 else 3 end,
     n % 5 = 0, at, at, at, 'run-' || n, 'seed'
   from (select n, now() - (${seeded.runs} - n) * interval '10 second' as at from generate_series(1, ${seeded.runs}) n) given`,
  identity("run", "run_pk"),
  `insert into job (run_pk, model, config, snapshots)
   select n, 'model-' || n, '{"model": "m", "data": {"source": "a.csv"}, "algorithm": {"name": "ridge"}}', '[]'
   from generate_series(5, ${seeded.runs}, 5) n`,
  `insert into param (run_pk, experiment_pk, key_id, value)
   select r.run_pk, r.experiment_pk, k.key_id, (r.run_pk % 100)::text from run r, key_name k
   where k.name in ('learning_rate', 'num_leaves')`,
  `insert into latest_metric (run_pk, value, step, ts, experiment_pk, key_id)
   select r.run_pk, (r.run_pk % 9973) / 9973.0, 100, 1700000000000 + r.run_pk, r.experiment_pk, k.key_id from run r, key_name k
   where k.name in ('loss', 'accuracy')`,
  `insert into run_tag (run_pk, experiment_pk, key_id, value)
   select r.run_pk, r.experiment_pk, k.key_id, md5((r.run_pk / 10)::text) from run r, key_name k where k.name = 'git.commit'`,
  `insert into metric_point (run_pk, ts, step, value, key_id)
   select ${seeded.runs / 2}, 1700000000000 + n, n, 1.0 / n, key_id from generate_series(1, 500000) n, key_name where name = 'loss'`,

  // Every third in the first experiment.
  `insert into trace (trace_pk, id, experiment_pk, started_ms, duration_ms, state, recorded) overriding system value
   select n, 'tr-' || ${traceHex("n")}, case n % 3 when 0 then 1 else 2 + n % 1999 end, 1700000000000 + n * 1000::bigint, n % 5000,
     case when n % 30000 = 15 then 3 when n % 100 = 7 then 2 else 1 end, true from generate_series(1, ${seeded.traces}) n`,
  identity("trace", "trace_pk"),
  `insert into trace_tag (trace_pk, experiment_pk, key_id, value)
   select t.trace_pk, t.experiment_pk, k.key_id, k.name || '-' || t.trace_pk % 100 from trace t, key_name k
   where k.name in ('mlflow.traceName', 'mlflow.user')`,
  `insert into trace_metadata (trace_pk, experiment_pk, key_id, value)
   select t.trace_pk, t.experiment_pk, k.key_id, ${traceHex("t.trace_pk / 3 % 1000")} from trace t, key_name k
   where k.name = 'mlflow.sourceRun'`,

  `insert into lineage_node (node_pk, kind, identity, label) overriding system value values (1, 1, '${seeded.hubDataset}', 'hub')`,
  `insert into lineage_node (node_pk, kind, identity, label) overriding system value
   select 1 + n, 3, lpad(to_hex(n), 32, '0'), 'run-' || n from generate_series(1, ${seeded.runs}) n`,
  identity("lineage_node", "node_pk"),
  `insert into lineage_edge (source_pk, target_pk, role) select 1, 1 + n, 'train' from generate_series(1, 50000) n`,
  // Each run stands on five before it, so that there is something to walk.
  `insert into lineage_edge (source_pk, target_pk, role)
   select 1 + n - d * 1000, 1 + n, 'parent' from generate_series(50001, 250000) n, generate_series(1, 5) d`,
];
