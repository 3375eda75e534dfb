import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readFolder } from "./read-folder.ts";

it("tells a folder that does not exist from one that holds no versions", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mintmark-folder-test-"));
  await expect(readFolder(folder)).rejects.toThrow(`${folder} holds neither versions/ nor registry/versions/`);
  rmSync(folder, { recursive: true });
  await expect(readFolder(folder)).rejects.toThrow(`${folder} does not exist`);
});
