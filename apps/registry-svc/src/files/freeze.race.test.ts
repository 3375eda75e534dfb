import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesBelow, freeze, putText } from "../testing/files.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { deleteFiles } from "./delete-files.ts";

let registry: TestRegistry;

beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

describe("files at the same time", () => {
  it.each([1, 2, 3])("50 are put while the folder is frozen: it then holds what was frozen (%i)", async (round) => {
    const folder = `race/${round}/model`;
    const puts = Array.from({ length: 50 }, (_, i) =>
      putText(registry.deps, `${folder}/${i % 5}/${i}`, String(i)).catch((error: unknown) => error),
    );
    // Somewhere in the middle.
    await Promise.race(puts);
    const frozen = await freeze(registry.deps, folder);
    const results = await Promise.all(puts);
    expect(await filesBelow(registry.deps.db, folder)).toEqual(frozen);
    expect(results.filter((error) => error === undefined)).toHaveLength(frozen.length);
    for (const error of results) if (error !== undefined) expect(error).toMatchObject({ reason: "FOLDER_FROZEN" });
  });

  it("deleting everything and freezing a folder of it: either is whole", async () => {
    for (let round = 0; round < 10; round++) {
      const folder = `race-delete/${round}/a/model`;
      for (const name of ["x", "y"]) await putText(registry.deps, `${folder}/${name}`, name);
      const [frozen, deleted] = await Promise.allSettled([
        freeze(registry.deps, folder),
        deleteFiles(registry.deps.db, `race-delete/${round}`),
      ]);
      const left = await filesBelow(registry.deps.db, folder);
      expect(frozen).toMatchObject({ value: left });
      expect(left).toHaveLength(deleted.status === "fulfilled" ? 0 : 2);
    }
  });

  it("a path becomes a file or a folder, never both", async () => {
    for (let round = 0; round < 10; round++) {
      const path = `race-kind/${round}/a`;
      const puts = [path, `${path}/b`, `${path}/b/c`, path].map((each) => putText(registry.deps, each, each));
      const results = await Promise.allSettled(puts);
      const there = [...(await filesBelow(registry.deps.db, `race-kind/${round}`))];
      expect(there).toHaveLength(1);
      expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
    }
  });

  it("200 of one folder are all there", async () => {
    const names = Array.from({ length: 200 }, (_, i) => `together/${String(i).padStart(3, "0")}`);
    await Promise.all(names.map((name) => putText(registry.deps, name, name)));
    expect(await filesBelow(registry.deps.db, "together")).toEqual(names);
  });
});
