/**
 * What a call failed with, as a test looks at it.
 * @module
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { reasonOf } from "@mintmark/registry-client";

/** RPC code, reason and message; fails if the call succeeds. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ code: string; reason: string | undefined; message: string }> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call was expected to fail");
    },
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConnectError)) throw error;
  return { code: Code[error.code], reason: reasonOf(error), message: error.rawMessage };
}
