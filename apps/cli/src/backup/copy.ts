/**
 * Postgres COPY as streams, over the connection of `pg`.
 * @module
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import type pg from "pg";

type Connection = pg.Connection;

/** What `pg` calls while a statement of its caller's own kind is under way. */
interface Statement {
  readonly submit: (connection: Connection) => void;
  readonly handleError: (error: Error) => void;
  readonly handleReadyForQuery: () => void;
  readonly handleCommandComplete: () => void;
  readonly handleCopyData?: (message: { chunk: Buffer }, connection: Connection) => void;
  readonly handleCopyInResponse?: (connection: Connection) => void;
}

/** The bytes of `COPY … TO STDOUT`; a slow reader slows the server down. */
export function copyOut(client: pg.Client, sql: string): Readable {
  let connection: Connection | undefined;
  const out = new Readable({ read: () => void connection?.stream.resume() });
  const statement: Statement = {
    submit: (on) => {
      connection = on;
      on.query(sql);
    },
    handleCopyData: ({ chunk }, on) => {
      // Copied, because the protocol reads its next message into the same memory.
      if (!out.push(Buffer.from(chunk))) on.stream.pause();
    },
    handleCommandComplete: () => {},
    handleReadyForQuery: () => void out.push(null),
    handleError: (error) => void out.destroy(error),
  };
  client.query(statement);
  return out;
}

/** Runs `COPY … FROM STDIN` on the bytes. */
export function copyIn(client: pg.Client, sql: string, source: AsyncIterable<Buffer>): Promise<void> {
  return new Promise((done, fail) => {
    let failure: Error | undefined;
    const statement: Statement = {
      // Whatever this returned would be taken for an error.
      submit: (connection) => {
        connection.query(sql);
      },
      handleCopyInResponse: (connection) =>
        void pump(source, connection).catch((error: Error) => {
          failure = error;
          // As `endCopyFrom`, but the server forgets what came so far.
          (connection as Connection & { sendCopyFail(message: string): void }).sendCopyFail(error.message);
        }),
      handleCommandComplete: () => {},
      handleReadyForQuery: done,
      // The end of a statement that failed; what made the source fail says more than what the server says then.
      handleError: (error) => fail(failure ?? error),
    };
    client.query(statement);
  });
}

async function pump(source: AsyncIterable<Buffer>, connection: Connection): Promise<void> {
  const sending = connection as Connection & { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void };
  for await (const chunk of source) {
    sending.sendCopyFromChunk(chunk);
    if (connection.stream.writableNeedDrain) await once(connection.stream, "drain");
  }
  sending.endCopyFrom();
}
