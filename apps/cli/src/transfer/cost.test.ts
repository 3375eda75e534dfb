import { costBattery, parser } from "@mintmark/testing/cost-battery";
import { jsonShapes, textShapes } from "@mintmark/testing/hostile-text";
import { header, padding, readTar, trailer } from "../backup/tar.ts";
import { parseMetadata } from "./folder/read-metadata.ts";

async function readAll(bytes: Uint8Array): Promise<number> {
  let read = 0;
  // As a file comes in, in pieces that end nowhere in particular.
  const source = async function* () {
    for (let at = 0; at < bytes.length; at += 65_537) yield bytes.subarray(at, at + 65_537);
  };
  for await (const { content } of readTar(source())) for await (const chunk of content) read += chunk.length;
  return read;
}

const entry = (name: string, content: Buffer) => [
  header({ name, size: content.length }),
  content,
  padding(content.length),
];

costBattery("what is imported", {
  archive: parser({
    run: readAll,
    size: 1 << 20,
    shapes: {
      "many empty entries": (size: number) =>
        Buffer.concat([...Array.from({ length: size / 512 }, (_, at) => header({ name: `e${at}`, size: 0 })), trailer]),
      "many small entries": (size: number) =>
        Buffer.concat([
          ...Array.from({ length: size / 1024 }, (_, at) => entry(`e${at}`, Buffer.of(1))).flat(),
          trailer,
        ]),
      "one entry": (size: number) => Buffer.concat([...entry("e", Buffer.alloc(size, 1)), trailer]),
      zeros: (size: number) => Buffer.alloc(size),
      noise: (size: number) => Buffer.alloc(size, "ustar\0"),
    },
  }),
  "metadata.json": parser({ run: parseMetadata, shapes: { ...textShapes, ...jsonShapes } }),
});
