/**
 * `mintmark models`: the registered names.
 * @module
 */
import { type Model, ModelSchema } from "@mintmark/proto/mintmark/registry/v1/model";
import type { Command } from "commander";
import { type Answer, messageJson, table, time } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { group, integer, keyValue } from "./options.ts";

export function addModelsCommands(program: Command, run: Run): void {
  const models = group(program, "models", "registered models");

  const list = models.command("list").description("all models, by name");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.option("--prefix <text>", "only names that begin with this", "");
  list.action((options: ListModels) => run(list, (session) => listModels(session, options)));

  const search = models.command("search").description("models whose name contains a text").argument("<text>");
  search.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  search.option("--tag <key=value>", "only with this tag; may be repeated", keyValue("--tag"), {});
  search.action((contains: string, options: ListModels) =>
    run(search, (session) => listModels(session, { ...options, contains })),
  );

  const show = models.command("show").description("one model").argument("<name>");
  show.action((name: string) => run(show, (session) => showModel(session, name)));

  const create = models.command("create").description("register a name").argument("<name>");
  create.option("--description <text>", "what the model is for", "");
  create.option("--tag <key=value>", "a tag; may be repeated", keyValue("--tag"), {});
  create.action((name: string, options: CreateModel) => run(create, (session) => createModel(session, name, options)));

  const remove = models
    .command("delete")
    .description("delete a model with its versions and aliases")
    .argument("<name>");
  remove.action((name: string) => run(remove, (session) => deleteModel(session, name)));

  const rename = models.command("rename").description("give a model another name").argument("<name>").argument("<new>");
  rename.action((name: string, to: string) => run(rename, (session) => renameModel(session, name, to)));
}

interface ListModels {
  readonly limit: number;
  readonly prefix?: string;
  readonly contains?: string;
  readonly tag?: Readonly<Record<string, string>>;
}

export async function listModels({ client }: Session, { limit, prefix, contains, tag }: ListModels): Promise<Answer> {
  const filter = { namePrefix: prefix ?? "", nameContains: contains ?? "", tags: tag ?? {} };
  const models = await pages(limit, "models", (page) => client.models.listModels({ ...filter, ...page }));
  const rows = models.map((model) => [
    model.name,
    String(model.latestVersion),
    aliasesOf(model),
    time(model.updateTime),
    model.description,
  ]);
  return {
    text: table(["NAME", "LATEST", "ALIASES", "UPDATED", "DESCRIPTION"], rows),
    json: models.map((model) => messageJson(ModelSchema, model)),
  };
}

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

export async function deleteModel({ client }: Session, name: string): Promise<Answer> {
  await client.models.deleteModel({ name });
  return { text: `deleted ${name}`, json: { model: name, deleted: true } };
}

export async function renameModel({ client }: Session, name: string, newName: string): Promise<Answer> {
  const { model } = await client.models.renameModel({ name, newName });
  return modelAnswer(model!);
}

function modelAnswer(model: Model): Answer {
  const fields = [
    ["name", model.name],
    ["id", model.id],
    ["description", model.description],
    ["latest version", String(model.latestVersion)],
    ["aliases", aliasesOf(model)],
    [
      "tags",
      Object.entries(model.tags)
        .map(([key, value]) => `${key}=${value}`)
        .join(", "),
    ],
    ["created", time(model.createTime)],
    ["updated", time(model.updateTime)],
  ];
  const text = fields.map(([key = "", value = ""]) => `${key.padEnd(15)} ${value}`.trimEnd()).join("\n");
  return { text, json: messageJson(ModelSchema, model) };
}

function aliasesOf(model: Model): string {
  return Object.entries(model.aliases)
    .map(([alias, version]) => `${alias}=${version}`)
    .sort()
    .join(" ");
}
