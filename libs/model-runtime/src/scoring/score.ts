/**
 * A body of MLflow's scoring protocol to its answer: decoded, read into columns, predicted, written.
 * @module
 */
import { readValues } from "@mintmark/columns/read-values";
import { encodingOf } from "@mintmark/columns/text-encoding";
import { AppError } from "@mintmark/errors";
import { jsonValues } from "@mintmark/http-edge/json-values";
import type { Predictor } from "@mintmark/model-package/predictor";
import type { Pieces, ScoringBody } from "../messages.ts";
import { predictRows } from "./predict-rows.ts";
import { readCsvInput, readJsonInput } from "./read-input.ts";
import { ScoringError } from "./scoring-error.ts";

/**
 * @param maxValues how many values the body may have
 * @throws ScoringError, and AppError of the values and the prediction; SCORING_VALUES_TOO_MANY
 */
export function score(predictor: Predictor, { pieces, type, charset }: ScoringBody, maxValues: number): Pieces {
  const { inputs, schema } = predictor;
  const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const names = inputs.map((input) => input.name);
  if (type === "csv") {
    const text = textOf(bytes, charset ?? schema.encoding);
    return predictRows(
      predictor,
      readValues(schema, readCsvInput(text, names, { delimiter: schema.delimiter, maxValues })),
    );
  }
  if (jsonValues(bytes, maxValues) > maxValues) throw new AppError("SCORING_VALUES_TOO_MANY", { limit: maxValues });
  return predictRows(predictor, readValues(schema, readJsonInput(textOf(bytes, charset), names)));
}

/**
 * A body by its byte-order mark, else by the charset of its content type, else, if it is CSV, as the data was written that the
 * model was trained on.
 * @throws ScoringError if it is not of that encoding: letters that are guessed at would be other categories
 */
function textOf(bytes: Uint8Array, said: string | undefined): string {
  const encoding = encodingOf(bytes, said);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new ScoringError("BAD_REQUEST", `the body is not ${encoding.toUpperCase()}`);
  }
}
