/**
 * Commands whose wrong use is told in one line, with the way out.
 * @module
 */
import { Command, type ErrorOptions } from "commander";

/** Commander's own command, but for how it ends: "…; see 'mintmark models show --help'". */
export class ExplainedCommand extends Command {
  override createCommand(name?: string): Command {
    return new ExplainedCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    // A suggestion comes on a line of its own, and choices come with a full stop.
    const line = message
      .replace(/^error: /, "")
      .replaceAll("\n", " ")
      .replace(/\.$/, "");
    return super.error(`${line}; see '${pathOf(this)} --help'`, options);
  }
}

/** `mintmark help`, and that of a group: explains the command that the words lead to. */
export function addHelpCommand(group: Command): void {
  group.helpCommand(false);
  const help = group.command("help").description("what a command does").argument("[command...]", "which one");
  help.addHelpText("after", `\nExamples:\n  ${pathOf(group)} help ${group.commands[0]!.name()}`);
  help.action((words: readonly string[]) => {
    let asked = group;
    for (const word of words) {
      const next = asked.commands.find((command) => command.name() === word);
      // The parser itself says what it does not know, and what was meant.
      if (next === undefined && asked.commands.length > 0) asked.parse([word], { from: "user" });
      asked = next ?? asked.error(`unknown command '${word}'`);
    }
    asked.help();
  });
}

/** All the words that call it. */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
