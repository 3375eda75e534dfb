/**
 * One attempt of one delivery: signed, sent, and judged.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type { ReceiverRules } from "./receiver-address.ts";
import type { SecretBox } from "./secret-box.ts";
import { type Answer, type SendOptions, send } from "./send.ts";
import { deliveryHeaders } from "./signature.ts";

export interface WebhookDeps {
  readonly secrets: SecretBox;
  readonly receivers: ReceiverRules;
  /** Certificates that are trusted besides the usual ones. */
  readonly ca?: string;
}

export interface Delivery {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  /** Encrypted; null: not signed. */
  readonly secret: Uint8Array | null;
}

export interface Result {
  /** Absent if there was none. */
  readonly answer?: Answer | undefined;
  /** Why it does not count as delivered; absent if it does. */
  readonly error?: string;
}

export const attemptTimeoutMs = 10_000;

/** Never throws. Delivered is what was answered with 2xx. */
export async function attempt(
  { secrets, receivers, ca }: WebhookDeps,
  { id, url, body, secret: sealed }: Delivery,
  options: Pick<SendOptions, "timeoutMs" | "signal">,
): Promise<Result> {
  let secret: string | undefined;
  try {
    secret = sealed === null ? undefined : await secrets.open(sealed);
  } catch (error) {
    const why = error instanceof AppError ? error.reason : (error as Error).name;
    return { error: `its secret cannot be read (${why}): set it anew, or restore the registry's key directory` };
  }
  const message = { headers: deliveryHeaders({ id, body, secret }, new Date()), body };
  const { answer, error } = await send(url, message, {
    ...options,
    rules: receivers,
    ...(ca === undefined ? {} : { ca }),
  });
  if (answer === undefined) return { error };
  if (answer.status >= 200 && answer.status <= 299) return { answer };
  const said = excerpt(answer.body);
  return { answer, error: `answered ${answer.status}${said === "" ? "" : `: ${said}`}` };
}

/** One line of what a receiver says. */
function excerpt(body: string): string {
  return body
    .slice(0, 200)
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, " ")
    .trim();
}
