/**
 * Text that Markdown shows as it is.
 * @module
 */

/**
 * Escapes what begins markup or HTML anywhere, and makes one line of it, so that it may stand in a heading or a table
 * cell. ASCII punctuation may always be escaped (CommonMark §2.4); what is harmless stays readable.
 */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/[\p{Cc}\u2028\u2029]+/gu, " ")
      .trim()
      .replace(/[\\`*_[\]<>#|~&$@]/g, "\\$&")
      // At the start of a line these make lists, and a number with a dot or parenthesis as well.
      .replace(/^([-+=])/, "\\$1")
      .replace(/^(\d+)([.)])(?=\s|$)/, "$1\\$2")
      // GitHub makes a link of these anywhere.
      .replace(/:(?=\/\/)/g, "\\:")
      .replace(/(?<=www)\./gi, "\\.")
  );
}
