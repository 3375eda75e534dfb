/**
 * A running stack with one model in it.
 * @module
 */

import { checkout } from "@mintmark/e2e/process";
import { embeddedStack } from "@mintmark/e2e/stack";

export type BenchStack = Awaited<ReturnType<typeof embeddedStack>>;

/** Two versions of titanic, `@champion` at the first. */
export async function trainedStack(): Promise<BenchStack> {
  const stack = await embeddedStack();
  try {
    for (let n = 0; n < 2; n++) await stack.json("train", `${checkout}examples/titanic.yaml`);
    await stack.json("alias", "set", "titanic", "champion", "1");
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
