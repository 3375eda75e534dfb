/**
 * How a failure ends the program: its exit code, and what is said about it.
 * @module
 */
import { resolve } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { AppError, type Kind } from "@mintmark/errors";
import { reasonOf } from "@mintmark/registry-client/failure";
import { CommanderError } from "commander";
import { fileFailure, isFileError } from "./file-failure.ts";

export interface Failure {
  readonly exitCode: number;
  /** As in an RPC code, in snake case. */
  readonly code: string;
  readonly reason: string;
  readonly message: string;
}

/** Whom a command speaks with, and how it was called. */
export interface Called {
  readonly server: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** What went wrong, from whatever was thrown. */
export function failureOf(error: unknown, called: Called): Failure {
  if (error instanceof AppError) {
    const { kind, reason, message } = asCalled(error, called);
    return { exitCode: exitCodes[kind], code: kind, reason, message };
  }
  if (error instanceof CommanderError)
    return { exitCode: 2, code: "invalid_argument", reason: "USAGE", message: error.message };
  if (error instanceof ConnectError) return rpcFailure(error, called);
  if ((error as Error | undefined)?.name === "AbortError") return interrupted;
  const file = isFileError(error) ? fileFailure(error) : undefined;
  if (file !== undefined) return failureOf(file, called);
  const message = error instanceof Error ? error.message : String(error);
  return {
    exitCode: 3,
    code: "internal",
    reason: "INTERNAL",
    message: `${message} (a fault of Mintmark; --debug shows where)`,
  };
}

/** A file that the command line names is called as it is there. */
function asCalled(error: AppError, { args, cwd }: Called): AppError {
  const { path } = error.detail as { readonly path?: string };
  const names = args.map((arg) => arg.replace(/^--[\w-]+=/, "")).filter((name) => name !== "");
  const name = names.find((each) => path !== undefined && resolve(cwd, each) === resolve(cwd, path));
  return name === undefined
    ? error
    : new AppError(error.reason, { ...error.detail, path: name } as typeof error.detail);
}

/** The server of `--server` does not answer. */
export function unreachable(url: string, cause: string): AppError {
  const wayOut = "start it with 'mintmark up', or name another one with --server";
  return new AppError("SERVER_UNREACHABLE", { url, cause, wayOut });
}

/** 1: the answer is no. 2: wrong use, denied, or not reachable. */
const exitCodes = {
  not_found: 1,
  already_exists: 1,
  failed_precondition: 1,
  aborted: 1,
  data_loss: 1,
  invalid_argument: 2,
  unauthenticated: 2,
  permission_denied: 2,
  resource_exhausted: 2,
  unavailable: 2,
} as const satisfies Record<Kind, number>;

const interrupted: Failure = { exitCode: 130, code: "canceled", reason: "INTERRUPTED", message: "interrupted" };

function rpcFailure(error: ConnectError, called: Called): Failure {
  const reason = reasonOf(error);
  if (error.code === Code.Canceled) return interrupted;
  if (reason === undefined && brokenOff.has(error.code))
    return failureOf(unreachable(called.server, error.rawMessage), called);
  const code = Code[error.code].replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
  const exitCode = isKind(code) ? exitCodes[code] : (otherCodes[code] ?? 3);
  return { exitCode, code, reason: reason ?? code.toUpperCase(), message: error.rawMessage };
}

/** How a connection that was refused, cut or silent appears. */
const brokenOff: ReadonlySet<Code> = new Set([Code.Unavailable, Code.Aborted, Code.DeadlineExceeded]);

/** Codes that no reason of ours has: the server is of another kind. */
const otherCodes: Readonly<Record<string, number>> = { unimplemented: 2, out_of_range: 2 };

function isKind(code: string): code is Kind {
  return Object.hasOwn(exitCodes, code);
}
