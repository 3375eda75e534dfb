/**
 * The tokens that are there before anybody can ask for one: the administrator's and those of the other programs.
 * @module
 */
import { existsSync } from "node:fs";
import { open, readFile, rename } from "node:fs/promises";
import { AppError } from "@mintmark/errors";
import { parseToken } from "@mintmark/http-edge/token";
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";
import { invalid } from "../fields.ts";
import { createToken } from "./create-token.ts";
import { hashSecret } from "./token-secret.ts";

/**
 * Writes a token of the administrator to `path`, readable by its owner only, unless there is one that is valid. Whoever lost
 * the file removes it and starts again.
 */
export async function provideAdminToken(db: Db, path: string): Promise<void> {
  if (existsSync(path) && (await isKnown(db, (await readFile(path, "utf8")).trim()))) return;
  const secret = await newAdminToken(db);
  // Renamed when complete: a start that is killed leaves no half of a token behind.
  const draft = `${path}.${process.pid}`;
  const file = await open(draft, "w", 0o600);
  await file.writeFile(`${secret}\n`);
  await file.sync();
  await file.close();
  await rename(draft, path);
}

/**
 * Makes given tokens valid: `name=mm_…,name=mm_…`, as whoever starts this program and its neighbours chose them. Those that the
 * same names had before are revoked.
 * @throws AppError `REQUEST_INVALID`
 */
export async function provideServiceTokens(db: Db, list: string): Promise<void> {
  for (const entry of list.split(",").filter((text) => text !== "")) {
    const [name = "", text = ""] = entry.split("=", 2);
    const token = parseToken(text);
    if (name === "" || token === undefined)
      throw invalid("MINTMARK_BOOTSTRAP_TOKENS", "must be NAME=mm_ID_SECRET, separated by commas");
    await replaceToken(db, name, token.id, hashSecret(token.secret));
  }
}

async function replaceToken(db: Db, name: string, id: string, hash: Buffer): Promise<void> {
  await sql`
    with old as (
      update token set revoked_at = clock_timestamp()
      where name = ${name} and created_by = ${bootstrap} and id <> ${id} and revoked_at is null returning id
    ), made as (
      insert into token (id, name, secret_sha256, created_by) values (${id}, ${name}, ${hash}, ${bootstrap})
      on conflict (id) do nothing returning id
    )
    select record_event(kind, null, ${bootstrap}, jsonb_build_object('token', id)) from (
      select 'token.revoked' as kind, id from old union all select 'token.created', id from made) as changes`.execute(
    db,
  );
}

const bootstrap = "start";
const adminName = "admin";

/** Under another name where a token of an earlier start, or of somebody, has that of the administrator. */
async function newAdminToken(db: Db): Promise<string> {
  for (let attempt = 1; ; attempt++)
    try {
      const name = attempt === 1 ? adminName : `${adminName}-${attempt}`;
      return (await createToken(db, { name, expiresAt: undefined, actor: bootstrap })).secret;
    } catch (error) {
      if (!(error instanceof AppError && error.reason === "TOKEN_NAME_TAKEN")) throw error;
    }
}

async function isKnown(db: Db, text: string): Promise<boolean> {
  const token = parseToken(text);
  if (token === undefined) return false;
  const row = await db
    .selectFrom("token")
    .select("id")
    .where("id", "=", token.id)
    .where("secret_sha256", "=", hashSecret(token.secret))
    .where("revoked_at", "is", null)
    .executeTakeFirst();
  return row !== undefined;
}
