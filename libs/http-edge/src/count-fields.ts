/**
 * How many values a binary message will become when it is parsed, told by one pass over its bytes that makes none of them.
 * @module
 */
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Fields that are there, also those of messages within it, up to `most`. Of what is no such message, those before the fault. */
export function countFields(bytes: Uint8Array, message: DescMessage, most: number): number {
  const walk = { reader: new BinaryReader(bytes), count: 0, most };
  try {
    walkMessage(walk, messageShape(message), bytes.length, 0);
  } catch {
    // The parser says what is wrong with it, in its words.
  }
  return walk.count;
}

interface Walk {
  readonly reader: BinaryReader;
  count: number;
  readonly most: number;
}

/** The fields that hold messages, by number; others hold values. */
type Shape = ReadonlyMap<number, () => Shape>;

function walkMessage(walk: Walk, shape: Shape, end: number, depth: number): void {
  const { reader } = walk;
  // As deep as the parser goes.
  if (depth > 100) return;
  while (reader.pos < end && walk.count <= walk.most) {
    const [number, wireType] = reader.tag();
    walk.count++;
    if (wireType !== WireType.LengthDelimited) {
      reader.skip(wireType, number);
      continue;
    }
    const length = reader.uint32();
    const within = shape.get(number);
    if (within === undefined) reader.pos += length;
    else walkMessage(walk, within(), Math.min(reader.pos + length, end), depth + 1);
  }
}

const shapes = new WeakMap<DescMessage, Shape>();

function messageShape(message: DescMessage): Shape {
  const known = shapes.get(message);
  if (known !== undefined) return known;
  const fields = message.fields.flatMap((field): [number, () => Shape][] => {
    const { message: within } = field;
    if (within === undefined) return field.fieldKind === "map" ? [[field.number, () => noMessages]] : [];
    // An entry of a map is a message of its key and its value, which is its second field.
    if (field.fieldKind === "map") return [[field.number, () => new Map([[2, () => messageShape(within)]])]];
    return [[field.number, () => messageShape(within)]];
  });
  const shape = new Map(fields);
  shapes.set(message, shape);
  return shape;
}

const noMessages: Shape = new Map();
