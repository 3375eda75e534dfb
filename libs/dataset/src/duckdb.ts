/**
 * DuckDB as a reader: in memory, without extensions from outside, and closed before SQL of the user runs.
 * @module
 */
import { availableParallelism } from "node:os";
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance } from "@duckdb/node-api";
import { makeScratch } from "@mintmark/scratch/scratch";

export interface Reader {
  readonly connection: DuckDBConnection;
  /** A folder of its own, removed at the end: where DuckDB spills, and for files in another form. */
  readonly scratch: string;
  readonly close: () => Promise<void>;
}

/** DuckDB with nothing in it; to be closed. */
export async function openReader(): Promise<Reader> {
  const scratch = makeScratch("duckdb");
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(Math.min(4, availableParallelism())),
    // Files are read by several threads, and yet in their order: the same bytes give the same table.
    preserve_insertion_order: "true",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
    temp_directory: scratch.path,
  });
  const connection = await instance.connect();
  // What a time with a zone is as a day, or as a text, must not follow the zone of the machine.
  await connection.run("SET TimeZone = 'UTC'");
  return {
    connection,
    scratch: scratch.path,
    close: async () => {
      connection.closeSync();
      instance.closeSync();
      await scratch.remove();
    },
  };
}

/** Gives a reader to `work`, and closes it afterwards. */
export async function withReader<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
  const reader = await openReader();
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

/** Each chunk of the result, in order. */
export async function* chunksOf(connection: DuckDBConnection, sql: string): AsyncGenerator<DuckDBDataChunk> {
  const result = await connection.stream(sql);
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk())
    yield chunk;
}

/** A text of SQL. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as DuckDB takes it literally: it would take `[`, `*` and `?` for a pattern. */
export function pathLiteral(path: string): string {
  return literal(path.replace(/[[*?]/g, "[$&]"));
}

/**
 * An expression of texts, as they are. The client's decoder takes a U+FEFF at the beginning of each text for a byte-order
 * mark and removes it; of two it removes one.
 */
export function wholeText(expression: string): string {
  return `CASE WHEN starts_with(${expression}, chr(65279)) THEN chr(65279) || ${expression} ELSE ${expression} END`;
}

/** A name of SQL, whatever stands in it. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The lines of DuckDB's message that say what and where, without its hints about options that are not the user's to set. */
export function summaryOf(error: Error): string {
  const message = error.message.split(/\n+(?:LINE \d+:|Possible fixes:|Possible Solution|\s+file = )/)[0]!;
  // The line itself may be as long as a file.
  const lines = message.split("\n").map((line) => line.trim().slice(0, 200));
  return lines
    .filter((line) => line !== "")
    .slice(0, 5)
    .join("; ")
    .slice(0, 500);
}
