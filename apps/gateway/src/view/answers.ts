/**
 * What the registry answered about models, kept in memory and dropped when an event says that it may have changed: what a
 * name resolves to, what is known of a model.
 * @module
 */
import { tryParseModelUri } from "@mintmark/names/model-uri";
import type { Event } from "@mintmark/proto/mintmark/registry/v1/event";
import { Lru } from "./lru.ts";

export interface Answers<Answer> {
  /** The registry's answer to `question`, such as the URI of a version. Fails as the registry does. */
  readonly ask: (question: string) => Promise<Answer>;
  /** The remembered answer, if there is one. Counts as a use. */
  readonly recall: (question: string) => Answer | undefined;
  readonly event: (event: Event) => void;
  readonly reset: () => void;
  readonly size: () => number;
}

export interface AnswerLimits<Answer> {
  /** What all remembered answers may weigh together. */
  readonly weight: number;
  readonly weigh: (answer: Answer) => number;
  /** Of how many models the last event is remembered. */
  readonly models: number;
}

/**
 * @param fetch how the registry answers; in production one of its calls
 * @param modelOf the identity of the model that an answer is about
 */
export function rememberAnswers<Answer extends object>(
  fetch: (question: string) => Promise<Answer>,
  modelOf: (answer: Answer) => string,
  limits: AnswerLimits<Answer>,
): Answers<Answer> {
  const answers = new Lru<string, Answer>(limits.weight, (question, answer) => unlink(question, answer), limits.weigh);
  const questionsOfModel = new Map<string, Set<string>>();
  const underWay = new Map<string, Promise<Answer>>();
  let seen = 0n;
  let history = 0;
  let forgottenUpTo = 0n;
  const lastEvent = new Lru<string, bigint>(limits.models, (_, number) => {
    if (number > forgottenUpTo) forgottenUpTo = number;
  });

  const unlink = (question: string, answer: Answer) => {
    const model = modelOf(answer);
    const questions = questionsOfModel.get(model);
    questions?.delete(question);
    if (questions?.size === 0) questionsOfModel.delete(model);
  };

  const remember = (question: string, answer: Answer, asked: { seen: bigint; history: number }) => {
    const model = modelOf(answer);
    // An event of the model that came while the question was under way may be younger than the answer: that is given, but
    // not remembered. One that has not come yet will drop it.
    const changed = (lastEvent.peek(model) ?? forgottenUpTo) > asked.seen;
    if (changed || asked.history !== history) return;
    const questions = questionsOfModel.get(model);
    if (questions) questions.add(question);
    else questionsOfModel.set(model, new Set([question]));
    // Last, for it takes the question back out if there is no room for the answer.
    answers.set(question, answer);
  };

  return {
    recall: (question) => answers.get(question),
    ask: async (question) => {
      const known = answers.get(question) ?? underWay.get(question);
      if (known) return known;
      const asked = { seen, history };
      const fetching = fetch(question);
      underWay.set(question, fetching);
      try {
        const answer = await fetching;
        if (isWatchable(question)) remember(question, answer, asked);
        return answer;
      } finally {
        if (underWay.get(question) === fetching) underWay.delete(question);
      }
    },
    event: ({ modelId, number }) => {
      seen = number;
      if (modelId === "") return;
      lastEvent.set(modelId, number);
      for (const question of questionsOfModel.get(modelId) ?? []) answers.delete(question);
      questionsOfModel.delete(modelId);
      // A question under way may be for this model under a name that is not known yet: who asks from now on asks afresh.
      underWay.clear();
    },
    reset: () => {
      answers.clear();
      questionsOfModel.clear();
      underWay.clear();
      lastEvent.clear();
      forgottenUpTo = 0n;
      seen = 0n;
      history += 1;
    },
    size: () => answers.size,
  };
}

/**
 * True for as long as `recall` gives this very answer. Does not keep it alive: whoever remembers what he made of it has no part
 * in what all answers may weigh.
 */
export function whileRecalled<Answer extends object>(answer: Answer, recall: () => Answer | undefined): () => boolean {
  const reference = new WeakRef(answer);
  return () => {
    const now = recall();
    return now !== undefined && now === reference.deref();
  };
}

/**
 * Whether an event of the model tells when the answer changes. What a name was at a given time needs no watching, and is asked
 * too seldom to be worth the room. What names no model may be answered with another one next.
 */
function isWatchable(question: string): boolean {
  const uri = tryParseModelUri(question);
  return uri !== undefined && uri.at === undefined && uri.kind !== "run" && uri.kind !== "logged-model";
}
