/**
 * `mintmark alias`: movable names for versions.
 * @module
 */

import { maxInt4 } from "@mintmark/names/int4";
import { AliasMoveSchema, AliasSchema } from "@mintmark/proto/mintmark/registry/v1/alias";
import type { Command } from "commander";
import { type Answer, messageJson, table, time } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { group, integer } from "./options.ts";

export function addAliasCommands(program: Command, run: Run): void {
  const alias = group(program, "alias", "movable names for versions, such as champion");

  const set = alias.command("set").description("point an alias at a version");
  set
    .argument("<name>")
    .argument("<alias>")
    .argument("<version>", "the number", integer("VERSION", 1, maxInt4));
  set.option("--reason <text>", "why", "");
  set.option("--expect <version>", "only if it points there now; 0: nowhere", integer("--expect", 0, maxInt4));
  set.action((model: string, name: string, version: number, options: { reason: string; expect?: number }) =>
    run(set, (session) => setAlias(session, { model, alias: name, version, ...options })),
  );

  const remove = alias.command("rm").description("remove an alias; its history stays");
  remove.argument("<name>").argument("<alias>").option("--reason <text>", "why", "");
  remove.action((model: string, name: string, { reason }: { reason: string }) =>
    run(remove, (session) => removeAlias(session, model, name, reason)),
  );

  const list = alias.command("list").description("where each alias of a model points").argument("<name>");
  list.action((model: string) => run(list, (session) => listAliases(session, model)));

  const history = alias.command("history").description("every move, the newest first");
  history.argument("<name>").argument("[alias]");
  history.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  history.action((model: string, name: string | undefined, { limit }: { limit: number }) =>
    run(history, (session) => aliasHistory(session, model, name ?? "", limit)),
  );
}

interface SetAlias {
  readonly model: string;
  readonly alias: string;
  readonly version: number;
  readonly reason: string;
  readonly expect?: number;
}

export async function setAlias({ client }: Session, { expect, ...request }: SetAlias): Promise<Answer> {
  const expected = expect === undefined ? {} : { expectedVersion: expect };
  const { alias } = await client.aliases.setAlias({ ...request, ...expected });
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
  const rows = aliases.map((alias) => [
    alias.name,
    String(alias.version),
    String(alias.revision),
    time(alias.updateTime),
  ]);
  return {
    text: table(["ALIAS", "VERSION", "REVISION", "MOVED"], rows),
    json: aliases.map((alias) => messageJson(AliasSchema, alias)),
  };
}

export async function aliasHistory({ client }: Session, model: string, alias: string, limit: number): Promise<Answer> {
  const moves = await pages(limit, "moves", (page) => client.aliases.listAliasMoves({ model, alias, ...page }));
  const place = (version: number) => (version === 0 ? "-" : String(version));
  const rows = moves.map((move) => [
    time(move.time),
    move.alias,
    `${place(move.fromVersion)} → ${place(move.toVersion)}`,
    move.actor,
    move.reason,
  ]);
  return {
    text: table(["TIME", "ALIAS", "MOVE", "BY", "WHY"], rows),
    json: moves.map((move) => messageJson(AliasMoveSchema, move)),
  };
}
