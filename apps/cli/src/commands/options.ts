/**
 * Values of options and arguments, checked where they are read.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { type Command, Option } from "commander";

/** A command that only holds others: alone it explains itself, and anything unknown gets a suggestion. */
export function group(program: Command, name: string, description: string, example: string): Command {
  const command = program.command(name).description(description);
  examples(command, example);
  return command;
}

/** What is said of an argument that names a version. */
export const versionArgument = "its number, semantic version or alias";

/** Shows at the end of a command's help how it is used. */
export function examples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

/** `--data-dir`, with the directory that `up` takes as well. */
export function dataDirOption(description: string): Option {
  return new Option("--data-dir <dir>", description).default("mintmark-data");
}

/** Reads an integer within `min..max`. */
export function integer(option: string, min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    throw new AppError("OPTION_INVALID", { option, expected: `an integer in ${min}..${max}`, value });
  };
}

/**
 * Reads `key=value`, adding to those before.
 * @param expected what the option's help calls it
 */
export function keyValue(
  option: string,
  expected = "key=value",
): (value: string, before: Record<string, string>) => Record<string, string> {
  return (value, before) => {
    const equals = value.indexOf("=");
    if (equals < 1) throw new AppError("OPTION_INVALID", { option, expected, value });
    return { ...before, [value.slice(0, equals)]: value.slice(equals + 1) };
  };
}

/** An option that may be repeated, of a few values. */
export function repeatedChoice(flags: string, description: string, choices: readonly string[]): Option {
  const option = new Option(flags, description).choices(choices);
  const check = option.parseArg!;
  return option.default([]).argParser((value, before: readonly string[]) => {
    check(value, undefined as unknown as string);
    return repeated(value, before);
  });
}

/** Adds a value to those before. */
export function repeated(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
