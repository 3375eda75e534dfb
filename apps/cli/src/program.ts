/**
 * The command line: every command with its options. What commands do stands in `commands/`.
 * @module
 */
import { Command, Help, Option } from "commander";
import { addAliasCommands } from "./commands/alias.ts";
import { addAppCommands } from "./commands/app.ts";
import { addBackupCommands } from "./commands/backup.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addExportCommand } from "./commands/export.ts";
import { addImportCommands } from "./commands/import.ts";
import { addJobsCommands } from "./commands/jobs.ts";
import { addKeysCommands } from "./commands/keys.ts";
import { addLineageCommand } from "./commands/lineage.ts";
import { addModelsCommands } from "./commands/models.ts";
import { addPredictCommand } from "./commands/predict.ts";
import { addPullCommand } from "./commands/pull.ts";
import { addPushCommand } from "./commands/push.ts";
import { addSchemaCommand } from "./commands/schema.ts";
import { addTokenCommands } from "./commands/token.ts";
import { addTrainCommand } from "./commands/train.ts";
import { addUpCommand } from "./commands/up.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { addVersionsCommands } from "./commands/versions.ts";
import type { Run } from "./run.ts";
import type { GlobalOptions } from "./session.ts";

export interface ProgramPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
}

/** Builds the whole program; parsing throws CommanderError instead of ending the process. */
export function buildProgram({ env, run }: ProgramPorts): Command {
  const program = new Command("mintmark")
    .description("Trains models, marks each with where it came from, and serves them by name.")
    .addOption(new Option("--server <url>", "the gateway").env("MINTMARK_URL").default("http://127.0.0.1:8080"))
    .addOption(new Option("--token <token>", "who you are, where authentication is on").env("MINTMARK_TOKEN"))
    .option("--json", "answer with one JSON document", false)
    .option("--debug", "show where an error comes from", false)
    .helpOption("-h, --help", "what a command does, and its options")
    .helpCommand("help [command]", "what a command does")
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, optionDescription })
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  program.addHelpText("after", "\n`mintmark --version` tells the version.");

  addUpCommand(program, env, run);
  addAppCommands(program);
  addTrainCommand(program, run);
  addJobsCommands(program, run);
  addPredictCommand(program, run);
  addModelsCommands(program, run);
  addVersionsCommands(program, run);
  addAliasCommands(program, run);
  addPushCommand(program, run);
  addPullCommand(program, run);
  addVerifyCommand(program, run);
  addExportCommand(program, run);
  addImportCommands(program, run);
  addLineageCommand(program, run);
  addSchemaCommand(program, run);
  addKeysCommands(program, run);
  addTokenCommands(program, run);
  addBackupCommands(program, run);
  addCompletionCommand(program, run);
  return program;
}

/** What an option is without being given is said where it is something; and that it has to be given. */
function optionDescription(option: Option): string {
  const isNothing = ["false", '""', "[]", "{}"].includes(JSON.stringify(option.defaultValue));
  const shown = isNothing ? (Object.create(option, { defaultValue: { value: undefined } }) as Option) : option;
  const description = new Help().optionDescription(shown);
  return option.mandatory ? `${description} (required)` : description;
}

/** The options that every command takes. */
export function globalOptions(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}
