/**
 * `mintmark token`: secrets by which people and programs are known.
 * @module
 */
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AppError } from "@mintmark/errors";
import { rfc3339 } from "@mintmark/names/model-uri";
import { type Token, TokenSchema } from "@mintmark/proto/mintmark/access/v1/token";
import type { Command } from "commander";
import { type Answer, date, messageJson } from "../answer.ts";
import { pages } from "../pages.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { type TableColumn, table } from "../table.ts";
import { examples, group, integer } from "./options.ts";

export function addTokenCommands(program: Command, run: Run): void {
  const token = group(program, "token", "tokens of people and programs", "mintmark token create ci --expires 30d");

  const create = token.command("create").description("make a token; its secret is shown once");
  create.argument("<name>", "who uses it; no other token has it");
  create.option(
    "--expires <time>",
    "when it ceases to be valid: 30d, 12h, 45m, or a time in RFC 3339 (default: never)",
    moment,
  );
  examples(create, "mintmark token create ci --expires 30d");
  create.action((name: string, { expires }: { expires?: Date }) =>
    run(create, (session) => createToken(session, name, expires)),
  );

  const list = token.command("list").description("all tokens, without their secrets");
  examples(list, "mintmark token list");
  list.option("--limit <n>", "at most this many", integer("--limit", 1, 100_000), 1000);
  list.action(({ limit }: { limit: number }) => run(list, (session) => listTokens(session, limit)));

  const revoke = token
    .command("revoke")
    .description("make a token invalid")
    .argument("<id>", "see `mintmark token list`");
  examples(revoke, "mintmark token revoke 7b2c91d0e4f5a6b8");
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

export async function revokeToken(session: Session, id: string): Promise<Answer> {
  const { client, progress } = session;
  // Asked before, because whoever revokes the own token may not ask afterwards.
  const all = await pages(100_000, "tokens", client.tokens.listTokens);
  const now = Date.now();
  const isLast = !all.some((other) => other.id !== id && isValid(other, now) && !services.has(other.name));
  const { token } = await client.tokens.revokeToken({ id });
  if (isLast)
    progress.line(
      "warning: no token of a person is left; to get one, remove admin.token from the data directory and start 'mintmark up' again",
    );
  return { ...tokensAnswer([token!]), json: { ...(messageJson(TokenSchema, token!) as object), last: isLast } };
}

/** The tokens that `mintmark up` makes for its own programs. */
const services: ReadonlySet<string> = new Set(["gateway", "worker"]);

function isValid({ revokeTime, expireTime }: Token, now: number): boolean {
  return revokeTime === undefined && (expireTime === undefined || timestampDate(expireTime).getTime() > now);
}

function tokensAnswer(tokens: readonly Token[]): Answer {
  return {
    text: (view) => table(tokenColumns, tokens, view),
    json: tokens.map((token) => messageJson(TokenSchema, token)),
  };
}

const tokenColumns: readonly TableColumn<Token>[] = [
  { heading: "ID", cell: ({ id }) => id },
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "CREATED", cell: ({ createTime }) => date(createTime) },
  { heading: "EXPIRES", cell: ({ expireTime }) => date(expireTime), optional: true },
  { heading: "REVOKED", cell: ({ revokeTime }) => date(revokeTime), optional: true },
];

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;
type Unit = keyof typeof unitMs;

function moment(value: string): Date {
  const [, count, unit] = /^(\d{1,6})([dhm])$/.exec(value) ?? [];
  const date =
    unit === undefined
      ? new Date(rfc3339.test(value) ? value : Number.NaN)
      : new Date(Date.now() + Number(count) * unitMs[unit as Unit]);
  if (Number.isNaN(date.getTime()))
    throw new AppError("OPTION_INVALID", {
      option: "--expires",
      expected: "a time from now as in 30d, 12h or 45m, or one as in 2026-12-31T00:00:00Z",
      value,
    });
  return date;
}
