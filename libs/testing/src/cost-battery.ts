/**
 * That what parsers cost grows in proportion to what they are given, as tests: one a parser, and a table of the dearest shapes.
 * @module
 */
import { afterAll, describe, expect, it } from "vitest";
import { type Cost, costOf, costProblem, costTable } from "./cost.ts";

export interface ParserUnderTest<Input> {
  /** May fail as it does with bad input; what it never may is to break off by a stack or a memory that is used up. */
  readonly run: (input: Input) => unknown;
  readonly shapes: Readonly<Record<string, (size: number) => Input>>;
  /** The greatest input in characters or bytes: 256 Ki if not given. */
  readonly size?: number;
}

/** @param area of the parsers, for the table */
export function costBattery(area: string, parsers: Readonly<Record<string, ParserUnderTest<never>>>): void {
  describe(`the cost of ${area}`, () => {
    const costs: Cost[] = [];
    afterAll(() => console.info(`${area}\n${costTable(costs)}`));

    it.each(Object.entries(parsers))(
      "%s grows in proportion to the input",
      async (parser, { run, shapes, size = 1 << 18 }) => {
        const problems: string[] = [];
        // What is loaded, compiled and made once is no cost of an input.
        for (const make of Object.values(shapes))
          await Promise.resolve()
            .then(() => run(make(64) as never))
            .catch(() => {});
        for (const [shape, make] of Object.entries(shapes)) {
          const cost = await costOf({ parser, shape, size, make, run });
          costs.push(cost);
          const problem = costProblem(cost);
          if (problem !== undefined) problems.push(`${shape}: ${problem}`);
        }
        expect(problems).toEqual([]);
      },
    );
  });
}

/** For shapes whose inputs are of that type. */
export function parser<Input>(under: ParserUnderTest<Input>): ParserUnderTest<never> {
  return under as unknown as ParserUnderTest<never>;
}
