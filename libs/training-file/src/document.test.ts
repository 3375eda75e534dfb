import { describe, expect, it } from "vitest";
import { applySet } from "./document.ts";

describe("applySet", () => {
  it("reads the value as YAML", () => {
    expect(applySet({}, "a=0")).toEqual({ a: 0 });
    expect(applySet({}, "a=true")).toEqual({ a: true });
    expect(applySet({}, "a=[x, 1]")).toEqual({ a: ["x", 1] });
    expect(applySet({}, "a=")).toEqual({ a: null });
    expect(applySet({}, "a=b=c")).toEqual({ a: "b=c" });
  });

  it("makes what is missing on the way, and leaves the rest and the original alone", () => {
    const before = { a: { x: 1 }, n: null };
    expect(applySet(before, "a.y.z=2")).toEqual({ a: { x: 1, y: { z: 2 } }, n: null });
    expect(applySet(before, "n.k=2")).toEqual({ a: { x: 1 }, n: { k: 2 } });
    expect(before).toEqual({ a: { x: 1 }, n: null });
  });

  it("goes into lists by position", () => {
    expect(applySet({ steps: [{ a: 1 }, { a: 2 }] }, "steps.1.a=9")).toEqual({ steps: [{ a: 1 }, { a: 9 }] });
    expect(() => applySet({ steps: [] }, "steps.0=9")).toThrow('"0" is not a position of the list, which has 0');
  });

  it("refuses what is no assignment", () => {
    expect(() => applySet({}, "a")).toThrow("expected path=value");
    expect(() => applySet({}, "=1")).toThrow("expected path=value");
    expect(() => applySet({}, "a..b=1")).toThrow("empty part");
    expect(() => applySet({ a: 1 }, "a.b=1")).toThrow("lies within a value that has no keys");
    expect(() => applySet({}, "a=[1")).toThrow("the value is not YAML");
  });

  it("cannot reach the prototype", () => {
    const changed = applySet({}, "__proto__.polluted=1");
    expect(Object.keys(changed)).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
