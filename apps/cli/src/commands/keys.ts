/**
 * `mintmark keys`: the keys that this machine signs with and trusts.
 * @module
 */
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import { ensureSigningKeys, listTrustedKeys, type NamedKey, trustKey } from "../keys/key-dir.ts";
import type { Run } from "../run.ts";
import type { Session } from "../session.ts";
import { digest, type TableColumn, table } from "../table.ts";
import { examples, group } from "./options.ts";

export function addKeysCommands(program: Command, run: Run): void {
  const keys = group(
    program,
    "keys",
    "keys to sign with and to trust (MINTMARK_KEY_DIR)",
    "mintmark keys trust ana.pem --name ana",
  );

  const list = keys.command("list").description("the trusted keys");
  examples(list, "mintmark keys list");
  list.action(() => run(list, (session) => listKeys(session)));

  const generate = keys.command("generate").description("make signing keys, if there are none, and trust them");
  examples(generate, "MINTMARK_KEY_DIR=./keys mintmark keys generate");
  generate.action(() => run(generate, (session) => generateKeys(session)));

  const trust = keys.command("trust").description("trust a public key").argument("<file>", "a public key in PEM");
  examples(trust, "mintmark keys trust ana.pem --name ana");
  trust.option("--name <name>", "what to call it (default: the name of the file)");
  trust.action((file: string, { name }: { name?: string }) => run(trust, (session) => trustFile(session, file, name)));
}

export async function listKeys({ keyDir }: Session): Promise<Answer> {
  return keysAnswer(keyDir, await listTrustedKeys(keyDir));
}

export async function generateKeys({ keyDir }: Session): Promise<Answer> {
  const made = await ensureSigningKeys(keyDir);
  const answer = keysAnswer(keyDir, made);
  return made.length > 0 ? answer : { ...answer, text: `${keyDir} has signing keys already; nothing was made` };
}

export async function trustFile({ keyDir, cwd }: Session, file: string, name: string | undefined): Promise<Answer> {
  return keysAnswer(keyDir, [await trustKey(keyDir, resolve(cwd, file), name)]);
}

function keysAnswer(keyDir: string, keys: readonly NamedKey[]): Answer {
  const json = keys.map(({ name, key, own }) => ({ name, algorithm: key.algorithm, own, id: key.id, pem: key.pem }));
  return { text: keys.length === 0 ? `no keys in ${keyDir}` : (view) => table(keyColumns, keys, view), json };
}

const keyColumns: readonly TableColumn<NamedKey>[] = [
  { heading: "NAME", cell: ({ name }) => name },
  { heading: "ALGORITHM", cell: ({ key }) => key.algorithm },
  { heading: "KIND", cell: ({ own }) => (own ? "own" : "trusted") },
  { heading: "ID", cell: ({ key }) => digest(key.id) },
];
