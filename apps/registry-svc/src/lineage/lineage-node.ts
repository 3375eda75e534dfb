/**
 * Nodes of the lineage graph: how they are named at the edge, and how they are kept.
 *
 * A version is kept by the identity of its model, so that the graph outlives a rename, and shown by the model's present name.
 * @module
 */

import { isLoggedModelId } from "@mintmark/names/logged-model-id";
import { isRunId } from "@mintmark/names/run-id";
import { type LineageInput, LineageKind } from "@mintmark/proto/mintmark/registry/v1/lineage";
import { sql } from "kysely";
import { prepared } from "../db/prepared.ts";
import type { Db } from "../db/schema.ts";
import { invalid, requireCount, requireText } from "../fields.ts";
import { resolveUri } from "../resolve/resolve-uri.ts";

export interface StoredNode {
  readonly kind: LineageKind;
  /** `blake3:<hex>` or `NAME#DIGEST`, a commit, the 32 hex digits of a run, `<model uuid>/<number>`, or `m-<32 hex digits>`. */
  readonly identity: string;
  readonly label: string;
}

/** A source and the role in which it was used. */
export interface Source {
  readonly node: StoredNode;
  readonly role: string;
}

/**
 * The sources that the maker of a version names.
 * @throws AppError `REQUEST_INVALID`, and whatever a version that does not resolve gives
 */
export async function readSources(db: Db, inputs: readonly LineageInput[]): Promise<readonly Source[]> {
  requireCount("inputs", inputs.length, maxInputs);
  const sources: Source[] = [];
  for (const { node, role } of inputs) {
    if (node === undefined || role === "") throw invalid("inputs", "must have a node and a role");
    const label = requireText("label", node.label, 1_000);
    sources.push({
      node: { kind: node.kind, identity: await identityOf(db, node.kind, node.id), label },
      role: requireText("role", role, 100),
    });
  }
  return sources;
}

export function versionNode(modelId: string, number: number, label: string): StoredNode {
  return { kind: LineageKind.VERSION, identity: `${modelId}/${number}`, label };
}

/** `run`: 32 hex digits. */
export function runNode(run: string, label: string): StoredNode {
  return { kind: LineageKind.RUN, identity: run, label };
}

/** `id`: `m-` and 32 hex digits. */
export function loggedModelNode(id: string, label: string): StoredNode {
  return { kind: LineageKind.LOGGED_MODEL, identity: id, label };
}

/** Keeps the nodes that are new, and the edges from each source to the target. Repeating it changes nothing. */
export async function writeEdges(db: Db, sources: readonly Source[], target: StoredNode): Promise<void> {
  if (sources.length === 0) return;
  const nodes = [...sources.map(({ node }) => node), target];
  // In one order for everybody, so that two writers of the same nodes do not wait for each other in a circle.
  const sorted = nodes.toSorted((a, b) => a.kind - b.kind || (a.identity < b.identity ? -1 : 1));
  await sql`${prepared}
    insert into lineage_node (kind, identity, label)
    select * from unnest(${sorted.map(({ kind }) => kind)}::smallint[], ${sorted.map(({ identity }) => identity)}::text[],
      ${sorted.map(({ label }) => label)}::text[])
    on conflict do nothing`.execute(db);
  await sql`${prepared}
    insert into lineage_edge (source_pk, target_pk, role)
    select s.node_pk, t.node_pk, given.role
    from unnest(${sources.map(({ node }) => node.kind)}::smallint[], ${sources.map(({ node }) => node.identity)}::text[],
      ${sources.map(({ role }) => role)}::text[]) as given(kind, identity, role)
    join lineage_node s on s.kind = given.kind and s.identity = given.identity
    join lineage_node t on t.kind = ${target.kind} and t.identity = ${target.identity}
    on conflict do nothing`.execute(db);
}

async function identityOf(db: Db, kind: LineageKind, id: string): Promise<string> {
  switch (kind) {
    case LineageKind.DATASET:
      return matching(id, /^blake3:[0-9a-f]{64}$/.test(id), "'blake3:' and 64 hex digits");
    case LineageKind.RUN:
      return matching(id, isRunId(id), "32 hex digits");
    case LineageKind.CODE:
      return matching(id, /^[\x21-\x7e]{1,200}$/.test(id), "a commit");
    case LineageKind.LOGGED_MODEL:
      return matching(id, isLoggedModelId(id), "'m-' and 32 hex digits");
    case LineageKind.VERSION: {
      const { version } = await resolveUri(db, id);
      return `${version.model_id}/${version.number}`;
    }
    default:
      throw invalid("inputs", "must say of a known kind what each source is");
  }
}

function matching(id: string, matches: boolean, expected: string): string {
  if (!matches) throw invalid("inputs", `expected ${expected}, got '${id}'`);
  return id;
}

const maxInputs = 1_000;
