/**
 * Certificates of their own for tests of TLS, made by OpenSSL.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "./needs.ts";

export interface Certificate {
  /** Files, in PEM. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
  readonly remove: () => void;
}

/** Whether there is an OpenSSL; says so where not. */
export function needsOpenssl(): boolean {
  return needs("OpenSSL", "openssl", ["version"], "apt install openssl");
}

/** A certificate that vouches for itself. @param names as OpenSSL has them: `DNS:hook.test`, `IP:127.0.0.1` */
export function makeCertificate(...names: string[]): Certificate {
  const directory = mkdtempSync(join(tmpdir(), "mintmark-certificate-"));
  const [keyFile, certFile] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const { status, stderr } = spawnSync("openssl", [
    ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
    ...["-keyout", keyFile, "-out", certFile, "-subj", "/CN=test", "-addext", `subjectAltName=${names.join(",")}`],
  ]);
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
  const remove = () => rmSync(directory, { recursive: true });
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8"), remove };
}
