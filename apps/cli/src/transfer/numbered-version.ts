/**
 * The version that another one is a copy of, as the source of the copy names it.
 * @module
 */
import { tryParseModelUri } from "@mintmark/names/model-uri";

/** Of `models:/NAME/3`, which MLflow writes with any number of slashes; `undefined` of any other source. */
export function numberedVersion(source: string): { readonly name: string; readonly number: number } | undefined {
  if (!source.startsWith("models:/")) return undefined;
  const uri = tryParseModelUri(source.replace(/^models:\/+/, "models:/"));
  return uri?.kind === "number" ? { name: uri.name.written, number: uri.number } : undefined;
}
