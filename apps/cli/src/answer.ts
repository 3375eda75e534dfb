/**
 * What a command answers: the same thing for people and for programs.
 * @module
 */
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { toJson } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { aligned } from "./table.ts";
import { printable, styled, type View } from "./view.ts";

export interface Answer {
  /** What a person reads, as it is or for a view; printed with a final newline unless it is empty. */
  readonly text: string | ((view: View) => string);
  /** What `--json` prints. */
  readonly json: unknown;
  /** 1 if the answer is "no"; 0 if absent. */
  readonly exitCode?: 0 | 1;
}

export function textOf({ text }: Answer, view: View): string {
  return typeof text === "string" ? text : text(view);
}

/** Names and values, a line each. */
export function fields(pairs: readonly (readonly [string, unknown])[]): string {
  const width = pairs.reduce((most, [name]) => Math.max(most, name.length), 0);
  return pairs.map(([name, value]) => printable(`${name.padEnd(width)}  ${shown(value)}`.trimEnd())).join("\n");
}

/** Metrics by name, and the steps' times and memory below them. */
export function metricLines(metrics: Readonly<Record<string, number>>, view: View): string[] {
  const names = Object.keys(metrics).sort();
  const block = (heading: string, those: readonly string[], prefix: string) => {
    const short = (name: string) => name.slice(prefix.length);
    const width = those.reduce((most, name) => Math.max(most, short(name).length), 0);
    const values = aligned(
      those.map((name) => metrics[name]!),
      view,
    );
    const lines = those.map((name, at) => printable(`  ${short(name).padEnd(width)}  ${values[at]}`.trimEnd()));
    return lines.length === 0 ? [] : [styled(heading, "heading", view), ...lines];
  };
  const isStep = (name: string) => name.startsWith(stepPrefix);
  return [
    ...block(
      "metrics",
      names.filter((name) => !isStep(name)),
      "",
    ),
    ...block("steps", names.filter(isStep), stepPrefix),
  ];
}

/** Of metrics that tell what a training took. */
export const stepPrefix = "step/";

/** A message of the native API as JSON: the API's own names in snake case, every field there. */
export function messageJson<D extends DescMessage>(schema: D, message: MessageShape<D>): unknown {
  return toJson(schema, message, { useProtoFieldName: true, alwaysEmitImplicit: true });
}

/** RFC 3339 to the millisecond, or an empty text for a time that is not set. */
export function time(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? "" : timestampDate(timestamp).toISOString();
}

/** For a table. */
export function date(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp === undefined ? undefined : timestampDate(timestamp);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.join(" ");
  if (value === null || value === undefined) return "-";
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([key, text]) => `${key}=${text}`)
    .join(" ");
}
