/**
 * Which reader a file needs, told by its name.
 * @module
 */
import { AppError } from "@mintmark/errors";

export type Format = "csv" | "parquet" | "json";

const extensions: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "csv",
  parquet: "parquet",
  json: "json",
  jsonl: "json",
  ndjson: "json",
};

/** @throws AppError DATA_FORMAT_UNKNOWN if the name ends in none of `.csv .tsv .parquet .json .jsonl .ndjson`, also with `.gz`. */
export function formatOf(name: string): Format {
  const plain = name.toLowerCase().replace(/\.gz$/, "");
  const format = extensions[plain.slice(plain.lastIndexOf(".") + 1)];
  // Parquet compresses its pages itself.
  if (format === undefined || (format === "parquet" && plain !== name.toLowerCase()))
    throw new AppError("DATA_FORMAT_UNKNOWN", { file: name });
  return format;
}
