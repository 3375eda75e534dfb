/**
 * What an import did: how many of each kind there are, how many it made, and what is not as it is at the source.
 * @module
 */
import type { Answer } from "../answer.ts";
import { type TableColumn, table } from "../table.ts";
import type { View } from "../view.ts";

export interface Counts {
  /** At the source. */
  found: number;
  /** Made by this import, or completed by it. */
  copied: number;
  /** Here before. */
  present: number;
}

export interface Difference {
  /** What it is about, such as `run 0af1…` or `titanic/3`. */
  readonly what: string;
  readonly problem: string;
}

export interface Report<Noun extends string> {
  readonly counts: Readonly<Record<Noun, Counts>>;
  readonly differences: readonly Difference[];
  /** What somebody might wonder about, and is no failure. */
  readonly notes: readonly string[];
  readonly count: (noun: Noun, how: "copied" | "present" | "failed") => void;
  readonly differs: (what: string, problem: string) => void;
  readonly note: (text: string) => void;
}

export function newReport<Noun extends string>(nouns: readonly Noun[]): Report<Noun> {
  const counts = Object.fromEntries(nouns.map((noun) => [noun, { found: 0, copied: 0, present: 0 }])) as Record<
    Noun,
    Counts
  >;
  const differences: Difference[] = [];
  const notes = new Set<string>();
  return {
    counts,
    differences,
    get notes() {
      return [...notes];
    },
    count: (noun, how) => {
      counts[noun].found++;
      if (how !== "failed") counts[noun][how]++;
    },
    differs: (what, problem) => void differences.push({ what, problem }),
    note: (text) => void notes.add(text),
  };
}

/** The answer is "no" if anything is missing or other than at the source. */
export function reportAnswer<Noun extends string>(
  { counts, differences, notes }: Report<Noun>,
  about: Readonly<Record<string, unknown>>,
): Answer {
  const lines = (view: View) => [
    table(countColumns, Object.entries<Counts>(counts), view),
    ...notes,
    ...(differences.length === 0
      ? []
      : [
          `${differences.length} not as at the source:`,
          ...differences.map(({ what, problem }) => `  ${what}: ${problem}`),
        ]),
  ];
  return {
    text: (view) => lines(view).join("\n"),
    json: { ...about, ...counts, notes, differences },
    exitCode: differences.length === 0 ? 0 : 1,
  };
}

const countColumns: readonly TableColumn<readonly [string, Counts]>[] = [
  { heading: "", cell: ([noun]) => noun.replaceAll("_", " ") },
  { heading: "SOURCE", cell: ([, { found }]) => found },
  { heading: "COPIED", cell: ([, { copied }]) => copied },
  { heading: "HERE BEFORE", cell: ([, { present }]) => present },
];
