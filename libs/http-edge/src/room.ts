/**
 * Memory that requests share while they are read and answered.
 * @module
 */
import { AppError } from "@mintmark/errors";

export interface Room {
  readonly enter: () => Share;
  /** What all hold now, in bytes. */
  readonly held: () => number;
}

/** What one request holds of a room. */
export interface Share {
  /**
   * Takes so many bytes more; nothing once it has left.
   * @throws AppError `BODIES_TOO_MANY` where others leave no room for them
   */
  readonly take: (bytes: number) => void;
  /** Gives back all that it took. May be called again. */
  readonly leave: () => void;
}

/** @param room in bytes; a request that is alone may have more */
export function openRoom(room: number): Room {
  let held = 0;
  return {
    held: () => held,
    enter: () => {
      let own = 0;
      let hasLeft = false;
      return {
        take: (bytes) => {
          if (hasLeft) return;
          if (held > own && held + bytes > room) throw new AppError("BODIES_TOO_MANY", { room, held });
          held += bytes;
          own += bytes;
        },
        leave: () => {
          hasLeft = true;
          held -= own;
          own = 0;
        },
      };
    },
  };
}
