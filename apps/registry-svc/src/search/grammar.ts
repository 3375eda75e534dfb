/**
 * The grammar of searches, that of MLflow's clients: clauses `FIELD COMPARATOR VALUE` joined by AND, and orders
 * `FIELD [ASC|DESC]`. Which fields there are, and what they may be compared with, is no matter of grammar: see `fields.ts`.
 * @module
 */
import { EmbeddedActionsParser, EOF, type IParserErrorMessageProvider, type IToken, type TokenType } from "chevrotain";
import {
  and,
  ascending,
  close,
  comma,
  comparison,
  descending,
  doubleQuoted,
  field,
  ilike,
  inList,
  is,
  lexer,
  like,
  not,
  nothing,
  number,
  open,
  singleQuoted,
  tokens,
} from "./tokens.ts";

export type Comparator =
  | ("=" | "!=" | "<" | "<=" | ">" | ">=")
  | ("LIKE" | "ILIKE")
  | ("IN" | "NOT IN")
  | ("IS NULL" | "IS NOT NULL");

/** Where something begins, in characters from the start of the text. */
interface Placed {
  readonly at: number;
}

/** The left side of a clause: `tags.team` is the key `team` of the entity `tags`. */
export interface FieldName extends Placed {
  /** Absent for a bare attribute. */
  readonly entity?: string;
  readonly key: string;
}

export interface Literal extends Placed {
  readonly type: "text" | "number";
  /** As it was written, without quotes. */
  readonly text: string;
}

export interface Clause extends Placed {
  readonly field: FieldName;
  readonly comparator: Comparator;
  /** One; for lists one or more; for NULL none. */
  readonly values: readonly Literal[];
}

/** What a clause says of its field. */
type Said = Omit<Clause, "field">;

export interface OrderItem {
  readonly field: FieldName;
  readonly descending: boolean;
}

/** What is wrong with a text, and where. */
export interface Problem extends Placed {
  readonly problem: string;
}

/** The clauses of a filter; none if it is blank. */
export function parseFilter(text: string): readonly Clause[] | Problem {
  return text.trim() === "" ? [] : parse(text, "filter");
}

export function parseOrderItem(text: string): OrderItem | Problem {
  return parse(text, "orderItem");
}

class SearchParser extends EmbeddedActionsParser {
  constructor() {
    super(tokens, { errorMessageProvider: messages });
    this.performSelfAnalysis();
  }

  readonly filter = this.RULE("filter", (): readonly Clause[] => {
    const clauses = [this.SUBRULE1(this.#clause)];
    this.MANY(() => {
      this.CONSUME(and);
      clauses.push(this.SUBRULE2(this.#clause));
    });
    return clauses;
  });

  readonly orderItem = this.RULE("orderItem", (): OrderItem => {
    const field = this.SUBRULE(this.#field);
    let direction = ascending;
    this.OPTION(() => {
      direction = this.OR([
        { ALT: () => this.CONSUME(ascending).tokenType },
        { ALT: () => this.CONSUME(descending).tokenType },
      ]);
    });
    return { field, descending: direction === descending };
  });

  readonly #clause = this.RULE("clause", (): Clause => {
    const field = this.SUBRULE(this.#field);
    return { field, ...this.SUBRULE(this.#condition) };
  });

  readonly #field = this.RULE("field", (): FieldName => {
    return this.OR([
      { ALT: () => fieldName(this.CONSUME(field)) },
      { ALT: () => ({ key: unquoted(this.LA(1).image), at: this.CONSUME(doubleQuoted).startOffset }) },
    ]);
  });

  readonly #condition = this.RULE("condition", (): Said => {
    const at = this.LA(1).startOffset;
    let negated = false;
    return this.OR([
      {
        ALT: (): Said => {
          const comparator = this.CONSUME(comparison).image as Comparator;
          return { at, comparator, values: [this.SUBRULE1(this.#value)] };
        },
      },
      {
        ALT: (): Said => {
          this.CONSUME(like);
          return { at, comparator: "LIKE", values: [this.SUBRULE2(this.#value)] };
        },
      },
      {
        ALT: (): Said => {
          this.CONSUME(ilike);
          return { at, comparator: "ILIKE", values: [this.SUBRULE3(this.#value)] };
        },
      },
      {
        ALT: (): Said => {
          this.OPTION1(() => {
            negated = this.CONSUME1(not) !== undefined;
          });
          this.CONSUME(inList);
          return { at, comparator: negated ? "NOT IN" : "IN", values: this.SUBRULE(this.#list) };
        },
      },
      {
        ALT: (): Said => {
          this.CONSUME(is);
          this.OPTION2(() => {
            negated = this.CONSUME2(not) !== undefined;
          });
          this.CONSUME(nothing);
          return { at, comparator: negated ? "IS NOT NULL" : "IS NULL", values: [] };
        },
      },
    ]);
  });

  readonly #list = this.RULE("list", (): readonly Literal[] => {
    this.CONSUME(open);
    const values = [this.SUBRULE1(this.#value)];
    this.MANY(() => {
      this.CONSUME1(comma);
      values.push(this.SUBRULE2(this.#value));
    });
    // One more at the end is allowed, as in a tuple of Python.
    this.OPTION(() => this.CONSUME2(comma));
    this.CONSUME(close);
    return values;
  });

  readonly #value = this.RULE("value", (): Literal => {
    const { image: text, startOffset: at } = this.LA(1);
    return this.OR([
      { ALT: (): Literal => this.CONSUME(singleQuoted) && { type: "text", text: unquoted(text), at } },
      { ALT: (): Literal => this.CONSUME(doubleQuoted) && { type: "text", text: unquoted(text), at } },
      { ALT: (): Literal => this.CONSUME(number) && { type: "number", text, at } },
    ]);
  });
}

const messages: IParserErrorMessageProvider = {
  buildMismatchTokenMessage: ({ expected, actual }) => expectation([[expected]], actual),
  buildNotAllInputParsedMessage: ({ firstRedundant, ruleName }) =>
    expectation(ruleName === "filter" ? [[and], [EOF]] : [[ascending], [descending], [EOF]], firstRedundant),
  buildNoViableAltMessage: ({ expectedPathsPerAlt, actual }) => expectation(expectedPathsPerAlt.flat(), actual[0]),
  buildEarlyExitMessage: ({ expectedIterationPaths, actual }) => expectation(expectedIterationPaths, actual[0]),
};

/** @param paths what could have gone on, each as the words that would have come */
function expectation(paths: readonly (readonly TokenType[])[], actual: IToken | undefined): string {
  const firsts = new Set(paths.flatMap(([first]) => (first === undefined ? [] : [nameOf(first)])));
  return `expected ${[...firsts].join(" or ")}, found ${actual === undefined || actual.tokenType === EOF ? "the end" : actual.image}`;
}

function nameOf(type: TokenType): string {
  return type === EOF ? "the end" : (type.LABEL ?? type.name);
}

const parser = new SearchParser();

/** Reading one of this length takes half a second at most, in which the registry does nothing else. */
const maxLength = 100_000;

function parse<Rule extends "filter" | "orderItem">(
  text: string,
  rule: Rule,
): ReturnType<SearchParser[Rule]> | Problem {
  if (text.length > maxLength)
    return { at: maxLength, problem: `at most ${maxLength} characters are taken, got ${text.length}` };
  const unfit = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.exec(text);
  if (unfit !== null) return { at: unfit.index, problem: "holds a character that is not valid Unicode, or NUL" };
  const lexed = lexer.tokenize(text);
  const [unknown] = lexed.errors;
  if (unknown !== undefined) return { at: unknown.offset, problem: lexicalProblem(text[unknown.offset]!) };
  parser.input = lexed.tokens;
  const result = parser[rule]() as ReturnType<SearchParser[Rule]>;
  const [error] = parser.errors;
  if (error === undefined) return result;
  const at = error.token.tokenType === EOF ? text.length : error.token.startOffset;
  return { at, problem: error.message };
}

function lexicalProblem(character: string): string {
  if (/['"`]/.test(character)) return `the quote ${character} is not closed`;
  return `${character} does not belong here; quote texts, and quote keys with other characters than letters, digits, _ . - / as in tags.\`a key\``;
}

function fieldName({ image, startOffset: at }: IToken): FieldName {
  const [, first = "", rest] = /^(`[^`]*`|[^.]*)(?:\.(.*))?$/s.exec(image) ?? [];
  return rest === undefined ? { key: unquoted(first), at } : { entity: unquoted(first), key: unquoted(rest), at };
}

/** A quote inside is written twice. */
function unquoted(image: string): string {
  const quote = image[0];
  if (quote !== "'" && quote !== '"' && quote !== "`") return image;
  return image.slice(1, -1).replaceAll(quote + quote, quote);
}
