/**
 * Kinds of fields that only MLflow's messages on traces have: times, durations and texts by key in the form of protobuf's JSON.
 * @module
 */
import { type DescMessage, fromJson, type MessageShape, toJson } from "@bufbuild/protobuf";
import { DurationSchema, type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { z } from "zod";

/** A time such as `2026-11-21T16:23:14.901Z`; undefined if absent. */
export const instant = wellKnown(TimestampSchema).optional();
/** A duration such as `0.046s`; undefined if absent. */
export const duration = wellKnown(DurationSchema).optional();
/** Texts by key, whatever the key; none if absent. A record of zod leaves `__proto__` out. */
export const texts = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  )
  .default({})
  .transform((given, context): Record<string, string> => {
    for (const [key, value] of Object.entries(given))
      if (typeof value !== "string") context.addIssue({ code: "custom", path: [key] });
    return given as Record<string, string>;
  });

export function instantJson(time: Timestamp | undefined): string | undefined {
  return time === undefined ? undefined : toJson(TimestampSchema, time);
}

function wellKnown<Desc extends DescMessage>(schema: Desc) {
  return z.string().transform((text, context): MessageShape<Desc> => {
    try {
      return fromJson(schema, text);
    } catch {
      context.addIssue({ code: "custom" });
      return z.NEVER;
    }
  });
}
