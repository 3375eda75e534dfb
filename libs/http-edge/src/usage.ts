/**
 * How a program explains itself, in the form in which the command line does: a line for each option, none longer than a
 * terminal of 80 columns is wide.
 * @module
 */

/** What it is called, and what is said of it. */
type Entry = readonly [name: string, description: string];

export interface Usage {
  /** As in `mintmark registry`. */
  readonly command: string;
  readonly description: string;
  readonly options: readonly Entry[];
  /** Settings that have no flag, or one of another name; a variable of a flag's own name need not be listed. */
  readonly variables: readonly Entry[];
  readonly example: string;
}

export function usageText({ command, description, options, variables, example }: Usage): string {
  return [
    `Usage: ${command} [options]`,
    wrapped(description, 0),
    section("Options:", [...options, ["-h, --help", "what it does, and its options"]]),
    section("Variables (a flag wins over the variable of its name):", variables),
    `Examples:\n  ${example}`,
  ].join("\n\n");
}

const columns = 80;
/** Longer names stand on a line of their own. */
const longestName = 32;

function section(heading: string, entries: readonly Entry[]): string {
  const fitting = entries.map(([name]) => name.length).filter((length) => length <= longestName);
  const indent = fitting.reduce((most, length) => Math.max(most, length), 0) + 4;
  const lines = entries.map(([name, description]) => {
    const text = wrapped(description, indent);
    return name.length > longestName
      ? `  ${name}\n${" ".repeat(indent)}${text}`
      : `  ${name.padEnd(indent - 2)}${text}`;
  });
  return [heading, ...lines].join("\n");
}

/** Lines that begin at column `indent`, the first of them where the cursor is. */
function wrapped(text: string, indent: number): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}
