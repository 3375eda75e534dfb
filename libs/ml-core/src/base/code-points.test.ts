import fc from "fast-check";
import { expect, it } from "vitest";
import { compareCodePoints } from "./code-points.ts";

it("orders text as its UTF-8 bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 4 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 2000, examples: [["\u{1f600}", "\uff5e"]] },
  );
});
