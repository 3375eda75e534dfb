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
import { type Cell, state, type TableColumn, table } from "../table.ts";
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

  const revoke = token.command("revoke").description("make a token invalid; asks before where it is the last one");
  revoke.argument("<token>", "its id, the beginning of it, or its name; see `mintmark token list`");
  revoke.option("--yes", "do not ask", false);
  examples(revoke, "mintmark token revoke ci", "mintmark token revoke 7b2c91");
  revoke.action((which: string, { yes }: { yes: boolean }) =>
    run(revoke, (session) => revokeToken(session, which, yes)),
  );
}

export async function createToken({ client }: Session, name: string, expires: Date | undefined): Promise<Answer> {
  const expiry = expires === undefined ? {} : { expireTime: timestampFromDate(expires) };
  const { token, secret } = await client.tokens.createToken({ name, ...expiry });
  return { text: secret, json: { ...(messageJson(TokenSchema, token!) as object), secret } };
}

export async function listTokens({ client }: Session, limit: number): Promise<Answer> {
  return tokensAnswer(await pages(limit, "tokens", client.tokens.listTokens));
}

/** @throws AppError TOKEN_NOT_FOUND, TOKEN_AMBIGUOUS, CONFIRMATION_NEEDED, NOT_CONFIRMED */
export async function revokeToken(session: Session, which: string, yes: boolean): Promise<Answer> {
  const { client, progress } = session;
  // Asked before, because whoever revokes the own token may not ask afterwards.
  const all = await pages(100_000, "tokens", client.tokens.listTokens);
  const { id, name } = namedToken(all, which);
  const now = Date.now();
  const ofPeople = all.filter((each) => stateOf(each, now) === "valid" && !services.has(each.name));
  const isLast = ofPeople.length === 1 && ofPeople[0]!.id === id;
  if (isLast && !yes) await session.confirm(`revoke '${name}', the last token of a person`);
  const { token } = await client.tokens.revokeToken({ id });
  if (isLast)
    progress.line(
      "warning: no token of a person is left; stop 'mintmark up' and start it again, which writes a new one to admin.token",
    );
  return { ...tokensAnswer([token!]), json: { ...(messageJson(TokenSchema, token!) as object), last: isLast } };
}

/** By its id, a name that is in use, or the beginning of an id. */
function namedToken(all: readonly Token[], which: string): Token {
  const ways = [
    ({ id }: Token) => id === which,
    ({ name, revokeTime }: Token) => name === which && revokeTime === undefined,
    ({ id }: Token) => which !== "" && id.startsWith(which),
  ];
  const found = ways.map((is) => all.filter(is)).find((tokens) => tokens.length > 0) ?? [];
  const [token] = found;
  if (token === undefined) throw new AppError("TOKEN_NOT_FOUND", { id: which, wayOut: "see 'mintmark token list'" });
  if (found.length > 1) throw new AppError("TOKEN_AMBIGUOUS", { which, ids: found.map(({ id }) => id) });
  return token;
}

/** The tokens that `mintmark up` makes for its own programs. */
const services: ReadonlySet<string> = new Set(["gateway", "worker"]);

type TokenState = "valid" | "expired" | "revoked";

function stateOf({ revokeTime, expireTime }: Token, now: number): TokenState {
  if (revokeTime !== undefined) return "revoked";
  return expireTime !== undefined && timestampDate(expireTime).getTime() <= now ? "expired" : "valid";
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
  { heading: "STATE", cell: (token) => stateCell(stateOf(token, Date.now())) },
  { heading: "CREATED", cell: ({ createTime }) => date(createTime) },
  { heading: "EXPIRES", cell: ({ expireTime }) => date(expireTime), optional: true },
  { heading: "REVOKED", cell: ({ revokeTime }) => date(revokeTime), optional: true },
];

function stateCell(word: TokenState): Cell {
  return state(word, word === "valid" ? "good" : "aside");
}

const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000 } as const;
type Unit = keyof typeof unitMs;

function moment(value: string): Date {
  const [, count, unit] = /^(\d+)([dhm])$/.exec(value) ?? [];
  const date =
    unit === undefined
      ? new Date(rfc3339.test(value) ? value : Number.NaN)
      : new Date(Date.now() + Number(count) * unitMs[unit as Unit]);
  if (!(date.getTime() > Date.now() && date.getTime() <= lastMs))
    throw new AppError("OPTION_INVALID", {
      option: "--expires",
      expected: "a time to come, before the year 10000: from now as in 30d, 12h or 45m, or as in 2026-12-31T00:00:00Z",
      value,
    });
  return date;
}

/** What JSON and Postgres can show. */
const lastMs = Date.parse("9999-12-31T23:59:59.999Z");
