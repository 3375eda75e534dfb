/**
 * A client by @grpc/grpc-js, which shares no code with the server: what it can call, other gRPC clients can.
 * @module
 */
import { type DescMethod, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  credentials,
  type MethodDefinition,
  makeGenericClientConstructor,
  type ServiceClientConstructor,
} from "@grpc/grpc-js";

export type GrpcClient = InstanceType<ServiceClientConstructor>;

export function grpcClient(service: DescService, address: string): GrpcClient {
  const methods = Object.fromEntries(service.methods.map((method) => [method.localName, definitionOf(method)]));
  return new (makeGenericClientConstructor(methods, service.typeName))(address, credentials.createInsecure());
}

function definitionOf(method: DescMethod): MethodDefinition<Message, Message> {
  const { parent, name, input, output, methodKind } = method;
  return {
    path: `/${parent.typeName}/${name}`,
    requestStream: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    responseStream: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (bytes) => fromBinary(input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (bytes) => fromBinary(output, bytes),
  };
}
