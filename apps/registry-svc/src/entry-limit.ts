/**
 * How many tags, parameters and the like one request may carry: every map of every request, wherever it stands in it. How many an
 * object may have in all, the database says (`0020_entry_limit.sql`).
 * @module
 */
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { invalid } from "./fields.ts";

export interface EntryLimits {
  /** Entries of one map of a request. */
  readonly request: number;
  /** Tags, or parameters, or metadata, of one object. */
  readonly object: number;
}

export const defaultEntryLimits: EntryLimits = { request: 1_000, object: 10_000 };

/** @throws AppError REQUEST_INVALID, from within the call, naming the field, the limit and how many there are */
export function limitEntries({ request: most }: EntryLimits): Interceptor {
  return (next) => async (request) => {
    if (!request.stream) requireFew(request.method.input, request.message, most);
    return next(request);
  };
}

type Fields = Readonly<Record<string, unknown>>;

function requireFew(desc: DescMessage, message: unknown, most: number): void {
  for (const field of fieldsWithMaps(desc)) {
    const value = given(field, message as Fields);
    if (value === undefined) continue;
    if (field.fieldKind === "map") {
      const count = Object.keys(value as Fields).length;
      if (count > most) throw invalid(field.name, `must have at most ${most} entries a request, got ${count}`);
    } else if (field.fieldKind === "list")
      for (const item of value as unknown[]) requireFew(field.message!, item, most);
    else requireFew(field.message!, value, most);
  }
}

function given({ oneof, localName }: DescField, message: Fields): unknown {
  if (oneof === undefined) return message[localName];
  const { case: which, value } = message[oneof.localName] as { case?: string; value?: unknown };
  return which === localName ? value : undefined;
}

const known = new Map<DescMessage, readonly DescField[]>();

/** The fields that are maps, or hold messages that have some. */
function fieldsWithMaps(desc: DescMessage): readonly DescField[] {
  let fields = known.get(desc);
  if (fields === undefined) {
    // A message that holds itself is not looked into again while it is looked at.
    known.set(desc, []);
    fields = desc.fields.filter(
      (field) => field.fieldKind === "map" || (field.message !== undefined && fieldsWithMaps(field.message).length > 0),
    );
    known.set(desc, fields);
  }
  return fields;
}
