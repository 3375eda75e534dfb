/**
 * Progress on a terminal, and in plain lines elsewhere.
 * @module
 */
import type { WriteStream } from "node:tty";
import type { Progress } from "./session.ts";

/** @param silent nothing is shown: a program reads the answer */
export function terminalProgress(stream: WriteStream | NodeJS.WriteStream, silent: boolean): Progress {
  if (silent) return { line: () => {}, status: () => {} };
  if (!stream.isTTY) return { line: (text) => void stream.write(`${text}\n`), status: () => {} };
  const clear = "\r\u001b[K";
  let shown = "";
  return {
    line: (text) => {
      stream.write(`${shown === "" ? "" : clear}${text}\n${shown}`);
    },
    status: (text) => {
      const next = text.slice(0, stream.columns - 1);
      if (next !== shown) stream.write(`${clear}${next}`);
      shown = next;
    },
  };
}

/** `████░░░░` of `width` characters for a share of 0 to 1. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
