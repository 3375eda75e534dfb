/**
 * What a person sees of an answer: how wide it may be, and whether in colours.
 * @module
 */
import { styleText } from "node:util";

export interface View {
  /** Columns of the terminal; undefined where there is none, and nothing is cut. */
  readonly width: number | undefined;
  /** `--wide`: everything, as long as it is. */
  readonly wide: boolean;
  /** Whether the terminal has colours, and `NO_COLOR` does not forbid them. */
  readonly colour: boolean;
}

/** What a stream shows. */
export function viewOf(stream: NodeJS.WriteStream, wide: boolean): View {
  if (!stream.isTTY) return { width: undefined, wide, colour: false };
  // Knows NO_COLOR, FORCE_COLOR and TERM.
  return { width: stream.columns, wide, colour: stream.hasColors() };
}

/** Text of others without what moves a terminal's cursor, clears it, or names its window; line breaks and tabs stay. */
export function printable(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, "\u{fffd}");
}

export type Style = "heading" | "good" | "bad" | "uncertain" | "aside";

const formats = {
  heading: "bold",
  good: "green",
  bad: "red",
  uncertain: "yellow",
  aside: "gray",
} as const satisfies Record<Style, Parameters<typeof styleText>[0]>;

/** A text in a style, where the view has colours. */
export function styled(text: string, style: Style | undefined, { colour }: View): string {
  return colour && style !== undefined ? styleText(formats[style], text, { validateStream: false }) : text;
}
