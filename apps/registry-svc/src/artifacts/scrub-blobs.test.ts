import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { blobPath } from "@mintmark/blob-store";
import { type BlobFinding, BlobState, type ScrubProgress } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describe as description, registerText, upload } from "../testing/artifact.ts";
import { failureOf } from "../testing/failure.ts";
import { putText } from "../testing/files.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

const digestOf = (text: string) => description("", Buffer.from(text)).blake3;
const placeOf = (text: string) => join(registry.storeRoot, blobPath(digestOf(text)));

async function scrub(): Promise<{ findings: Map<string, BlobFinding>; progress: ScrubProgress[] }> {
  const findings = new Map<string, BlobFinding>();
  const progress: ScrubProgress[] = [];
  for await (const { news } of registry.client.artifacts.scrubBlobs({}))
    if (news.case === "finding") findings.set(news.value.blake3, news.value);
    else if (news.case === "progress") progress.push(news.value);
  return { findings, progress };
}

describe("reading all blobs", () => {
  it("finds nothing where all is well, and says how much it read", async () => {
    await registerText(registry.client, registry.keys, "kept", "a model");
    await putText(registry.deps, "0/run/artifacts/a.txt", "an artifact");
    const { findings, progress } = await scrub();
    expect(findings.size).toBe(0);
    const [first, last] = [progress[0]!, progress.at(-1)!];
    expect(first).toMatchObject({ blobsDone: 0n, bytesDone: 0n, blobs: last.blobs, bytes: last.bytes });
    expect(last).toMatchObject({ blobsDone: last.blobs, bytesDone: last.bytes });
    expect(last.bytes).toBe(BigInt("a model".length + "an artifact".length));
  });

  it("tells what is missing, cut, altered, unreadable and not named by anything, and what needs it", async () => {
    for (const text of ["missing", "emptied", "altered"])
      await registerText(registry.client, registry.keys, `main.default.${text}`, text);
    await putText(registry.deps, "0/run/artifacts/altered.txt", "altered");
    await upload(registry.client, description("", Buffer.from("left over")), Buffer.from("left over"));
    await putText(registry.deps, "a/folder", "a folder now");
    await rm(placeOf("missing"));
    await writeFile(placeOf("emptied"), "");
    await writeFile(placeOf("altered"), "ALTERED");
    const { findings } = await scrub();
    expect(findings.size).toBe(4);
    expect(findings.get(digestOf("missing"))).toMatchObject({
      state: BlobState.MISSING,
      neededBy: ["models:/main.default.missing/1"],
    });
    expect(findings.get(digestOf("emptied"))).toMatchObject({
      state: BlobState.CUT,
      size: 7n,
      problem: "the store has 0 bytes of it",
    });
    expect(findings.get(digestOf("altered"))).toMatchObject({
      state: BlobState.ALTERED,
      neededBy: ["file 0/run/artifacts/altered.txt", "models:/main.default.altered/1"],
      neededByCount: 2n,
    });
    expect(findings.get(digestOf("left over"))).toMatchObject({ state: BlobState.UNREFERENCED, neededBy: [] });
  });

  it("is done for one at a time", async () => {
    const first = registry.client.artifacts.scrubBlobs({})[Symbol.asyncIterator]();
    await first.next();
    expect(await failureOf(scrub())).toMatchObject({ reason: "SCRUB_RUNNING" });
    await first.return?.();
    for (let next = await first.next(); next.done !== true; next = await first.next());
    await scrub();
  });
});
