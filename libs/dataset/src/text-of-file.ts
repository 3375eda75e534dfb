/**
 * The text of a file, piece by piece: decompressed and decoded.
 * @module
 */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { AppError } from "@mintmark/errors";

/**
 * A file that is there, and is whole where gzip can tell: DuckDB takes a compressed file that breaks off for its end.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_MALFORMED
 */
export async function requireFile(path: string): Promise<void> {
  await access(path).catch(() => {
    throw new AppError("DATA_FILE_NOT_FOUND", { source: path });
  });
  if (!isGzip(path)) return;
  const bytes = bytesOf(path);
  while (!(await bytes.next()).done);
}

function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}

/** The encoding that is said, else UTF-16 where a byte-order mark says so, else UTF-8. */
export async function encodingOf(path: string, said: string | null): Promise<string> {
  if (said !== null) return new TextDecoder(said).encoding;
  for await (const chunk of bytesOf(path)) {
    const [first, second] = chunk;
    if (first === 0xff && second === 0xfe) return "utf-16le";
    if (first === 0xfe && second === 0xff) return "utf-16be";
    break;
  }
  return "utf-8";
}

/** Whether the file begins with the byte-order mark of UTF-8. */
export async function beginsWithMark(path: string): Promise<boolean> {
  for await (const chunk of bytesOf(path)) {
    const [first, second, third] = chunk;
    return first === 0xef && second === 0xbb && third === 0xbf;
  }
  return false;
}

/** @throws AppError DATA_MALFORMED if the bytes are not of the encoding, or do not decompress */
export async function* textOfFile(path: string, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw new AppError(
        "DATA_MALFORMED",
        { file: basename(path), problem: notOfEncoding(encoding) },
        { cause: error },
      );
    }
  };
  for await (const bytes of bytesOf(path)) yield decode(bytes);
  yield decode();
}

/** What to say of a file whose bytes are not of the encoding. */
export function notOfEncoding(encoding: string): string {
  return `it is not written in ${encoding}; say how it is with data.encoding, such as latin1`;
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const plain = isGzip(path) ? file.pipe(createGunzip()) : file;
  file.on("error", (error) => plain.destroy(error));
  try {
    for await (const chunk of plain) yield chunk as Uint8Array;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith("Z_")) throw error;
    const problem = "it ends in .gz and is not compressed by gzip, or breaks off";
    throw new AppError("DATA_MALFORMED", { file: basename(path), problem }, { cause: error });
  } finally {
    file.destroy();
  }
}
