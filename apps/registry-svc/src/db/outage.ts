/**
 * Tells a database that is away, or is just coming back, from a statement that failed.
 * @module
 */

/** Whether the same call may succeed once the database can be reached again. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  if (code === protocolViolation) return false;
  // With it the server ends the connection, or lets nobody in.
  if (severity === "FATAL") return true;
  if (typeof code === "string") return outageCodes.has(code) || outageClasses.test(code);
  // pg gives these no code.
  return codeless.test(error.message);
}

/** Whether the database gave a statement up because it took too long: it would again. */
export function isStatementTimeout(error: unknown): boolean {
  return error instanceof Error && (error as { code?: unknown }).code === "57014";
}

/** SQLSTATEs: 08 connection exceptions, 53 out of connections or memory, 57P shut down by the operator or starting up. */
const outageClasses = /^(08|53|57P)/;
/** A message that Postgres does not take, such as one with too many parameters: it would not take it again. */
const protocolViolation = "08P01";
const codeless = /^(Connection terminated|timeout exceeded when trying|Client has encountered a connection error)/;
const outageCodes = new Set(["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "EPIPE", "ETIMEDOUT"]);
