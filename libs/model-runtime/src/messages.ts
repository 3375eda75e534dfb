/**
 * What passes between whoever asks for a prediction and the thread or process that makes it.
 * @module
 */
import type { Reason } from "@mintmark/errors";
import type { Signature } from "@mintmark/model-package/signature";
import type { ScoringCode } from "./scoring/scoring-error.ts";

/** Bytes in pieces, in their order: nobody has to copy them together before they are where they are used. */
export type Pieces = readonly Uint8Array[];

/** A body of the scoring protocol. */
export interface ScoringBody {
  readonly pieces: Pieces;
  readonly type: "json" | "csv";
  /** As the content type says. */
  readonly charset?: "utf-8" | undefined;
}

/** What is known of a model that is loaded. */
export interface Loaded {
  readonly signature: Signature;
  /** Of `model.onnx`. */
  readonly bytes: number;
  /** As a predictor has it. */
  readonly rowWork: number;
}

/** Of each but `unload` comes one outcome, in the order of the tasks. */
export type Task =
  /** `pieces` are those of `model.onnx`. */
  | { readonly type: "load"; readonly key: string; readonly pieces: Pieces; readonly mlmodel: Uint8Array }
  | { readonly type: "score"; readonly key: string; readonly body: ScoringBody; readonly maxValues: number }
  | { readonly type: "unload"; readonly key: string };

export type Outcome =
  | { readonly type: "loaded"; readonly model: Loaded }
  /** The answer as JSON. */
  | { readonly type: "scored"; readonly pieces: Pieces }
  /** A failure of the table. */
  | { readonly type: "refused"; readonly reason: Reason; readonly detail: unknown }
  /** A body that the protocol does not take. */
  | { readonly type: "unreadable"; readonly code: ScoringCode; readonly message: string }
  /** Anything else: a fault of ours. */
  | { readonly type: "broken"; readonly problem: string };
