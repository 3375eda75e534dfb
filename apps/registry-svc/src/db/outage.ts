/**
 * Tells a database that is away, or is just coming back, from a statement that failed.
 * @module
 */

/** Whether the same call may succeed once the database can be reached again. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return outageClasses.has(code.slice(0, 2)) || outageCodes.has(code);
  // pg gives these no code.
  return error.message.startsWith("Connection terminated") || error.message.startsWith("timeout exceeded when trying");
}

/** SQLSTATE classes: 08 connection exceptions, 53 out of connections or memory, 57 shut down by the operator. */
const outageClasses = new Set(["08", "53", "57"]);
const outageCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "ETIMEDOUT"]);
