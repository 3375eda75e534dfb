/**
 * `mintmark lineage`: what a version was made from, and what was made from it.
 * @module
 */
import { type LineageEdge, LineageKind, type LineageNode } from "@mintmark/proto/mintmark/registry/v1/lineage";
import { GetLineageResponseSchema } from "@mintmark/proto/mintmark/registry/v1/lineage_service";
import type { Command } from "commander";
import { type Answer, messageJson } from "../answer.ts";
import { runId } from "../naming.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { printable } from "../view.ts";
import { examples, integer } from "./options.ts";

export function addLineageCommand(program: Command, run: Run): void {
  const lineage = program.command("lineage").description("what something was made from, and what was made from it");
  lineage.argument("<uri>", "a version, runs:/RUN, or blake3:<hex> of a snapshot");
  lineage.option("--up <n>", "steps towards the sources", integer("--up", 0, 20), 6);
  lineage.option("--down <n>", "steps towards the results", integer("--down", 0, 20), 6);
  examples(
    lineage,
    "mintmark lineage titanic@champion",
    "mintmark lineage runs:/0af1c2d3e4f5061728394a5b6c7d8e9f --up 1",
  );
  lineage.action((uri: string, options: { up: number; down: number }) =>
    run(lineage, (session) => showLineage(session, uri, options)),
  );
}

export async function showLineage(
  session: Session,
  asked: string,
  { up, down }: { up: number; down: number },
): Promise<Answer> {
  const { client } = session;
  const uri = asked.startsWith("runs:/") ? `runs:/${await runId(session, asked.slice("runs:/".length))}` : asked;
  const response = await client.lineage.getLineage({ uri, depthUp: up, depthDown: down });
  const { root, edges, truncated } = response;
  const lines = [
    title(root!),
    ...branches(root!, edges, "from"),
    ...branches(root!, edges, "to"),
    ...(truncated ? ["(more than is shown here)"] : []),
  ];
  return { text: lines.join("\n"), json: messageJson(GetLineageResponseSchema, response) };
}

/** The graph on one side of a node, as an indented tree; a node that was shown before is not unfolded again. */
function branches(root: LineageNode, edges: readonly LineageEdge[], side: "from" | "to"): string[] {
  const other = side === "from" ? "to" : "from";
  const arrow = side === "from" ? "←" : "→";
  const seen = new Set([idOf(root)]);
  const walk = (node: LineageNode, depth: number): string[] =>
    edges
      .filter((edge) => idOf(edge[other]!) === idOf(node))
      .flatMap((edge) => {
        const next = edge[side]!;
        const line = `${"  ".repeat(depth)}${arrow} ${title(next)} (${edge.role})`;
        if (seen.has(idOf(next))) return [line];
        seen.add(idOf(next));
        return [line, ...walk(next, depth + 1)];
      });
  return walk(root, 1);
}

function idOf(node: LineageNode): string {
  return `${node.kind}:${node.id}`;
}

function title({ kind, id, label }: LineageNode): string {
  const parts = [kindNames[kind] ?? "unknown", ...(label === id ? [] : [label]), id];
  return printable(parts.filter((part) => part !== "").join(" "));
}

const kindNames: Readonly<Record<number, string>> = {
  [LineageKind.DATASET]: "data",
  [LineageKind.CODE]: "code",
  [LineageKind.RUN]: "run",
  [LineageKind.VERSION]: "version",
  [LineageKind.LOGGED_MODEL]: "logged model",
};
