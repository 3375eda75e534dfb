/**
 * The text of a file, piece by piece: decompressed and decoded.
 * @module
 */
import { createReadStream, type Stats } from "node:fs";
import { lstat, open, stat } from "node:fs/promises";
import { basename } from "node:path";
import { createGunzip } from "node:zlib";
import { encodingOf } from "@mintmark/columns/text-encoding";
import { AppError } from "@mintmark/errors";

/**
 * A regular file that is there: a pipe or a device may never end. One that gzip wrote says so in its name.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_MALFORMED
 */
export async function requireFile(path: string): Promise<void> {
  const refused = (problem: string) => new AppError("DATA_MALFORMED", { file: path, problem });
  const entry = await stat(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP") throw refused("it is a link that leads to itself");
    if (await isLink(path)) throw refused("it is a link to a file that is not there");
    throw new AppError("DATA_FILE_NOT_FOUND", { source: path });
  });
  if (!entry.isFile()) throw refused(`it is ${kindOf(entry)}, and only regular files are read`);
  if (!isGzip(path) && (await beginsAsGzip(path)))
    throw new AppError("DATA_MALFORMED", {
      file: basename(path),
      problem: "it is compressed by gzip, and its name does not end in .gz; rename it",
    });
}

function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (entry) => entry.isSymbolicLink(),
    () => false,
  );
}

function kindOf(entry: Stats): string {
  if (entry.isDirectory()) return "a folder";
  return entry.isFIFO() ? "a named pipe" : "a device or a socket";
}

async function beginsAsGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/**
 * A file that is there, and is whole where gzip can tell: DuckDB takes a compressed file that breaks off for its end.
 * @throws AppError DATA_FILE_NOT_FOUND, DATA_MALFORMED
 */
export async function requireWhole(path: string): Promise<void> {
  await requireFile(path);
  if (!isGzip(path)) return;
  const bytes = bytesOf(path);
  while (!(await bytes.next()).done);
}

export function isGzip(path: string): boolean {
  return /\.gz$/i.test(path);
}

/** The encoding of the file, by its beginning and by what is said of it. */
export async function encodingOfFile(path: string, said: string | null): Promise<string> {
  for await (const chunk of bytesOf(path)) return encodingOf(chunk, said);
  return encodingOf(new Uint8Array(), said);
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

/** Decompressed. */
export async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const plain = isGzip(path) ? file.pipe(createGunzip()) : file;
  file.on("error", (error) => plain.destroy(error));
  try {
    for await (const chunk of plain) yield chunk as Buffer;
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith("Z_")) throw error;
    const problem = "it ends in .gz and is not compressed by gzip, or breaks off";
    throw new AppError("DATA_MALFORMED", { file: basename(path), problem }, { cause: error });
  } finally {
    file.destroy();
  }
}
