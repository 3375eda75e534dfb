/**
 * Texts that are cheap to make and dear to read: what a parser that goes back, or starts again, or calls itself, is broken by.
 * @module
 */

/** So much of a unit as has about so many characters, between two ends. */
export function repeated(unit: string, begin = "", end = ""): (size: number) => string {
  return (size) => begin + unit.repeat(Math.ceil(size / unit.length)) + end;
}

/** So many different parts as have about so many characters together. */
export function numbered(
  part: (index: number) => string,
  separator: string,
  begin = "",
  end = "",
): (size: number) => string {
  return (size) => {
    const parts: string[] = [];
    for (let length = 0; length < size; length += parts.at(-1)!.length + separator.length)
      parts.push(part(parts.length));
    return begin + parts.join(separator) + end;
  };
}

/** Opened and closed so often. */
export function nested(open: string, close: string, core = "1"): (size: number) => string {
  return (size) => {
    const depth = Math.ceil(size / (open.length + close.length));
    return open.repeat(depth) + core + close.repeat(depth);
  };
}

type Shapes = Readonly<Record<string, (size: number) => string>>;

/** Of any text: runs of everything that some grammar has a meaning for. */
export const textShapes: Shapes = {
  ...Object.fromEntries(
    [
      '"',
      "'",
      "`",
      "\\",
      '\\"',
      '""',
      "'\\",
      " ",
      "\t",
      "\n",
      "\r\n",
      ",",
      ";",
      "(",
      ")",
      "[",
      "{",
      "<",
      "-",
      "_",
      ".",
      ":",
      "/",
      "%",
      "=",
      "&",
      "#",
      "*",
      "0",
      "1e",
      "a",
      "A ",
      "a.",
      "a,",
      "é",
      "\u{1F600}",
      "\0",
      "../",
      "- ",
      "? ",
    ].map((unit) => [JSON.stringify(unit), repeated(unit)]),
  ),
  "quote, then blanks": repeated(" ", '"'),
  "quote, then backslashes": repeated("\\", '"'),
  "blanks, then a letter": repeated(" ", "", "x"),
  "letters, blanks, letters": (size) => `a${" ".repeat(size)}a`,
};

/** Of JSON, right and nearly right. */
export const jsonShapes: Shapes = {
  "lists in lists": nested("[", "]"),
  "objects in objects": nested('{"a":', "}"),
  "lists in lists, open": repeated("["),
  "objects in objects, open": repeated('{"a":'),
  "many keys": numbered((index) => `"k${index}":${index}`, ",", "{", "}"),
  "one key again and again": repeated('"a":1,', "{", '"a":1}'),
  "many empty objects": repeated("{},", "[", "{}]"),
  "many empty lists": repeated("[],", "[", "[]]"),
  "many numbers": repeated("1,", "[", "1]"),
  "one long number": repeated("9", "", ""),
  "long numbers": repeated("123456789012345678901234567890,", "[", "1]"),
  "one long text": repeated("a", '"', '"'),
  "escaped quotes": repeated('\\"', '"', '"'),
  "escaped quotes, open": repeated('\\"', '{"inputs":NaN,"'),
  escapes: repeated("\\u0041", '"', '"'),
  blanks: repeated(" ", "[", "]"),
  "texts and blanks": repeated('"a"   ,', "[", '"a"]'),
  "long common beginnings": numbered((index) => `"${"k".repeat(100)}${index}":1`, ",", "{", "}"),
};

/** Of YAML. */
export const yamlShapes: Shapes = {
  "flow lists in lists": nested("[", "]"),
  "flow maps in maps": nested("{a: ", "}"),
  "lists in lists, open": repeated("["),
  "many keys": numbered((index) => `k${index}: ${index}`, "\n"),
  "many list items": repeated("- a\n"),
  "lists in lists by dashes": repeated("- "),
  "deeper and deeper": (size) => {
    const depth = Math.floor(Math.sqrt(size * 2));
    return Array.from({ length: depth }, (_, level) => `${" ".repeat(level)}a:`).join("\n");
  },
  "aliases of aliases": (size) => {
    const levels = Math.ceil(size / 60);
    const lines = ["a0: &a0 [x]"];
    for (let at = 1; at < levels; at++)
      lines.push(
        `a${at}: &a${at} [${Array(9)
          .fill(`*a${at - 1}`)
          .join(",")}]`,
      );
    return lines.join("\n");
  },
  "many anchors": numbered((index) => `k${index}: &a${index} v`, "\n"),
  "merge keys": (size) => `b: &b {x: 1}\n${numbered((index) => `k${index}:\n  <<: *b`, "\n")(size)}`,
  "a long text in quotes": repeated("a ", 'k: "', '"'),
  "a block of text": repeated("  line\n", "k: |\n"),
  comments: repeated("# c\n"),
  documents: repeated("---\n"),
  tags: numbered((index) => `k${index}: !t${index} v`, "\n"),
};
