/**
 * Whether the system of a data directory is ready, asked of itself.
 * @module
 */
import * as http from "node:http";
import * as https from "node:https";
import { text } from "node:stream/consumers";

export interface ReadyAnswer {
  readonly isReady: boolean;
  readonly text: string;
  /** Its clock, as the header `Date` has it. */
  readonly date: string | undefined;
}

/**
 * @param url as `up` wrote it: the address may be one that only listeners have (0.0.0.0), which no certificate names. Nothing secret
 * is sent, and the system is one's own, so the certificate is not looked at.
 * @throws the system's error if nothing answers; the reason of `signal`
 */
export function askReady(url: string, signal: AbortSignal): Promise<ReadyAnswer> {
  const { request } = url.startsWith("https:") ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/ready`, { signal, rejectUnauthorized: false, agent: false }, (answer) => {
      const { statusCode = 0, headers } = answer;
      text(answer).then(
        (body) => resolve({ isReady: statusCode >= 200 && statusCode < 300, text: body, date: headers.date }),
        reject,
      );
    });
    asked.on("error", reject);
    asked.end();
  });
}
