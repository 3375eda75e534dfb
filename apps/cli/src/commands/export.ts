/**
 * `mintmark export`: models in one file, with their versions, aliases, runs and files.
 * @module
 */
import type { Command } from "commander";
import type { Run } from "../run.ts";
import { exportArchive } from "../transfer/archive/export-archive.ts";
import { examples } from "./options.ts";

export function addExportCommand(program: Command, run: Run): void {
  const command = program.command("export").description("write models into a file, for `import archive` elsewhere");
  command.argument("[model...]", "all models if none is named");
  examples(command, "mintmark export titanic fraud --out models.tar.zst");
  command.requiredOption("--out <file>", "a new .tar, .tar.gz, .tgz or .tar.zst");
  command.action((models: string[], { out }: { out: string }) =>
    run(command, (session) => exportArchive(session, models, out)),
  );
}
