import { create } from "@bufbuild/protobuf";
import { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { type ResolveResponse, ResolveResponseSchema } from "@mintmark/proto/mintmark/registry/v1/resolve_service";
import { describe, expect, it } from "vitest";
import { type AnswerLimits, rememberAnswers, whileRecalled } from "./answers.ts";

const answer = (number: number, event: number, modelId = "m1"): ResolveResponse =>
  create(ResolveResponseSchema, { version: { model: "titanic", modelId, number }, event: BigInt(event) });
const event = (number: number, modelId = "m1") =>
  create(EventSchema, { number: BigInt(number), kind: "alias.moved", modelId });

const remembering = (
  resolve: (uri: string) => Promise<ResolveResponse>,
  limits: Partial<AnswerLimits<ResolveResponse>> = {},
) => rememberAnswers(resolve, ({ version }) => version!.modelId, { weight: 10, weigh: () => 1, models: 10, ...limits });

/** A registry whose answer the test sets, and that counts how often it was asked. */
function registry(first: ResolveResponse) {
  const state = { answer: first, asked: 0 };
  const answers = remembering(async () => {
    state.asked += 1;
    return state.answer;
  });
  return { state, answers };
}

describe("rememberAnswers", () => {
  it("asks once for a name that stays as it is, however many want it at once", async () => {
    const { state, answers } = registry(answer(1, 5));
    await Promise.all([answers.ask("titanic"), answers.ask("titanic")]);
    await answers.ask("titanic");
    expect(state.asked).toBe(1);
  });

  it("asks again after an event of the model, and not after one of another", async () => {
    const { state, answers } = registry(answer(1, 5));
    await answers.ask("titanic");
    answers.event(event(6, "m2"));
    expect(answers.recall("titanic")?.version?.number).toBe(1);
    answers.event(event(7));
    expect(answers.recall("titanic")).toBeUndefined();
    state.answer = answer(2, 7);
    expect((await answers.ask("titanic")).version?.number).toBe(2);
  });

  it("gives, but does not remember, an answer that an event overtook", async () => {
    let reply: (value: ResolveResponse) => void = () => {};
    const answers = remembering(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    );
    const asked = answers.ask("titanic");
    answers.event(event(6));
    reply(answer(1, 5));
    expect((await asked).version?.number).toBe(1);
    expect(answers.recall("titanic")).toBeUndefined();
  });

  it("does not remember an answer of the history before a reset", async () => {
    let reply: (value: ResolveResponse) => void = () => {};
    const answers = remembering(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    );
    const asked = answers.ask("titanic");
    answers.reset();
    reply(answer(1, 99));
    await asked;
    expect(answers.recall("titanic")).toBeUndefined();
  });

  it("stays correct when it has forgotten which event of a model was the last", async () => {
    let reply: (value: ResolveResponse) => void = () => {};
    const answers = remembering(
      () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
      { models: 1 },
    );
    const asked = answers.ask("titanic");
    answers.event(event(6));
    answers.event(event(7, "m2")); // pushes m1 out: all that is known of it now is "up to 6"
    reply(answer(1, 5));
    await asked;
    expect(answers.recall("titanic")).toBeUndefined();
  });

  it("forgets the name that was not used for longest when there is no more room", async () => {
    const answers = remembering(async () => answer(1, 5), { weight: 2 });
    for (const uri of ["a", "b", "a", "c"]) await answers.ask(uri);
    expect([answers.recall("a"), answers.recall("b"), answers.recall("c")].map(Boolean)).toEqual([true, false, true]);
  });

  it("gives, but does not remember, an answer that there is no room for", async () => {
    const answers = remembering(async (uri) => answer(uri.length, 5), { weigh: ({ version }) => version!.number });
    await answers.ask("titanic");
    expect((await answers.ask("a-long-long-name")).version?.number).toBe(16);
    expect([answers.recall("titanic"), answers.recall("a-long-long-name")].map(Boolean)).toEqual([true, false]);
    answers.event(event(6));
    expect(answers.size()).toBe(0);
  });

  it.each([`m-${"0".repeat(32)}`, `models:/m-${"0".repeat(32)}`, "runs:/r/model"])(
    "never remembers %s, which may lead to another model next",
    async (question) => {
      const { state, answers } = registry(answer(1, 5));
      await answers.ask(question);
      await answers.ask(question);
      expect(state.asked).toBe(2);
    },
  );

  it("never remembers what was asked of the past", async () => {
    const { state, answers } = registry(answer(1, 5));
    await answers.ask("titanic@champion?at=2026-11-01T12:00:00Z");
    await answers.ask("titanic@champion?at=2026-11-01T12:00:00Z");
    expect(state.asked).toBe(2);
  });

  it("remembers nothing of a question that failed", async () => {
    let fail = true;
    const answers = remembering(async () => {
      if (fail) throw new Error("not found");
      return answer(1, 5);
    });
    await expect(answers.ask("titanic")).rejects.toThrow("not found");
    fail = false;
    expect((await answers.ask("titanic")).version?.number).toBe(1);
  });
});

it("whileRecalled holds until another answer, or none, is recalled", () => {
  const first = answer(1, 5);
  let recalled: ResolveResponse | undefined = first;
  const holds = whileRecalled(first, () => recalled);
  expect(holds()).toBe(true);
  recalled = answer(1, 5);
  expect(holds()).toBe(false);
  recalled = undefined;
  expect(holds()).toBe(false);
});
