import { expect, it } from "vitest";
import { Lru } from "./lru.ts";

it("forgets what was not used for longest until the new value has room", () => {
  const gone: string[] = [];
  const lru = new Lru<string, number>(
    10,
    (key) => gone.push(key),
    (value) => value,
  );
  for (const key of ["a", "b", "c"]) lru.set(key, 3);
  lru.get("a");
  lru.set("d", 6);
  expect([gone, [...lru.entries()]]).toEqual([
    ["b", "c"],
    [
      ["a", 3],
      ["d", 6],
    ],
  ]);
});

it("keeps the others when a value is too heavy by itself", () => {
  const gone: string[] = [];
  const lru = new Lru<string, number>(
    10,
    (key) => gone.push(key),
    (value) => value,
  );
  lru.set("a", 3);
  lru.set("heavy", 11);
  expect([lru.size, lru.peek("a"), lru.peek("heavy"), gone]).toEqual([1, 3, undefined, ["heavy"]]);
  lru.set("a", 11);
  expect(lru.size).toBe(0);
});

it("has as much room after replacing and clearing as before", () => {
  const lru = new Lru<string, number>(
    10,
    () => {},
    (value) => value,
  );
  for (let n = 0; n < 5; n++) lru.set("a", 9);
  lru.set("b", 1);
  expect(lru.size).toBe(2);
  lru.clear();
  lru.set("c", 10);
  expect(lru.size).toBe(1);
});
