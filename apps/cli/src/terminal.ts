/**
 * Progress on a terminal, and in plain lines elsewhere.
 * @module
 */
import type { WriteStream } from "node:tty";
import { AppError } from "@mintmark/errors";
import type { Progress } from "./session.ts";

/** @param silent nothing is shown: a program reads the answer */
export function terminalProgress(stream: WriteStream | NodeJS.WriteStream, silent: boolean): Progress {
  if (silent) return { line: () => {}, step: () => {}, status: () => {} };
  if (!stream.isTTY) {
    const line = (text: string) => void stream.write(`${text}\n`);
    return { line, step: line, status: () => {} };
  }
  const clear = "\r\u001b[K";
  let shown = "";
  return {
    line: (text) => {
      stream.write(`${shown === "" ? "" : clear}${text}\n${shown}`);
    },
    step: () => {},
    status: (text) => {
      const next = text.slice(0, stream.columns - 1);
      if (next !== shown) stream.write(`${clear}${next}`);
      shown = next;
    },
  };
}

/**
 * Asks on the terminal; anything but `y` or `yes` is a no.
 * @throws AppError NOT_CONFIRMED; CONFIRMATION_NEEDED where there is no terminal
 */
export async function confirm(what: string, signal: AbortSignal): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new AppError("CONFIRMATION_NEEDED", { what });
  // Loaded here, because most commands ask nothing.
  const { createInterface } = await import("node:readline/promises");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${what}? [y/N] `, { signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new AppError("NOT_CONFIRMED", { what });
  } finally {
    terminal.close();
  }
}

/** `████░░░░` of `width` characters for a share of 0 to 1. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
