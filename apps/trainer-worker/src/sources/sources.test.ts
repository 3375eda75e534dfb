import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestsOf } from "@mintmark/crypto/digests";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findBelowRoot } from "./data-root.ts";
import { download } from "./download.ts";
import { requireAllowed } from "./policy.ts";

let directory: string;
let server: Server;
let origin: string;
const csv = Buffer.from("a,b\n1,2\n");
const pages: Record<string, RequestListener> = {
  "/open/a.csv": (_, response) => response.end(csv),
  "/open/moved.csv": (_, response) => response.writeHead(302, { location: "/open/a.csv" }).end(),
  "/open/away.csv": (_, response) => response.writeHead(302, { location: "/closed/a.csv" }).end(),
  "/open/round.csv": (_, response) => response.writeHead(302, { location: "/open/round.csv" }).end(),
  "/open/busy.csv": (_, response) => response.writeHead(503).end(),
  "/open/cut.csv": (_, response) => {
    response.writeHead(200, { "content-length": 100 }).write("a,b\n");
    setTimeout(() => response.destroy(), 20);
  },
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "mintmark-sources-"));
  server = createServer((request, response) => {
    const page = pages[request.url ?? ""];
    if (page === undefined) response.writeHead(404).end();
    else page(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

describe("the policy", () => {
  it("allows what is below a prefix, by whole path segments", () => {
    const allowed = ["https://data.example/open", "s3://bucket/team/"];
    for (const source of ["https://data.example/open/a.csv", "https://data.example/open", "s3://bucket/team/a.csv"])
      expect(requireAllowed(source, allowed).href).toBe(source);
  });

  it.each([
    "https://data.example/opened/a.csv",
    "https://data.example/open/../closed/a.csv",
    "https://data.example/open/%2e%2e/closed/a.csv",
    "https://data.example/open/..%2fclosed/a.csv",
    "https://data.example.evil.example/open/a.csv",
    "https://data.example@evil.example/open/a.csv",
    "https://user:pass@data.example/open/a.csv",
    "https://data.example:444/open/a.csv",
    "http://data.example/open/a.csv",
    "s3://bucket2/team/a.csv",
    "s3://bucket/team2/a.csv",
    "file:///etc/passwd",
  ])("refuses %s", (source) => {
    const run = () => requireAllowed(source, ["https://data.example/open", "s3://bucket/team/"]);
    expect(run).toThrow(expect.objectContaining({ reason: "DATA_SOURCE_REFUSED" }));
  });

  it("shows no password in its message", () => {
    expect(() => requireAllowed("https://user:secret@data.example/a", [])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining("secret") }),
    );
  });
});

describe("downloads", () => {
  const fetched = async (page: string) => {
    const path = join(directory, "downloaded.csv");
    const { signal } = new AbortController();
    const digests = await download({ source: `${origin}${page}`, allowed: [`${origin}/open`], path, signal });
    return { digests, bytes: await readFile(path) };
  };

  it("keep the bytes and know their digests, also behind a redirect", async () => {
    for (const page of ["/open/a.csv", "/open/moved.csv"])
      expect(await fetched(page)).toEqual({ digests: digestsOf(csv), bytes: csv });
  });

  it.each([
    ["/open/away.csv", "DATA_SOURCE_REFUSED", "permission_denied"],
    ["/open/round.csv", "DATA_SOURCE_FAILED", "failed_precondition"],
    ["/open/none.csv", "DATA_SOURCE_FAILED", "failed_precondition"],
    ["/open/busy.csv", "DATA_SOURCE_UNREACHABLE", "unavailable"],
    ["/open/cut.csv", "DATA_SOURCE_UNREACHABLE", "unavailable"],
  ])("tell what another try would not help from what it may: %s", async (page, reason, kind) => {
    await expect(fetched(page)).rejects.toMatchObject({ reason, kind });
  });
});

describe("the data root", () => {
  it("gives files below it, by a relative or an absolute name", async () => {
    const root = join(directory, "root");
    await mkdir(root);
    await writeFile(join(root, "a.csv"), csv);
    expect(await findBelowRoot("a.csv", root)).toMatchObject([{ name: "a.csv", ...digestsOf(csv) }]);
    expect(await findBelowRoot(join(root, "*.csv"), root)).toMatchObject([{ name: "a.csv" }]);
  });

  it("refuses what lies outside: by .., by an absolute path, by a link, by a pattern, or where there is no root", async () => {
    const root = join(directory, "closed");
    await mkdir(root);
    await writeFile(join(directory, "secret.csv"), csv);
    await symlink(join(directory, "secret.csv"), join(root, "link.csv"));
    await symlink(directory, join(root, "up"));
    const sources = ["../secret.csv", "/etc/passwd", "link.csv", "*.csv", "up/secret.csv", "{..,x}/secret.csv"];
    for (const source of sources)
      await expect(findBelowRoot(source, root), source).rejects.toMatchObject({ reason: "DATA_SOURCE_REFUSED" });
    await expect(findBelowRoot("a.csv", undefined)).rejects.toMatchObject({ reason: "DATA_SOURCE_REFUSED" });
  });
});
