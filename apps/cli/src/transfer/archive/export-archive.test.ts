import { create } from "@bufbuild/protobuf";
import { ArchiveSchema } from "@mintmark/proto/mintmark/transfer/v1/archive";
import { expect, it } from "vitest";
import { catalogOf } from "./export-archive.ts";
import { compressionOf } from "./format.ts";

it("refuses to write what no import would read, and says how to go on", () => {
  const archive = create(ArchiveSchema, { format: 1, models: [{ model: { name: "ä" } }, { model: { name: "b" } }] });
  const bytes = catalogOf(archive);
  expect(catalogOf(archive, bytes.length)).toEqual(bytes);
  expect(() => catalogOf(archive, bytes.length - 1)).toThrow(
    new RegExp(`these 2 models .* more than the ${bytes.length - 1} bytes .*; export fewer models`),
  );
});

it("names every ending that an archive may have", () => {
  for (const ending of [".tar", ".tar.gz", ".tgz", ".tar.zst"]) {
    expect(() => compressionOf(`a${ending}`, "--out")).not.toThrow();
    expect(() => compressionOf("a.zip", "--out")).toThrow(`${ending}`);
  }
});
