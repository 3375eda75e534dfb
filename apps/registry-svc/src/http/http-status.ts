/**
 * RPC codes as HTTP statuses, as the Connect protocol has them.
 * @module
 */
import { Code } from "@connectrpc/connect";

/** https://connectrpc.com/docs/protocol/#error-codes */
export function httpStatus(code: Code): number {
  return statuses[code] ?? 500;
}

const statuses: Readonly<Partial<Record<Code, number>>> = {
  [Code.Canceled]: 499,
  [Code.InvalidArgument]: 400,
  [Code.DeadlineExceeded]: 504,
  [Code.NotFound]: 404,
  [Code.AlreadyExists]: 409,
  [Code.PermissionDenied]: 403,
  [Code.ResourceExhausted]: 429,
  [Code.FailedPrecondition]: 400,
  [Code.Aborted]: 409,
  [Code.OutOfRange]: 400,
  [Code.Unimplemented]: 501,
  [Code.Unavailable]: 503,
  [Code.Unauthenticated]: 401,
};
