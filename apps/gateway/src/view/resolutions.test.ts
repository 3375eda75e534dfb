import { create } from "@bufbuild/protobuf";
import { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { type ResolveResponse, ResolveResponseSchema } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import { describe, expect, it } from "vitest";
import { rememberResolutions } from "./resolutions.ts";

const answer = (number: number, event: number, modelId = "m1"): ResolveResponse =>
  create(ResolveResponseSchema, { version: { model: "titanic", modelId, number }, event: BigInt(event) });
const event = (number: number, modelId = "m1") =>
  create(EventSchema, { number: BigInt(number), kind: "alias.moved", modelId });

/** A registry whose answer the test sets, and that counts how often it was asked. */
function registry(first: ResolveResponse) {
  const state = { answer: first, asked: 0 };
  const resolutions = rememberResolutions(async () => {
    state.asked += 1;
    return state.answer;
  });
  return { state, resolutions };
}

describe("rememberResolutions", () => {
  it("asks once for a name that stays as it is, however many want it at once", async () => {
    const { state, resolutions } = registry(answer(1, 5));
    await Promise.all([resolutions.resolve("titanic"), resolutions.resolve("titanic")]);
    await resolutions.resolve("titanic");
    expect(state.asked).toBe(1);
  });

  it("asks again after an event of the model, and not after one of another", async () => {
    const { state, resolutions } = registry(answer(1, 5));
    await resolutions.resolve("titanic");
    resolutions.event(event(6, "m2"));
    expect(resolutions.recall("titanic")?.version?.number).toBe(1);
    resolutions.event(event(7));
    expect(resolutions.recall("titanic")).toBeUndefined();
    state.answer = answer(2, 7);
    expect((await resolutions.resolve("titanic")).version?.number).toBe(2);
  });

  it("gives, but does not remember, an answer that is older than an event which came meanwhile", async () => {
    let reply: (value: ResolveResponse) => void = () => {};
    const resolutions = rememberResolutions(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    );
    const asked = resolutions.resolve("titanic");
    resolutions.event(event(6));
    reply(answer(1, 5));
    expect((await asked).version?.number).toBe(1);
    expect(resolutions.recall("titanic")).toBeUndefined();
  });

  it("does not remember an answer of the history before a reset", async () => {
    let reply: (value: ResolveResponse) => void = () => {};
    const resolutions = rememberResolutions(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    );
    const asked = resolutions.resolve("titanic");
    resolutions.reset();
    reply(answer(1, 99));
    await asked;
    expect(resolutions.recall("titanic")).toBeUndefined();
  });

  it("stays correct when it has forgotten which event of a model was the last", async () => {
    let reply: (value: ResolveResponse) => void = () => {};
    const resolutions = rememberResolutions(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
      { uris: 10, models: 1 },
    );
    const asked = resolutions.resolve("titanic");
    resolutions.event(event(6));
    resolutions.event(event(7, "m2")); // pushes m1 out: all that is known of it now is "up to 6"
    reply(answer(1, 5));
    await asked;
    expect(resolutions.recall("titanic")).toBeUndefined();
  });

  it("forgets the name that was not used for longest when there is no more room", async () => {
    const resolutions = rememberResolutions(async () => answer(1, 5), { uris: 2, models: 10 });
    for (const uri of ["a", "b", "a", "c"]) await resolutions.resolve(uri);
    expect([resolutions.recall("a"), resolutions.recall("b"), resolutions.recall("c")].map(Boolean)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("never remembers what was asked of the past", async () => {
    const { state, resolutions } = registry(answer(1, 5));
    await resolutions.resolve("titanic@champion?at=2026-11-01T12:00:00Z");
    await resolutions.resolve("titanic@champion?at=2026-11-01T12:00:00Z");
    expect(state.asked).toBe(2);
  });

  it("remembers nothing of a question that failed", async () => {
    let fail = true;
    const resolutions = rememberResolutions(async () => {
      if (fail) throw new Error("not found");
      return answer(1, 5);
    });
    await expect(resolutions.resolve("titanic")).rejects.toThrow("not found");
    fail = false;
    expect((await resolutions.resolve("titanic")).version?.number).toBe(1);
  });
});
