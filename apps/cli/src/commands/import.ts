/**
 * `mintmark import`: what is kept elsewhere, taken over with its history.
 * @module
 */
import type { Command } from "commander";
import type { Run } from "../run.ts";
import { type ImportArchive, importArchive } from "../transfer/archive/import-archive.ts";
import { importFolder } from "../transfer/folder/import-folder.ts";
import { importMlflow } from "../transfer/mlflow/import-mlflow.ts";
import { examples, group, keyValue, repeated } from "./options.ts";

export function addImportCommands(program: Command, run: Run): void {
  const commands = group(
    program,
    "import",
    "take over what is kept elsewhere",
    "mintmark import mlflow http://mlflow.example:5000",
  );

  const mlflow = commands
    .command("mlflow")
    .description(
      "copy experiments, runs, models and files from an MLflow server; started again, it goes on where it ended",
    );
  mlflow.argument(
    "<uri>",
    "its http(s) address; MLFLOW_TRACKING_TOKEN, or …_USERNAME and …_PASSWORD, say who you are there",
  );
  examples(mlflow, "mintmark import mlflow http://mlflow.example:5000 --dry-run");
  mlflow.option("--experiment <name>", "only this one, and no models but those named; may be repeated", repeated, []);
  mlflow.option("--model <name>", "only this one, with the runs it comes from; may be repeated", repeated, []);
  mlflow.option("--deleted", "also what is deleted there; it is deleted here as well", false);
  mlflow.option("--check", "read again what is here already: compare files, complete the histories of metrics", false);
  mlflow.option("--dry-run", "only count what there is to copy", false);
  mlflow.action((uri: string, options: MlflowOptions) => {
    const { experiment: experiments, model: models, ...rest } = options;
    return run(mlflow, (session) => importMlflow(session, uri, { experiments, models, ...rest }));
  });

  const folder = commands
    .command("folder")
    .description("register, signed, the versions of a folder that holds versions/1.0.0/… and latest/");
  examples(folder, "mintmark import folder ./models/churn churn");
  folder.argument("<dir>", "the folder").argument("<name>", "the model; created if missing");
  folder.action((dir: string, name: string) => run(folder, (session) => importFolder(session, dir, name)));

  const archive = commands
    .command("archive")
    .description("take models from a file that `mintmark export` wrote; verified before anything is registered");
  archive.argument("<file>", "a .tar, .tar.gz, .tgz or .tar.zst");
  examples(archive, "mintmark import archive models.tar.zst --into prod.default");
  archive.option("--into <catalog.schema>", "put every model there, instead of where it was", "");
  archive.option(
    "--rename <old=new>",
    "give a model another name; may be repeated",
    keyValue("--rename", "old=new"),
    {},
  );
  archive.action((file: string, options: ImportArchive) =>
    run(archive, (session) => importArchive(session, file, options)),
  );
}

interface MlflowOptions {
  readonly experiment: readonly string[];
  readonly model: readonly string[];
  readonly deleted: boolean;
  readonly check: boolean;
  readonly dryRun: boolean;
}
