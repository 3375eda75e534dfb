/**
 * Bodies of any length, received and sent in memory that is given back at once.
 *
 * Node allocates every chunk of a body anew, and its garbage collector frees them late and by full collections: of a body of 1 GiB
 * that was passed on, they took more time than everything else together.
 * @module
 */
import type { IncomingMessage } from "node:http";
import type { Writable } from "node:stream";

/**
 * The chunks of a body; the memory of each is gone when the next is asked for. A message that is not read to its end is left open, so
 * that a refusal can go out on the same connection.
 */
export async function* bodyOf(message: IncomingMessage): AsyncGenerator<Uint8Array> {
  for await (const chunk of message.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    yield chunk;
    giveBack(chunk);
  }
}

/**
 * Sends chunks, asking for each only when the one before is out, and ends; fails when either side does, and leaves both to the caller
 * then.
 */
export async function sendBody(chunks: AsyncIterable<Uint8Array>, to: Writable): Promise<void> {
  for await (const chunk of chunks) await sent(chunk, to);
  to.end();
}

/** The same chunks once the first of them is there: until then a failure can still be answered, later only cut off. */
export async function begun(chunks: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const rest = chunks[Symbol.asyncIterator]();
  const first = await rest.next();
  return (async function* () {
    try {
      if (first.done) return;
      yield first.value;
      yield* { [Symbol.asyncIterator]: () => rest };
    } finally {
      // Also where nobody takes more than the first of them.
      await rest.return?.();
    }
  })();
}

/** Gives the memory of a chunk back at once, which nobody may use any more; only where no other chunk shares it. */
export function giveBack({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && !buffer.detached && buffer.byteLength === byteLength) buffer.transfer(0);
}

function sent(chunk: Uint8Array, to: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    // A message that is destroyed forgets what it has not written yet, and does not say so.
    const gone = () => reject(new Error("the connection was closed before all was sent"));
    to.once("close", gone);
    to.write(chunk, (error) => {
      to.off("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
