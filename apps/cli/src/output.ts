/**
 * Standard output, of which nothing is lost in silence.
 * @module
 */
import { fstatSync, writeFileSync } from "node:fs";

const { stdout } = process;
let failure: NodeJS.ErrnoException | undefined;
// A reader that went away (`mintmark … | head`) is no fault.
stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") failure ??= error;
});

/** Writes to standard output. To a file all of it: Node's own stream takes a disk that is full after a part for success. */
export function print(text: string): void {
  if (isRead()) return void stdout.write(text);
  try {
    writeFileSync(stdout.fd, text);
  } catch (error) {
    failure ??= error as NodeJS.ErrnoException;
  }
}

/** Returns when all that was written has been taken, or nobody reads any more. */
export function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) return resolve();
    stream.once("close", resolve);
    stream.write("", () => resolve());
  });
}

/** Why a part of the output is missing, if one is. */
export function lostOutput(): NodeJS.ErrnoException | undefined {
  return failure;
}

/** Whether a reader takes it when it has time, as at the other end of a pipe. */
function isRead(): boolean {
  if (stdout.isTTY) return true;
  const to = fstatSync(stdout.fd);
  return to.isFIFO() || to.isSocket();
}
