/**
 * How large the messages of each method may be, counted after inflation.
 *
 * Bytes alone do not bound the work: 4 MiB of `{},{},…` become 1.4 million objects, which took 450 ms to parse, and 2 million empty
 * messages in binary form 1.2 s. So a message also has a limit of elements: what becomes a value of its own when it is parsed.
 * @module
 */
import type { DescMethod } from "@bufbuild/protobuf";
import { wholeNumber } from "@mintmark/http-edge/settings";
import { VersionService } from "@mintmark/proto/mintmark/registry/v1/version_service";
import { EvaluationDatasetService } from "@mintmark/proto/mintmark/tracking/v1/evaluation_dataset_service";
import { RunService } from "@mintmark/proto/mintmark/tracking/v1/run_service";
import { TraceService } from "@mintmark/proto/mintmark/tracking/v1/trace_service";
import { AttemptService } from "@mintmark/proto/mintmark/training/v1/attempt_service";

export interface MessageLimit {
  readonly bytes: number;
  /** In binary form each field that is there, at any depth; in JSON each object, list and what follows a comma. */
  readonly elements: number;
}

export interface MessageLimits {
  /** Of every method that is not named in {@link largeMethods}. */
  readonly usual: MessageLimit;
  readonly large: MessageLimit;
  /** How many messages above the usual limit are read and answered at once; others wait. */
  readonly largeAtOnce: number;
  /** What all messages that are being read and answered may hold together, in bytes; one that is alone may have more. */
  readonly memoryBytes: number;
  /** How long a message may take to arrive, and how long a large one waits for its turn. */
  readonly arrivalMs: number;
  readonly turnMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultMessageLimits: MessageLimits = {
  usual: { bytes: 4 * mebibyte, elements: 100_000 },
  large: { bytes: 64 * mebibyte, elements: 1_000_000 },
  largeAtOnce: 2,
  memoryBytes: 256 * mebibyte,
  arrivalMs: 300_000,
  turnMs: 30_000,
};

/** As variables give them: `MINTMARK_MESSAGE_BYTES`, `MINTMARK_MESSAGE_ELEMENTS`, and with `LARGE_` those of large methods. */
export function messageLimitsOf(setting: (variable: string) => string | undefined): MessageLimits {
  const number = (variable: string, otherwise: number, max: number) => {
    const text = setting(variable);
    return text === undefined ? otherwise : wholeNumber(variable, text, { min: 1, max });
  };
  const limit = (kind: string, { bytes, elements }: MessageLimit): MessageLimit => ({
    bytes: number(`MINTMARK_${kind}_BYTES`, bytes, 1024 * mebibyte),
    elements: number(`MINTMARK_${kind}_ELEMENTS`, elements, 1_000_000_000),
  });
  const { usual, large, largeAtOnce, memoryBytes, arrivalMs, turnMs } = defaultMessageLimits;
  return {
    usual: limit("MESSAGE", usual),
    large: limit("LARGE_MESSAGE", large),
    largeAtOnce: number("MINTMARK_LARGE_MESSAGES_AT_ONCE", largeAtOnce, 1_000),
    memoryBytes: mebibyte * number("MINTMARK_BODY_MEMORY", memoryBytes / mebibyte, mebibyte),
    arrivalMs: 1000 * number("MINTMARK_MESSAGE_SECONDS", arrivalMs / 1000, 86_400),
    turnMs,
  };
}

/** Methods whose messages may have the larger size, and what makes them so large. */
export const largeMethods: ReadonlyMap<DescMethod, string> = new Map<DescMethod, string>([
  [VersionService.method.registerVersion, "100,000 files of an artifact and its documents"],
  [RunService.method.logBatch, "schemas and profiles of the data of a run"],
  [RunService.method.logModel, "an MLmodel with the configuration of its flavours"],
  [TraceService.method.recordTrace, "assessments, and what went in and out"],
  [TraceService.method.logSpans, "spans with what went in and out"],
  [EvaluationDatasetService.method.upsertEvaluationRecords, "records"],
  [AttemptService.method.appendLogs, "1,000 lines of 16,000 characters"],
]);

/**
 * JSON costs several times as much as the binary form: 990,000 names took 2.5 s, as many fields 0.3 s, 60 MB of one text 0.9 s. So of
 * JSON a quarter is taken, but as many bytes as is usual.
 */
export function limitOf(method: DescMethod, { usual, large }: MessageLimits, isJson: boolean): MessageLimit {
  const limit = largeMethods.has(method) ? large : usual;
  if (!isJson) return limit;
  return {
    bytes: Math.max(Math.ceil(limit.bytes / 4), Math.min(limit.bytes, usual.bytes)),
    elements: Math.ceil(limit.elements / 4),
  };
}

export function largestMessage({ usual, large }: MessageLimits): number {
  return Math.max(usual.bytes, large.bytes);
}
