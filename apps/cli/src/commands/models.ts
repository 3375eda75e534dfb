/**
 * `mintmark models`: the registered names.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type Model, ModelSchema } from "@mintmark/proto/mintmark/registry/v1/model";
import type { Command } from "commander";
import { type Answer, date, fields, messageJson, time } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type TableColumn, table } from "../table.ts";
import { examples, group, integer, keyValue } from "./options.ts";

export function addModelsCommands(program: Command, run: Run): void {
  const models = group(program, "models", "registered models", "mintmark models show titanic");

  const list = models.command("list").description("all models, by name");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.option("--prefix <text>", "only names that begin with this", "");
  list.option("--names", "only the names, one a line", false);
  examples(list, "mintmark models list --prefix fraud.");
  list.action((options: ListModels) => run(list, (session) => listModels(session, options)));

  const search = models.command("search").description("models whose name contains a text");
  search.argument("<text>", "a part of the name");
  examples(search, "mintmark models search churn --tag team=growth");
  search.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  search.option("--tag <key=value>", "only with this tag; may be repeated", keyValue("--tag"), {});
  search.action((contains: string, options: ListModels) =>
    run(search, (session) => listModels(session, { ...options, contains })),
  );

  const show = models.command("show").description("one model").argument("<name>", "the model");
  examples(show, "mintmark models show titanic");
  show.action((name: string) => run(show, (session) => showModel(session, name)));

  const create = models.command("create").description("register a name");
  create.argument("<name>", "NAME, or CATALOG.SCHEMA.NAME");
  examples(create, 'mintmark models create fraud --description "card payments" --tag team=risk');
  create.option("--description <text>", "what the model is for", "");
  create.option("--tag <key=value>", "a tag; may be repeated", keyValue("--tag"), {});
  create.action((name: string, options: CreateModel) => run(create, (session) => createModel(session, name, options)));

  const remove = models.command("delete").description("delete a model with its versions and aliases; asks before");
  remove.argument("<name>", "the model");
  remove.option("--yes", "do not ask", false);
  remove.option("--force", "also while an alias points at one of its versions", false);
  examples(remove, "mintmark models delete titanic", "mintmark models delete titanic --yes --force");
  remove.action((name: string, options: DeleteModel) => run(remove, (session) => deleteModel(session, name, options)));

  const rename = models.command("rename").description("give a model another name");
  rename.argument("<name>", "the model").argument("<new>", "its new name");
  examples(rename, "mintmark models rename titanic survival");
  rename.action((name: string, to: string) => run(rename, (session) => renameModel(session, name, to)));
}

interface ListModels {
  readonly limit: number;
  readonly prefix?: string;
  readonly names?: boolean;
  readonly contains?: string;
  readonly tag?: Readonly<Record<string, string>>;
}

export async function listModels(
  { client }: Session,
  { limit, prefix, names, contains, tag }: ListModels,
): Promise<Answer> {
  const filter = { namePrefix: prefix ?? "", nameContains: contains ?? "", tags: tag ?? {} };
  const models = await pages(limit, "models", (page) => client.models.listModels({ ...filter, ...page }));
  return {
    text: names ? models.map(({ name }) => name).join("\n") : (view) => table(modelColumns, models, view),
    json: models.map((model) => messageJson(ModelSchema, model)),
  };
}

const modelColumns: readonly TableColumn<Model>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "LATEST", cell: ({ latestVersion }) => latestVersion },
  { heading: "ALIASES", cell: aliasesOf },
  { heading: "UPDATED", cell: ({ updateTime }) => date(updateTime) },
  { heading: "DESCRIPTION", cell: ({ description }) => description, optional: true },
];

export async function showModel({ client }: Session, name: string): Promise<Answer> {
  const { model } = await client.models.getModel({ name });
  return modelAnswer(model!);
}

interface CreateModel {
  readonly description: string;
  readonly tag: Readonly<Record<string, string>>;
}

export async function createModel({ client }: Session, name: string, options: CreateModel): Promise<Answer> {
  const { model } = await client.models.createModel({ name, description: options.description, tags: options.tag });
  return modelAnswer(model!);
}

interface DeleteModel {
  readonly yes: boolean;
  readonly force: boolean;
}

/** @throws AppError CONFIRMATION_NEEDED, NOT_CONFIRMED */
export async function deleteModel(session: Session, name: string, { yes, force }: DeleteModel): Promise<Answer> {
  const { client } = session;
  const { model } = await client.models.getModel({ name });
  const aliases = Object.keys(model!.aliases);
  const latest = model!.latestVersion;
  // The registry refuses the same; here, nobody is asked about what will be refused.
  if (aliases.length > 0 && !force) throw new AppError("MODEL_ALIASED", { model: name, aliases });
  const taken = [
    latest === 0 ? "no version" : latest === 1 ? "its version" : `its versions up to ${latest}`,
    ...(aliases.length === 0 ? [] : [aliases.map((alias) => `@${alias}`).join(", ")]),
  ].join(" and ");
  if (!yes) await session.confirm(`delete ${name} with ${taken}`);
  await client.models.deleteModel({ name, refuseAliased: !force });
  return { text: `deleted ${name} with ${taken}`, json: { model: name, deleted: true } };
}

export async function renameModel({ client }: Session, name: string, newName: string): Promise<Answer> {
  const { model } = await client.models.renameModel({ name, newName });
  return modelAnswer(model!);
}

function modelAnswer(model: Model): Answer {
  const text = fields([
    ["name", model.name],
    ["id", model.id],
    ["description", model.description],
    ["latest version", model.latestVersion],
    ["aliases", aliasesOf(model)],
    ["tags", model.tags],
    ["created", time(model.createTime)],
    ["updated", time(model.updateTime)],
  ]);
  return { text, json: messageJson(ModelSchema, model) };
}

function aliasesOf(model: Model): string {
  return Object.entries(model.aliases)
    .map(([alias, version]) => `${alias}=${version}`)
    .sort()
    .join(" ");
}
