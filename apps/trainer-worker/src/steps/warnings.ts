/**
 * What a person should know of a training that went well all the same, as a list that run, card and terminal can show.
 * @module
 */

/** The run's tag that keeps them, as a JSON array of sentences. */
export const warningsTag = "mintmark.warnings";

const mostWarnings = 50;
const mostCharacters = 1_000;
/** Of the JSON, of which a run takes 100,000 characters as a tag. */
const mostJson = 50_000;

/** Each once, in their order, as many as can be read; how many more there are stands at the end, and all of them in the job's log. */
export function listWarnings(warnings: readonly string[]): readonly string[] {
  const different = [...new Set(warnings)];
  const listed: string[] = [];
  let length = 0;
  for (const warning of different.slice(0, mostWarnings)) {
    const sentence = shortened(warning);
    length += JSON.stringify(sentence).length + 1;
    if (length > mostJson) break;
    listed.push(sentence);
  }
  const more = different.length - listed.length;
  return more > 0 ? [...listed, `and ${more} more; the job's log has them all`] : listed;
}

/** Of column names and cells anything can be part: what no text may hold is replaced. */
function shortened(warning: string): string {
  const text = warning.length > mostCharacters ? `${warning.slice(0, mostCharacters - 1)}…` : warning;
  return text.toWellFormed().replaceAll("\0", "\ufffd");
}
