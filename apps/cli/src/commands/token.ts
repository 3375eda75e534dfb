/**
 * `mintmark token`: secrets by which people and programs are known.
 * @module
 */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { type Token, TokenSchema } from "@mintmark/proto/mintmark/access/v1/token";
import type { Command } from "commander";
import { type Answer, messageJson, table, time } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { group, integer } from "./options.ts";

export function addTokenCommands(program: Command, run: Run): void {
  const token = group(program, "token", "tokens of people and programs");

  const create = token.command("create").description("make a token; its secret is shown once").argument("<name>");
  create.option("--expires <time>", "when it ceases to be valid (RFC 3339; default: never)", moment);
  create.action((name: string, { expires }: { expires?: Date }) =>
    run(create, (session) => createToken(session, name, expires)),
  );

  const list = token.command("list").description("all tokens, without their secrets");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.action(({ limit }: { limit: number }) => run(list, (session) => listTokens(session, limit)));

  const revoke = token.command("revoke").description("make a token invalid").argument("<id>");
  revoke.action((id: string) => run(revoke, (session) => revokeToken(session, id)));
}

export async function createToken({ client }: Session, name: string, expires: Date | undefined): Promise<Answer> {
  const expiry = expires === undefined ? {} : { expireTime: timestampFromDate(expires) };
  const { token, secret } = await client.tokens.createToken({ name, ...expiry });
  return { text: secret, json: { ...(messageJson(TokenSchema, token!) as object), secret } };
}

export async function listTokens({ client }: Session, limit: number): Promise<Answer> {
  return tokensAnswer(await pages(limit, "tokens", client.tokens.listTokens));
}

export async function revokeToken({ client }: Session, id: string): Promise<Answer> {
  const { token } = await client.tokens.revokeToken({ id });
  return { ...tokensAnswer([token!]), json: messageJson(TokenSchema, token!) };
}

function tokensAnswer(tokens: readonly Token[]): Answer {
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    time(token.createTime),
    time(token.expireTime),
    time(token.revokeTime),
  ]);
  return {
    text: table(["ID", "NAME", "CREATED", "EXPIRES", "REVOKED"], rows),
    json: tokens.map((token) => messageJson(TokenSchema, token)),
  };
}

function moment(value: string): Date {
  const date = new Date(value);
  if (Number.isNaN(date.getTime()))
    throw new AppError("OPTION_INVALID", { option: "--expires", expected: "a time as in 2026-12-31T00:00:00Z", value });
  return date;
}
