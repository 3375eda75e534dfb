/**
 * One request of MLflow's scoring protocol to the gateway.
 * @module
 */
import { AppError } from "@mintmark/errors";
import { unreachable } from "../failure.ts";
import type { Session } from "../session.ts";
import type { Row } from "./rows.ts";

/** @throws AppError SERVER_UNREACHABLE, or of the refused prediction with the gateway's own message */
export async function invoke({ server, token, signal }: Session, uri: string, body: unknown): Promise<readonly Row[]> {
  const address = `${server.replace(/\/$/, "")}/serve/${encodeURIComponent(uri.replace(/^models:\//, ""))}/invocations`;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { "content-type": "application/json", ...authorization };
  const response = await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal }).catch(
    (error: Error) => {
      if (signal.aborted) throw error;
      const cause = (error.cause as Error | undefined)?.message ?? error.message;
      throw unreachable(server, cause);
    },
  );
  const text = await response.text();
  if (!response.ok) throw refused(response.status, text);
  return (JSON.parse(text) as { predictions: readonly Row[] }).predictions;
}

function refused(status: number, text: string): AppError {
  const message = messageIn(text) ?? `${text.slice(0, 200)} (HTTP ${status})`;
  if (status === 404) return new AppError("PREDICTION_NOT_FOUND", { message });
  if (status === 401 || status === 403) return new AppError("PREDICTION_DENIED", { message });
  if (status === 429 || status >= 500) return new AppError("PREDICTION_UNAVAILABLE", { message });
  return new AppError("PREDICTION_REFUSED", { message });
}

function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return undefined;
  }
}
