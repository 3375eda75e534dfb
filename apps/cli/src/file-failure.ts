/**
 * What the operating system says of a file, in words: a place that cannot be used is no fault of ours.
 * @module
 */
import { getSystemErrorMessage } from "node:util";
import { AppError } from "@mintmark/errors";

/** Why, without codes: "permission denied". */
export function inWords(error: unknown): string {
  const { code, errno, message, syscall } = error as NodeJS.ErrnoException;
  if (code === "EISDIR") return "it is a directory";
  if (code === "EEXIST" && syscall === "mkdir") return "a file is in its way";
  // A system call's; what others throw has a text of its own.
  return (errno !== undefined && errno < 0 ? getSystemErrorMessage(errno) : undefined) ?? message;
}

/** That a file cannot be read, unless the error says more than that. */
export function notReadable(path: string, error: unknown): AppError {
  return asAppError(error) ?? new AppError("FILE_NOT_READABLE", { path, cause: inWords(error) }, { cause: error });
}

/** That a file cannot be written, unless the error says more than that. */
export function notWritable(path: string, error: unknown): AppError {
  return asAppError(error) ?? new AppError("FILE_NOT_WRITABLE", { path, cause: inWords(error) }, { cause: error });
}

/** Whether a call of the file system failed, and neither a connection nor a program. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  const { syscall = "", errno } = (error ?? {}) as NodeJS.ErrnoException;
  return errno !== undefined && (syscall === "open" || reading.has(syscall) || writing.has(syscall));
}

/**
 * A failed call of the file system as what it means to whoever chose the place; undefined where that is nobody. Calls on an
 * open file name none.
 */
export function fileFailure(error: NodeJS.ErrnoException): AppError | undefined {
  const { path, code = "", syscall = "" } = error;
  if (path === undefined && !withoutPath.has(code)) return undefined;
  const named = path ?? "a file";
  if (writing.has(syscall) || noPlace.has(code)) return notWritable(named, error);
  if (reading.has(syscall)) return notReadable(named, error);
  return new AppError("FILE_NOT_OPENED", { path: named, cause: inWords(error) }, { cause: error });
}

function asAppError(error: unknown): AppError | undefined {
  return error instanceof AppError ? error : undefined;
}

const reading: ReadonlySet<string> = new Set(
  "access fstat lstat opendir read readlink realpath scandir stat statfs".split(" "),
);
const writing: ReadonlySet<string> = new Set(
  "chmod chown copyfile fchmod fsync ftruncate link mkdir mkdtemp rename rm rmdir symlink unlink write".split(" "),
);
/** There is no room, or nothing may be changed. */
const noPlace: ReadonlySet<string> = new Set(["EDQUOT", "EFBIG", "ENOSPC", "EROFS", "ETXTBSY"]);
/** What calls on an open file fail with that is not ours. */
const withoutPath: ReadonlySet<string> = new Set([...noPlace, "EIO", "EISDIR"]);
