/**
 * The headers by which a receiver knows a delivery: its id, when it was sent, and that it comes from who knows the secret.
 * @module
 */
import { createHmac } from "node:crypto";

export interface Signed {
  readonly id: string;
  readonly body: string;
  /** Not signed without one. */
  readonly secret: string | undefined;
}

/** MLflow's form: HMAC-SHA256 over `id.timestamp.body`, where the timestamp is in seconds. */
export function deliveryHeaders({ id, body, secret }: Signed, now: Date): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1000));
  const headers = { "content-type": "application/json", "x-mlflow-delivery-id": id, "x-mlflow-timestamp": timestamp };
  if (secret === undefined) return headers;
  const signature = createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { ...headers, "x-mlflow-signature": `v1,${signature}` };
}
