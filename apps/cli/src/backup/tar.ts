/**
 * Tar archives, as far as backups and exports need them: regular files with short names, written and read as streams. What is
 * read has to be exactly what would be written here, so that there are no links, devices or hidden names to be careful with,
 * and no bit that could change without notice.
 *
 * Source: POSIX.1-1988 ustar; sizes of 8 GiB and more in GNU's base-256 form.
 * @module
 */
import { MalformedError } from "@mintmark/crypto/malformed-error";

export interface TarEntry {
  /** At most 100 bytes. */
  readonly name: string;
  readonly size: number;
}

const blockBytes = 512;
const largestOctal = 8 ** 11;

/** The header of a file; its bytes follow, then {@link padding}. Files are readable by their owner alone. */
export function header({ name, size }: TarEntry): Buffer {
  const block = Buffer.alloc(blockBytes);
  if (Buffer.byteLength(name) > 100) throw new Error(`"name" expected at most 100 bytes, got ${name}`);
  block.write(name, 0);
  block.write("0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  if (size < largestOctal) block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write("00000000000\0", 136);
  block.write("0", 156);
  block.write("ustar\u000000", 257);
  block.write(`${checksum(block).toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** What fills the last block of a file of `size` bytes. */
export function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

/** What ends an archive. */
export const trailer = Buffer.alloc(2 * blockBytes);

export interface TarFile extends TarEntry {
  /** The bytes; to be read to their end before the next file. */
  readonly content: AsyncIterable<Buffer>;
}

/**
 * The files of an archive, in its order.
 * @throws MalformedError if the bytes are no archive, or end too early
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const reader = blockReader(source);
  while (true) {
    const block = await reader.take(blockBytes);
    if (block === undefined) throw new MalformedError("it ends before its last entry");
    if (isEmpty(block)) {
      const end = await reader.take(blockBytes);
      if (end === undefined || !isEmpty(end) || (await reader.some(1)) !== undefined)
        throw new MalformedError("it does not end where its last entry does");
      return;
    }
    const entry = parseHeader(block);
    let left = entry.size;
    const content = (async function* () {
      while (left > 0) {
        const chunk = await reader.some(left);
        if (chunk === undefined) throw new MalformedError(`it ends within ${entry.name}`);
        left -= chunk.length;
        yield chunk;
      }
    })();
    yield { ...entry, content };
    if (left > 0) throw new Error(`"content" of ${entry.name} expected to be read to its end`);
    if (!isEmpty((await reader.take(padding(entry.size).length)) ?? Buffer.of(1)))
      throw new MalformedError(`it is damaged after ${entry.name}`);
  }
}

function isEmpty(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function parseHeader(block: Buffer): TarEntry {
  const name = block.toString("utf8", 0, 100).replace(/\0.*$/s, "");
  const size =
    block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : Number.parseInt(block.toString("latin1", 124, 135), 8);
  // A name may end at the 100th byte, but no character of it behind.
  const isOurs =
    Number.isSafeInteger(size) && size >= 0 && Buffer.byteLength(name) <= 100 && header({ name, size }).equals(block);
  if (!isOurs) throw new MalformedError("it is no archive of Mintmark, or damaged");
  return { name, size };
}

/** The sum of the bytes, with the checksum's own field taken as spaces. */
function checksum(block: Buffer): number {
  return block.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0);
}

function blockReader(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  /** At least one byte and at most `most`, or undefined at the end. */
  const some = async (most: number): Promise<Buffer | undefined> => {
    while (rest.length === 0) {
      const { done, value } = await chunks.next();
      if (done === true) return undefined;
      rest = Buffer.from(value.buffer, value.byteOffset, value.length);
    }
    const part = rest.subarray(0, most);
    rest = rest.subarray(part.length);
    return part;
  };
  /** Exactly `count` bytes, or undefined if there are fewer. */
  const take = async (count: number): Promise<Buffer | undefined> => {
    const parts: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const part = await some(left);
      if (part === undefined) return undefined;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  };
  return { some, take };
}
