import { expect, it } from "vitest";
import { listWarnings } from "./warnings.ts";

it("lists each warning once, in their order", () => {
  expect(listWarnings(["b", "a", "b"])).toEqual(["b", "a"]);
  expect(listWarnings([])).toEqual([]);
});

it("counts those that are too many to be read", () => {
  const list = listWarnings(Array.from({ length: 120 }, (_, at) => `warning ${at}`));
  expect(list).toHaveLength(51);
  expect(list.at(-1)).toBe("and 70 more; the job's log has them all");
});

it("fits a run's tag of 100,000 characters, whatever stands in names and cells", () => {
  const list = listWarnings(Array.from({ length: 100 }, (_, at) => `${at}${"\u0001\ud800\0".repeat(20_000)}`));
  expect(JSON.stringify(list).length).toBeLessThan(60_000);
  expect(list[0]).toHaveLength(1_000);
  for (const warning of list) expect(warning.isWellFormed() && !warning.includes("\0")).toBe(true);
});
