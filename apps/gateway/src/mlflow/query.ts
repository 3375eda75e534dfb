/**
 * The parameters in a URL, where no framework has read them.
 * @module
 */
import { parse } from "node:querystring";
import { MlflowError } from "./mlflow-error.ts";

/**
 * By name; a list where a name is there several times.
 * @throws MlflowError for bytes that are not UTF-8: with others in their place, they could name something that is there
 */
export function readQuery(url: string): Record<string, string | readonly string[]> {
  const at = url.indexOf("?");
  const query = at === -1 ? "" : url.slice(at + 1);
  const parameters = { ...(parse(query) as Record<string, string | string[]>) };
  if (Object.values(parameters).flat().some(isReplaced) && !isUnicode(query))
    throw new MlflowError("INVALID_PARAMETER_VALUE", "The query string is not valid Unicode: it is not UTF-8.");
  return parameters;
}

function isReplaced(value: string): boolean {
  return value.includes("\uFFFD");
}

function isUnicode(query: string): boolean {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
}
