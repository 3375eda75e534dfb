/**
 * Values as MLflow's answers have them.
 * @module
 */
import { create } from "@bufbuild/protobuf";
import { type Timestamp, TimestampSchema } from "@bufbuild/protobuf/wkt";

/** Milliseconds since 1970; absent if there is no time. */
export function milliseconds(time: Timestamp | undefined): number | undefined {
  return time === undefined ? undefined : Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6);
}

/** A time that a client gave in milliseconds since 1970; the registry says whether it can be one. */
export function timeOf(ms: bigint | undefined): Timestamp | undefined {
  if (ms === undefined) return undefined;
  const rest = ((ms % 1000n) + 1000n) % 1000n;
  return create(TimestampSchema, { seconds: (ms - rest) / 1000n, nanos: Number(rest) * 1_000_000 });
}

/** JSON has no NaN and no infinities: they travel as words, in both directions. */
export function doubleJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** As a number where that is exact, as the clients expect; else as text, which they take as well. */
export function int64Json(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** `[{key, value}, …]`; absent if there are none, as MLflow leaves out empty lists. */
export function tagsJson(
  tags: Readonly<Record<string, string>>,
): readonly { key: string; value: string }[] | undefined {
  return orAbsent(Object.entries(tags).map(([key, value]) => ({ key, value })));
}

/** Empty lists are left out. */
export function orAbsent<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** Empty text is left out. */
export function textOrAbsent(text: string): string | undefined {
  return text === "" ? undefined : text;
}
