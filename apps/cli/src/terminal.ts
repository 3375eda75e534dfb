/**
 * Progress on a terminal, and in plain lines elsewhere.
 * @module
 */
import type { WriteStream } from "node:tty";
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

/** `████░░░░` of `width` characters for a share of 0 to 1. */
export function bar(share: number, width = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(width - full);
}
