/**
 * A key directory for tests, with fresh keys.
 * @module
 */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKey, privateKeyPem } from "@mintmark/crypto/keys";

/** @returns its path; to be removed by the caller */
export async function newKeyDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "mintmark-keys-"));
  await mkdir(join(directory, "signing"));
  const algorithms = { ed25519: "ed25519", p256: "ecdsa-p256" } as const;
  for (const [name, algorithm] of Object.entries(algorithms))
    await writeFile(join(directory, "signing", `${name}.pem`), privateKeyPem(generateKey(algorithm)), { mode: 0o600 });
  return directory;
}
