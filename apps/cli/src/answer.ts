/**
 * What a command answers: the same thing for people and for programs.
 * @module
 */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

export interface Answer {
  /** What a person reads; printed with a final newline unless it is empty. */
  readonly text: string;
  /** What `--json` prints. */
  readonly json: unknown;
  /** 1 if the answer is "no"; 0 if absent. */
  readonly exitCode?: 0 | 1;
}

/** Rows under headings, in columns as wide as they need to be. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A message of the native API as JSON: the API's own names in snake case, every field there. */
export function messageJson<D extends DescMessage>(schema: D, message: MessageShape<D>): unknown {
  return toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true });
}

/** RFC 3339 to the millisecond, or an empty text for a time that is not set. */
export function time(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? "" : timestampDate(timestamp).toISOString();
}
