/**
 * Keeps the secrets of webhooks: encrypted with age to an identity that lies in the key directory, never in the database.
 *
 * The identity, `encryption/webhooks.txt`, has the form that `age-keygen` writes, and is made when the first secret is kept.
 * @module
 */
import { randomUUID } from "node:crypto";
import { link, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "@mintmark/errors";
import { readSecretFile } from "@mintmark/registry-client";
import { makeFolder } from "@mintmark/scratch/make-folder";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";

export interface SecretBox {
  /** @throws AppError `WEBHOOK_SECRET_UNKEPT` */
  readonly seal: (secret: string) => Promise<Uint8Array>;
  /** @throws AppError `KEY_FILE_MISSING`, `KEY_FILE_EXPOSED`, `KEY_FILE_INVALID` */
  readonly open: (sealed: Uint8Array) => Promise<string>;
}

/** Nothing is read or written before the first secret. */
export function secretBox(keyDirectory: string): SecretBox {
  const path = join(keyDirectory, "encryption", "webhooks.txt");
  return {
    async seal(secret) {
      const encrypter = new Encrypter();
      encrypter.addRecipient(await identityToRecipient(await provideIdentity(path)));
      return encrypter.encrypt(secret);
    },
    async open(sealed) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(await readIdentity(path));
      try {
        return await decrypter.decrypt(sealed, "text");
      } catch (error) {
        throw new AppError("KEY_FILE_INVALID", { path, problem: (error as Error).message }, { cause: error });
      }
    },
  };
}

/** The identity, made if there is none. Of several that make one at the same time, the first wins for all. */
async function provideIdentity(path: string): Promise<string> {
  try {
    return await readIdentity(path);
  } catch (error) {
    if (!(error instanceof AppError) || error.reason !== "KEY_FILE_MISSING") throw unkept(error);
  }
  try {
    await makeIdentity(path);
    return await readIdentity(path);
  } catch (error) {
    throw unkept(error);
  }
}

async function readIdentity(path: string): Promise<string> {
  const [identity] = /^AGE-SECRET-KEY-1\w+$/m.exec(await readSecretFile(path)) ?? [];
  if (identity === undefined) throw new AppError("KEY_FILE_INVALID", { path, problem: "it holds no age identity" });
  return identity;
}

async function makeIdentity(path: string): Promise<void> {
  const identity = await generateX25519Identity();
  const lines = [`# public key: ${await identityToRecipient(identity)}`, identity, ""];
  makeFolder(dirname(path), 0o700);
  const whole = `${path}.${randomUUID()}`;
  const file = await open(whole, "wx", 0o600);
  try {
    await file.writeFile(lines.join("\n"));
    await file.sync();
    await link(whole, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  } finally {
    await file.close();
    await rm(whole);
  }
}

/** Paths stay here: who creates webhooks need not be who runs the registry. */
function unkept(error: unknown): AppError<"WEBHOOK_SECRET_UNKEPT"> {
  const { code, reason } = error as { code?: string; reason?: string };
  return new AppError("WEBHOOK_SECRET_UNKEPT", { problem: reason ?? code ?? "unknown" }, { cause: error });
}
