/**
 * `mintmark alias`: movable names for versions.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type Alias, type AliasMove, AliasMoveSchema, AliasSchema } from "@mintmark/proto/mintmark/registry/v1/alias";
import type { Command } from "commander";
import { type Answer, date, messageJson } from "../answer.ts";
import { aliasName, versionNumber } from "../naming.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type TableColumn, table } from "../table.ts";
import { examples, group, integer, versionArgument } from "./options.ts";

export function addAliasCommands(program: Command, run: Run): void {
  const alias = group(
    program,
    "alias",
    "movable names for versions, such as champion",
    "mintmark alias set titanic champion 3",
  );

  const set = alias.command("set").description("point an alias at a version");
  set
    .argument("<name>", "the model")
    .argument("<alias>", "letters, digits, _ and -")
    .argument("<version>", versionArgument);
  set.option("--reason <text>", "why", "");
  set.option("--expect <version>", "only if it points there now; 0: nowhere");
  set.action((model: string, name: string, version: string, options: { reason: string; expect?: string }) =>
    run(set, (session) => setAlias(session, { model, alias: aliasName(name), version, ...options })),
  );
  examples(
    set,
    'mintmark alias set titanic champion 3 --reason "better on old data"',
    "mintmark alias set titanic champion 1.4.0 --expect 2",
    "mintmark alias set titanic champion @challenger",
  );

  const remove = alias.command("rm").description("remove an alias; its history stays");
  remove.argument("<name>", "the model").argument("<alias>", "what to remove").option("--reason <text>", "why", "");
  examples(remove, "mintmark alias rm titanic challenger");
  remove.action((model: string, name: string, { reason }: { reason: string }) =>
    run(remove, (session) => removeAlias(session, model, aliasName(name), reason)),
  );

  const list = alias.command("list").description("where each alias of a model points");
  list.argument("<name>", "the model");
  examples(list, "mintmark alias list titanic");
  list.action((model: string) => run(list, (session) => listAliases(session, model)));

  const history = alias.command("history").description("every move, the newest first");
  history.argument("<name>", "the model").argument("[alias]", "of this alias alone");
  examples(history, "mintmark alias history titanic champion");
  history.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  history.action((model: string, name: string | undefined, { limit }: { limit: number }) =>
    run(history, (session) => aliasHistory(session, model, aliasName(name ?? ""), limit)),
  );
}

interface SetAlias {
  readonly model: string;
  readonly alias: string;
  readonly version: string;
  readonly reason: string;
  readonly expect?: string;
}

export async function setAlias(session: Session, { expect, version: which, ...request }: SetAlias): Promise<Answer> {
  const version = await versionNumber(session, request.model, which);
  const expected = expect === undefined ? {} : { expectedVersion: await versionNumber(session, request.model, expect) };
  const { alias } = await session.client.aliases.setAlias({ ...request, version, ...expected });
  return {
    text: `${request.model}@${request.alias} → version ${alias!.version}`,
    json: messageJson(AliasSchema, alias!),
  };
}

export async function removeAlias({ client }: Session, model: string, alias: string, reason: string): Promise<Answer> {
  await client.aliases.deleteAlias({ model, alias, reason });
  return { text: `removed ${model}@${alias}`, json: { model, alias, deleted: true } };
}

export async function listAliases({ client }: Session, model: string): Promise<Answer> {
  const { aliases } = await client.aliases.listAliases({ model });
  return {
    text: (view) => table(aliasColumns, aliases, view),
    json: aliases.map((alias) => messageJson(AliasSchema, alias)),
  };
}

/** @throws AppError ALIAS_NOT_FOUND where the model never had the alias; one that was removed has its history */
export async function aliasHistory({ client }: Session, model: string, alias: string, limit: number): Promise<Answer> {
  const moves = await pages(limit, "moves", (page) => client.aliases.listAliasMoves({ model, alias, ...page }));
  if (moves.length === 0 && alias !== "") throw new AppError("ALIAS_NOT_FOUND", { model, alias });
  return {
    text: (view) => table(moveColumns, moves, view),
    json: moves.map((move) => messageJson(AliasMoveSchema, move)),
  };
}

const aliasColumns: readonly TableColumn<Alias>[] = [
  { heading: "ALIAS", cell: ({ name }) => name },
  { heading: "VERSION", cell: ({ version }) => version },
  { heading: "REVISION", cell: ({ revision }) => Number(revision) },
  { heading: "MOVED", cell: ({ updateTime }) => date(updateTime) },
];

const moveColumns: readonly TableColumn<AliasMove>[] = [
  { heading: "TIME", cell: ({ time }) => date(time) },
  { heading: "ALIAS", cell: ({ alias }) => alias },
  { heading: "MOVE", cell: ({ fromVersion, toVersion }) => `${place(fromVersion)} → ${place(toVersion)}` },
  { heading: "BY", cell: ({ actor }) => actor },
  { heading: "WHY", cell: ({ reason }) => reason, optional: true },
];

/** Of a version; 0 is nowhere. */
function place(version: number): string {
  return version === 0 ? "-" : String(version);
}
