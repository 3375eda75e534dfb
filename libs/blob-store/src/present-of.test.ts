import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { presentOf } from "./present-of.ts";

it("gives those that have a size, also one of 0, and asks for a few at a time", async () => {
  let [running, most] = [0, 0];
  const size = async (name: string) => {
    most = Math.max(most, ++running);
    await sleep(2);
    running--;
    return { a: 5, c: 0 }[name];
  };
  expect(await presentOf(["a", "b", "c", "d"], 3, size)).toEqual(new Set(["a", "c"]));
  expect(most).toBe(3);
});

it("fails with the first failure, after those under way have ended, and asks for no other", async () => {
  const asked: string[] = [];
  const ended: string[] = [];
  const size = async (name: string) => {
    asked.push(name);
    await sleep(name === "b" ? 1 : 30);
    if (name === "b") throw new Error("the second");
    ended.push(name);
    return 1;
  };
  await expect(presentOf(["a", "b", "c", "d"], 2, size)).rejects.toThrow("the second");
  expect([asked, ended]).toEqual([["a", "b"], ["a"]]);
});
