/**
 * How many fields a protobuf message has, before it is decoded: a few bytes become an object each.
 * @module
 */
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** How deep messages may lie in each other; as deep as the decoder goes. */
const maxDepth = 100;

/**
 * The fields of the message and of those in it, each element of a list once. Stops counting beyond `most`. Linear.
 * @throws Error if the bytes are no protobuf message, or lie too deep
 */
export function fieldCount(message: DescMessage, bytes: Uint8Array, most: number): number {
  let count = 0;
  const visit = (desc: DescMessage, within: Uint8Array, depth: number): void => {
    if (depth > maxDepth) throw new Error(`messages lie more than ${maxDepth} deep in each other`);
    const messages = messagesOf(desc);
    const reader = new BinaryReader(within);
    while (reader.pos < reader.len && count <= most) {
      const [number, wireType] = reader.tag();
      count++;
      const inner = wireType === WireType.LengthDelimited ? messages.get(number) : undefined;
      if (inner === undefined) reader.skip(wireType, number);
      else visit(inner, reader.bytes(), depth + 1);
    }
  };
  visit(message, bytes, 1);
  return count;
}

const known = new WeakMap<DescMessage, ReadonlyMap<number, DescMessage>>();

/** The fields of a message that are messages, by number. */
function messagesOf(desc: DescMessage): ReadonlyMap<number, DescMessage> {
  const remembered = known.get(desc);
  if (remembered !== undefined) return remembered;
  const messages = new Map(
    desc.fields.flatMap((field) => (field.message === undefined ? [] : [[field.number, field.message] as const])),
  );
  known.set(desc, messages);
  return messages;
}
