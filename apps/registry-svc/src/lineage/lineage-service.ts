/**
 * RPC face of the lineage graph.
 * @module
 */
import type { ServiceImpl } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import { isRunId } from "@mintmark/names/run-id";
import { LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import type { LineageService } from "@mintmark/proto/mintmark/registry/v1/lineage_service";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import { resolveUri } from "../resolve/resolve-uri.ts";
import type { ServiceDeps } from "../service-deps.ts";
import { walkLineage } from "./walk-lineage.ts";

const defaultDepth = 6;
const maxDepth = 20;

export function lineageService({ db }: Pick<ServiceDeps, "db">): ServiceImpl<typeof LineageService> {
  return {
    async getLineage({ uri, depthUp, depthDown }) {
      const root = await findNode(db, uri);
      const walk = await walkLineage(
        db,
        root,
        requireDepth("depth_up", depthUp),
        requireDepth("depth_down", depthDown),
      );
      const nodes = await readNodes(db, [
        root,
        ...walk.edges.flatMap(({ source_pk, target_pk }) => [source_pk, target_pk]),
      ]);
      return {
        root: nodes.get(root)!,
        edges: walk.edges.map(({ source_pk, target_pk, role }) => ({
          from: nodes.get(source_pk)!,
          to: nodes.get(target_pk)!,
          role,
        })),
        truncated: walk.truncated,
      };
    },
  };
}

function requireDepth(field: string, depth: number | undefined): number {
  if (depth !== undefined && depth > maxDepth) throw invalid(field, `must be at most ${maxDepth}, got ${depth}`);
  return depth ?? defaultDepth;
}

async function findNode(db: Db, uri: string): Promise<bigint> {
  const { kind, identity } = await identify(db, uri);
  const row = await db
    .selectFrom("lineage_node")
    .select("node_pk")
    .where("kind", "=", kind)
    .where("identity", "=", identity)
    .executeTakeFirst();
  if (row === undefined) throw new AppError("LINEAGE_NOT_FOUND", { uri });
  return row.node_pk;
}

async function identify(db: Db, uri: string): Promise<{ kind: LineageKind; identity: string }> {
  if (/^blake3:[0-9a-f]{64}$/.test(uri)) return { kind: LineageKind.DATASET, identity: uri };
  if (uri.startsWith("blake3:"))
    throw new AppError("URI_INVALID", { uri, problem: "is no digest: 'blake3:' and 64 hex digits in lower case" });
  const run = /^runs:\/(.*)$/.exec(uri)?.[1];
  if (run !== undefined && isRunId(run)) return { kind: LineageKind.RUN, identity: run };
  const { version } = await resolveUri(db, uri);
  return { kind: LineageKind.VERSION, identity: `${version.model_id}/${version.number}` };
}

interface NodeRow {
  readonly node_pk: bigint;
  readonly kind: LineageKind;
  readonly identity: string;
  readonly label: string;
  /** The present name of a version's model. */
  readonly model: string | null;
}

async function readNodes(db: Db, keys: readonly bigint[]) {
  const { rows } = await sql<NodeRow>`
    select n.node_pk, n.kind, n.identity, n.label, m.shown_name as model
    from lineage_node n
    -- A case, because a join's conditions are not evaluated in their order: only a version begins with a UUID.
    left join model m on m.id = case when n.kind = ${LineageKind.VERSION} then left(n.identity, 36)::uuid end
    where n.node_pk = any(${[...new Set(keys)].map(String)}::bigint[])`.execute(db);
  return new Map(rows.map((row) => [row.node_pk, nodeMessage(row)]));
}

function nodeMessage({ kind, identity, label, model }: NodeRow): { kind: LineageKind; id: string; label: string } {
  if (model === null) return { kind, id: identity, label };
  const name = `${model}${identity.slice(36)}`;
  return { kind, id: name, label: name };
}
