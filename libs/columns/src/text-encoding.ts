/**
 * How the text of data is encoded: one rule for files, and for bodies of requests.
 * @module
 */

/**
 * The encoding: of a byte-order mark, which no text begins with by chance, else the one that is said, else UTF-8.
 * @param beginning of the bytes, three or more if there are as many
 * @param said by the training file, the model or the request; null or undefined if none of them says
 */
export function encodingOf(beginning: Uint8Array, said: string | null | undefined): string {
  const marked = marks.find(({ bytes }) => bytes.every((byte, at) => beginning[at] === byte));
  return marked?.encoding ?? (said == null ? "utf-8" : new TextDecoder(said).encoding);
}

const marks: readonly { readonly encoding: string; readonly bytes: readonly number[] }[] = [
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];
