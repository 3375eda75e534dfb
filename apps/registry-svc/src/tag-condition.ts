/**
 * The condition that a tag has a value, in the form in which the indexes on tags answer it and the planner can guess how many
 * rows it leaves.
 * @module
 */
import { type RawBuilder, sql } from "kysely";

/** How much of a value the indexes hold. */
const indexed = 128;

/** Over a row of a table of tags that is called `alias`. */
export function tagIs(alias: string, [key, value]: readonly [string, string]): RawBuilder<unknown> {
  const column = (name: string) => sql.ref(`${alias}.${name}`);
  const start = sql`left(${column("value")}, ${sql.lit(indexed)}) = left(${value}, ${sql.lit(indexed)})`;
  // Asked again of a value that the index holds whole, the same question would count twice in the planner's guess.
  const whole = value.length < indexed ? start : sql`${start} and ${column("value")} = ${value}`;
  // Found once, as a value: a join with the keys would be guessed to leave one tag in as many as there are keys.
  return sql`${column("key_id")} = (select key_id from key_name where name = ${key}) and ${whole}`;
}
