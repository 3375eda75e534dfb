/**
 * The training file as a JSON Schema, for editors and other programs.
 * @module
 */
import { z } from "zod";
import { trainingFileSchema } from "./schema.ts";

/** Draft 2020-12, of what a user writes: what has a default may be left out. */
export function trainingFileJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(trainingFileSchema, { io: "input", target: "draft-2020-12" });
  return { $schema, title: "Mintmark training file", ...schema };
}
