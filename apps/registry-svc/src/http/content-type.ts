/**
 * The media type of a file, by its name.
 * @module
 */

/** `application/octet-stream` for what is not known. */
export function contentType(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  // The file that makes a folder a model, and those like it.
  if (name === "MLmodel" || name === "Dockerfile" || name === "LICENSE") return "text/plain";
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return types.get(extension) ?? "application/octet-stream";
}

const types: ReadonlyMap<string, string> = new Map([
  ...["txt", "log", "err", "py", "js", "ts", "yaml", "yml", "toml", "cfg", "ini", "sh", "r", "sql"].map(plain),
  ["md", "text/markdown"],
  ["csv", "text/csv"],
  ["tsv", "text/tab-separated-values"],
  ["html", "text/html"],
  ["htm", "text/html"],
  ["json", "application/json"],
  ["xml", "application/xml"],
  ["pdf", "application/pdf"],
  ["png", "image/png"],
  ["jpg", "image/jpeg"],
  ["jpeg", "image/jpeg"],
  ["gif", "image/gif"],
  ["webp", "image/webp"],
  ["svg", "image/svg+xml"],
  ["parquet", "application/vnd.apache.parquet"],
  ["zip", "application/zip"],
  ["gz", "application/gzip"],
]);

function plain(extension: string): [string, string] {
  return [extension, "text/plain"];
}
