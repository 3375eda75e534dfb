/**
 * Walks the graph of what was made from what, level by level, each way, within stated limits: a data set that everything was
 * trained on would otherwise bring half the registry along.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";

export interface LineageWalk {
  readonly edges: readonly EdgeRow[];
  /** Whether some node had more neighbours than are given. */
  readonly truncated: boolean;
}

export interface EdgeRow {
  readonly source_pk: bigint;
  readonly target_pk: bigint;
  readonly role: string;
}

const maxNeighbours = 200;
const maxEdges = 2_000;

/** The edges between the root and everything within the depths, each once. */
export async function walkLineage(db: Db, root: bigint, depthUp: number, depthDown: number): Promise<LineageWalk> {
  const up = await walk(db, root, depthUp, "target_pk", "source_pk", maxEdges);
  const down = await walk(db, root, depthDown, "source_pk", "target_pk", maxEdges - up.edges.length);
  return { edges: [...up.edges, ...down.edges], truncated: up.truncated || down.truncated };
}

type End = "source_pk" | "target_pk";

async function walk(db: Db, root: bigint, depth: number, from: End, to: End, limit: number): Promise<LineageWalk> {
  const edges: EdgeRow[] = [];
  const seen = new Set([root]);
  let truncated = false;
  let frontier = [root];
  for (let step = 0; step < depth && frontier.length > 0; step++) {
    const found = await neighbours(db, frontier, from, to);
    for (const { edges: some, more } of found) {
      truncated ||= more || edges.length + some.length > limit;
      edges.push(...some.slice(0, Math.max(0, limit - edges.length)));
    }
    frontier = [...new Set(found.flatMap(({ edges: some }) => some.map((edge) => edge[to])))].filter(
      (node) => !seen.has(node),
    );
    for (const node of frontier) seen.add(node);
    if (edges.length >= limit) break;
  }
  return { edges, truncated };
}

async function neighbours(db: Db, frontier: readonly bigint[], from: End, to: End) {
  const { rows } = await sql<EdgeRow>`
    select e.source_pk, e.target_pk, e.role from unnest(${frontier.map(String)}::bigint[]) as node(pk)
    cross join lateral (
      select source_pk, target_pk, role from lineage_edge where ${sql.ref(from)} = node.pk
      order by ${sql.ref(to)}, role limit ${maxNeighbours + 1}) e`.execute(db);
  const byNode = Map.groupBy(rows, (edge) => edge[from]);
  return [...byNode.values()].map((edges) => ({
    edges: edges.slice(0, maxNeighbours),
    more: edges.length > maxNeighbours,
  }));
}
