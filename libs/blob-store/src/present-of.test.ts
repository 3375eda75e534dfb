import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { presentOf } from "./present-of.ts";

it("gives those of the size that they have to have, also one of 0, and asks for a few at a time", async () => {
  let [running, most] = [0, 0];
  const size = async (name: string) => {
    most = Math.max(most, ++running);
    await sleep(2);
    running--;
    return { a: 5, c: 0, e: 7 }[name];
  };
  expect(await presentOf(wanted({ a: 5, b: 1, c: 0, d: 2, e: 8 }), 3, size)).toEqual(new Set(["a", "c"]));
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
  await expect(presentOf(wanted({ a: 1, b: 1, c: 1, d: 1 }), 2, size)).rejects.toThrow("the second");
  expect([asked, ended]).toEqual([["a", "b"], ["a"]]);
});

function wanted(sizes: Readonly<Record<string, number>>) {
  return Object.entries(sizes).map(([blake3, size]) => ({ blake3, size }));
}
