/**
 * `mintmark schema`: the JSON Schema of the training file, for editors.
 * @module
 */
import { trainingFileJsonSchema } from "@mintmark/training-file";
import type { Command } from "commander";
import type { Answer } from "../answer.ts";
import type { Run } from "../run.ts";
import { examples } from "./options.ts";

export function addSchemaCommand(program: Command, run: Run): void {
  const command = program.command("schema").description("the JSON Schema of the training file");
  examples(command, "mintmark schema > training-file.schema.json");
  command.action(() => run(command, async () => schema()));
}

export function schema(): Answer {
  const json = trainingFileJsonSchema();
  return { text: JSON.stringify(json, null, 2), json };
}
