/**
 * Memory that all messages share while they are read and answered.
 * @module
 */
import { AppError } from "@mintmark/errors";

export interface Room {
  /** For one message, until `signal` is aborted. Each call takes so many bytes more; it throws AppError `BODIES_TOO_MANY`. */
  readonly holder: (signal: AbortSignal) => (bytes: number) => void;
}

/** @param room in bytes; a message that is alone may have more */
export function openRoom(room: number): Room {
  let held = 0;
  return {
    holder: (signal) => {
      let own = 0;
      signal.addEventListener("abort", () => {
        held -= own;
        own = 0;
      });
      return (bytes) => {
        // Whoever has gone gives nothing back any more.
        if (signal.aborted) return;
        if (held > own && held + bytes > room) throw new AppError("BODIES_TOO_MANY", { room, held });
        held += bytes;
        own += bytes;
      };
    },
  };
}
