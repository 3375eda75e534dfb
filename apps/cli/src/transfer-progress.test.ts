import { expect, it } from "vitest";
import { transferProgress } from "./transfer-progress.ts";

it.each([
  [512, 1024, "0.5/1.0 KiB"],
  [0, 0, "0.0/0.0 KiB"],
  [1 << 20, 3 << 20, "1.0/3.0 MiB"],
])("%d of %d bytes are %s", (done, total, text) => {
  let shown = "";
  const status = (line: string) => {
    shown = line;
  };
  transferProgress({ line: () => {}, step: () => {}, status }, "upload")({ done, total });
  expect(shown.endsWith(` ${text}`)).toBe(true);
});
