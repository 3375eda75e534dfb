import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { eachLimited } from "./each-limited.ts";

describe("eachLimited", () => {
  it("visits every item, at most `limit` at a time", async () => {
    const seen: number[] = [];
    let [running, most] = [0, 0];
    await eachLimited([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, ++running);
      await sleep(2);
      running--;
      seen.push(item);
    });
    expect(seen.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it("fails with the first failure, after those under way have ended, and begins no other", async () => {
    const ended: number[] = [];
    const visit = async (item: number) => {
      await sleep(item === 2 ? 1 : 30);
      if (item === 2) throw new Error("the second");
      ended.push(item);
    };
    await expect(eachLimited([1, 2, 3, 4, 5], 2, visit)).rejects.toThrow("the second");
    expect(ended).toEqual([1]);
  });
});
