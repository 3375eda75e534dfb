/**
 * Who is calling: put there once by authentication, read by every act that is recorded.
 * @module
 */
import { createContextKey, type HandlerContext } from "@connectrpc/connect";

export interface Caller {
  /** The name of the token, or `admin` where authentication is off. */
  readonly name: string;
  readonly role: "admin";
  /** Empty where authentication is off. */
  readonly tokenId: string;
}

/** Everyone, where authentication is off. */
export const anyone: Caller = { name: "admin", role: "admin", tokenId: "" };

export const callerKey = createContextKey<Caller | undefined>(undefined, { description: "who is calling" });

/** @throws Error if authentication was left out of the chain, which is a mistake of ours and must not pass for a guest. */
export function currentCaller(context: Pick<HandlerContext, "values">): Caller {
  const caller = context.values.get(callerKey);
  if (caller === undefined) throw new Error("no authentication ran before this call");
  return caller;
}
