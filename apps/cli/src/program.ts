/**
 * The command line: every command with its options. What commands do stands in `commands/`.
 * @module
 */
import { type Command, Help, Option } from "commander";
import { addHelpCommand, ExplainedCommand } from "./explained-command.ts";
import { print } from "./output.ts";
import type { Run } from "./run.ts";
import type { GlobalOptions } from "./session.ts";

export interface ProgramPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly run: Run;
}

/** Every command in the order of the help; a module is loaded when its command is asked for. */
const commands: Readonly<Record<string, (program: Command, ports: ProgramPorts) => Promise<void>>> = {
  up: async (program, { env, run }) => (await import("./commands/up.ts")).addUpCommand(program, env, run),
  status: async (program, { run }) => (await import("./commands/status.ts")).addStatusCommand(program, run),
  down: async (program, { run }) => (await import("./commands/down.ts")).addDownCommand(program, run),
  doctor: async (program, { run }) => (await import("./commands/doctor.ts")).addDoctorCommand(program, run),
  registry: addApps,
  worker: addApps,
  gateway: addApps,
  train: async (program, { run }) => (await import("./commands/train.ts")).addTrainCommand(program, run),
  jobs: async (program, { run }) => (await import("./commands/jobs.ts")).addJobsCommands(program, run),
  runs: async (program, { run }) => (await import("./commands/runs.ts")).addRunsCommands(program, run),
  experiments: async (program, { run }) =>
    (await import("./commands/experiments.ts")).addExperimentsCommands(program, run),
  predict: async (program, { run }) => (await import("./commands/predict.ts")).addPredictCommand(program, run),
  models: async (program, { run }) => (await import("./commands/models.ts")).addModelsCommands(program, run),
  versions: async (program, { run }) => (await import("./commands/versions.ts")).addVersionsCommands(program, run),
  alias: async (program, { run }) => (await import("./commands/alias.ts")).addAliasCommands(program, run),
  push: async (program, { run }) => (await import("./commands/push.ts")).addPushCommand(program, run),
  pull: async (program, { run }) => (await import("./commands/pull.ts")).addPullCommand(program, run),
  verify: async (program, { run }) => (await import("./commands/verify.ts")).addVerifyCommand(program, run),
  export: async (program, { run }) => (await import("./commands/export.ts")).addExportCommand(program, run),
  import: async (program, { run }) => (await import("./commands/import.ts")).addImportCommands(program, run),
  lineage: async (program, { run }) => (await import("./commands/lineage.ts")).addLineageCommand(program, run),
  schema: async (program, { run }) => (await import("./commands/schema.ts")).addSchemaCommand(program, run),
  keys: async (program, { run }) => (await import("./commands/keys.ts")).addKeysCommands(program, run),
  token: async (program, { run }) => (await import("./commands/token.ts")).addTokenCommands(program, run),
  backup: addBackup,
  restore: addBackup,
  completion: async (program, { run }) => (await import("./commands/completion.ts")).addCompletionCommand(program, run),
};

async function addApps(program: Command): Promise<void> {
  (await import("./commands/app.ts")).addAppCommands(program);
}

async function addBackup(program: Command, { run }: ProgramPorts): Promise<void> {
  (await import("./commands/backup.ts")).addBackupCommands(program, run);
}

/**
 * The program as far as `args` need it: their command alone, or every command for help, for completion, and for a
 * suggestion where there is none of that name. Parsing throws CommanderError instead of ending the process.
 */
export async function buildProgram(args: readonly string[], ports: ProgramPorts): Promise<Command> {
  const program = new ExplainedCommand("mintmark")
    .description("Trains models, marks each with where it came from, and serves them by name.")
    .addOption(new Option("--server <url>", "the gateway").env("MINTMARK_URL").default("http://127.0.0.1:8080"))
    .addOption(new Option("--token <token>", "who you are, where authentication is on").env("MINTMARK_TOKEN"))
    .option("--json", "answer with one JSON document", false)
    .option("--wide", "tables with everything in full, as long as it is", false)
    .option("--debug", "show where an error comes from", false)
    .helpOption("-h, --help", "what a command does, and its options")
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20, optionDescription, formatHelp })
    .configureOutput({ writeOut: print, outputError: () => {} })
    .exitOverride();
  program.addHelpText("after", "\n`mintmark --version` tells the version.");
  const [asked = ""] = program.parseOptions([...args]).operands;
  const needsAll = !Object.hasOwn(commands, asked) || asked === "completion";
  for (const add of needsAll ? new Set(Object.values(commands)) : [commands[asked]!]) await add(program, ports);
  for (const each of [program, ...program.commands]) if (each.commands.length > 0) addHelpCommand(each);
  return program;
}

/** Commander's own, with the commands before the options: they are what one looks for. */
function formatHelp(command: Command, helper: Help): string {
  const blocks = Help.prototype.formatHelp
    .call(helper, command, helper)
    .trimEnd()
    .split(/\n\n(?=\S)/);
  const isOptions = (block: string) => /^(Global )?Options:/.test(block);
  return `${[...blocks.filter((block) => !isOptions(block)), ...blocks.filter(isOptions)].join("\n\n")}\n`;
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
