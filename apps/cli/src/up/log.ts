/**
 * What the programs write: kept in `DIR/logs`, and shown on stderr as far as a person wants to see it.
 * @module
 */
import { appendFileSync, existsSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

export interface Log {
  /** A line of the supervisor itself. */
  readonly note: (level: "info" | "warn" | "error", text: string) => void;
  /** Takes over the output of a program, line by line. */
  readonly follow: (program: string, stream: Readable) => void;
  /** Shows what programs have said so far, and from now on. Before, a person hears of a start only how it ended. */
  readonly show: () => void;
}

/** pino's numbers. */
const levels: Readonly<Record<string, number>> = { info: 30, warn: 40, error: 50 };
/** A log file begins anew at this size; the one before is kept as `NAME.log.1`. */
const maxBytes = 10 * 2 ** 20;

/**
 * @param json every line as JSON, for machines; else what deserves attention, for people
 * @param write where lines go, `process.stderr.write` as a rule
 */
export function openLog(dir: string, json: boolean, write: (line: string) => void): Log {
  const note: Log["note"] = (level, text) => {
    const entry = { level: levels[level], time: Date.now(), app: "up", msg: text };
    keep(dir, "up", JSON.stringify(entry));
    write(json ? `${JSON.stringify(entry)}\n` : `mintmark: ${text}\n`);
  };
  let held: string[] | undefined = json ? undefined : [];
  const say = (line: string) => (held === undefined ? write(line) : void held.push(line));
  const show = () => {
    const lines = held ?? [];
    held = undefined;
    lines.forEach(write);
  };
  const follow: Log["follow"] = (program, stream) => {
    stream.on("error", () => {});
    createInterface({ input: stream }).on("line", (line) => {
      keep(dir, program, line);
      const entry = logEntry(line);
      if (json)
        write(`${JSON.stringify({ ...(entry ?? { level: 30, time: Date.now(), msg: line }), app: program })}\n`);
      else if (entry !== undefined && Number(entry["level"]) >= 40) say(`${program}: ${String(entry["msg"])}\n`);
    });
  };
  return { note, follow, show };
}

function keep(dir: string, program: string, line: string): void {
  const path = join(dir, `${program}.log`);
  try {
    if (existsSync(path) && statSync(path).size > maxBytes) renameSync(path, `${path}.1`);
    appendFileSync(path, `${line}\n`);
  } catch {
    // A full disk must not stop the programs; they report it themselves.
  }
}

/** A line that a program wrote as JSON. */
export function logEntry(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
