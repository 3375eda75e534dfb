/**
 * Answers of searches, kept until something happens: whoever asks the same again, as clients that poll do, costs one look at
 * the number of the last event.
 *
 * For searches of what changes only together with an event: models, versions, aliases and their tags. The number is read
 * before the answer, so that an answer is never older than its number.
 * @module
 */
import { sql } from "kysely";
import type { Db } from "../db/schema.ts";

const maxAnswers = 200;
/** Of an answer that is kept. */
const maxRows = 100;

/** @returns gives the answer to what is asked, by `find` where it is not known. @param rows how many an answer holds */
export function untilNextEvent<Answer>(
  db: Db,
  rows: (answer: Answer) => number,
): (asked: readonly unknown[], find: () => Promise<Answer>) => Promise<Answer> {
  const answers = new Map<string, Answer>();
  let answersOf = -1n;

  return async (asked, find) => {
    const event = await lastEvent(db);
    if (event > answersOf) {
      answers.clear();
      answersOf = event;
    }
    const key = JSON.stringify(asked);
    const known = event === answersOf ? answers.get(key) : undefined;
    if (known !== undefined) return known;

    const answer = await find();
    if (event === answersOf && rows(answer) <= maxRows) {
      if (answers.size >= maxAnswers) answers.delete(answers.keys().next().value!);
      answers.set(key, answer);
    }
    return answer;
  };
}

async function lastEvent(db: Db): Promise<bigint> {
  const { rows } = await sql<{ number: bigint }>`select number from event_head`.execute(db);
  return rows[0]!.number;
}
