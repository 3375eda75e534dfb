/**
 * Bodies that are kept until they can be worked on: in pieces as they came, with a limit for each and one for all together,
 * so that many at once do not fill the memory.
 * @module
 */
import type { Readable } from "node:stream";
import { AppError } from "@mintmark/errors";
import { giveBack } from "@mintmark/http-edge/body";
import { openRoom } from "@mintmark/http-edge/room";
import type { FastifyRequest } from "fastify";

export interface KeptBody {
  readonly pieces: readonly Uint8Array[];
  /** To be called when nobody uses the pieces any more: they are gone then, and others have their room. */
  readonly release: () => void;
}

/** Room for an answer that waits to be taken; to be called once it is out. */
export type ReleaseAnswer = () => void;

export interface BodyKeeper {
  /**
   * Reads a body to its end.
   * @param announced its length by its header, if that says
   * @param limit in bytes
   * @throws AppError BODY_TOO_LARGE; MESSAGE_TOO_SLOW, looked at with each piece; BODIES_TOO_MANY where there is no room beside others; the system's error where
   * the connection ends
   */
  readonly keep: (body: Readable, announced: number | undefined, limit: number) => Promise<KeptBody>;
  /**
   * Takes room for an answer, which its client may take slowly.
   * @throws AppError BODIES_TOO_MANY
   */
  readonly holdAnswer: (bytes: number) => ReleaseAnswer;
  /** What all bodies hold of the room now, in bytes. */
  readonly held: () => number;
}

export interface KeeperLimits {
  /** For all bodies together, but for the first 64 KiB of each, in bytes; one that is alone may have more. */
  readonly room: number;
  /** How long a body may take to arrive. */
  readonly arrivalMs: number;
}

/**
 * Keeps the body of a request of the framework's.
 * @throws AppError BODY_TOO_LARGE; as {@link BodyKeeper}
 */
export function keptBody(bodies: BodyKeeper, { headers }: FastifyRequest, body: Readable, limit: number) {
  const announced = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  return bodies.keep(body, announced, limit);
}

/** Of each body, beside the room: whoever fills that with large ones does not keep small ones out. */
const freeBytes = 64 * 1024;

export function bodyKeeper({ room: bytes, arrivalMs }: KeeperLimits): BodyKeeper {
  const room = openRoom(bytes);
  return {
    held: room.held,
    holdAnswer: (bytes) => {
      const { take, leave } = room.enter();
      if (bytes > freeBytes) take(bytes - freeBytes);
      return leave;
    },
    keep: async (body, announced, limit) => {
      if (announced !== undefined && announced > limit)
        throw new AppError("BODY_TOO_LARGE", { limit, seen: announced });
      let taken = 0;
      const { take, leave } = room.enter();
      try {
        const until = performance.now() + arrivalMs;
        const pieces = await piecesOf(body, (seen) => {
          if (performance.now() > until)
            throw new AppError("MESSAGE_TOO_SLOW", { bytes: seen, seconds: arrivalMs / 1000 });
          if (seen > limit) throw new AppError("BODY_TOO_LARGE", { limit, seen });
          const counted = Math.max(0, seen - freeBytes);
          if (counted > taken) take(counted - taken);
          taken = counted;
        });
        const release = () => {
          // Not left to the collector, which looks late where memory is not its own.
          for (const piece of pieces) giveBack(piece);
          leave();
        };
        return { pieces, release };
      } catch (error) {
        leave();
        throw error;
      }
    },
  };
}

/** @param seen told after each piece how much has come; what it throws ends the reading, and leaves the rest to whoever answers */
function piecesOf(body: Readable, seen: (bytes: number) => void): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const onData = (piece: Buffer) => {
      bytes += piece.length;
      try {
        seen(bytes);
        pieces.push(piece);
      } catch (error) {
        stop();
        reject(error);
      }
    };
    const onEnd = () => {
      stop();
      resolve(pieces);
    };
    const onClose = () => {
      stop();
      reject(body.errored ?? new Error("the connection ended within the body"));
    };
    const stop = () => {
      body.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose).pause();
    };
    body.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}
