/**
 * gRPC server reflection: which services there are, and the files that declare them, for clients such as grpcurl. Version 1
 * and its predecessor v1alpha, which many clients still ask first, are the same but for the package.
 * @module
 */
import { createRegistry, type DescFile, type DescService, type Registry, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, type ConnectRouter } from "@connectrpc/connect";
import { ServerReflection } from "@mintmark/proto/grpc/reflection/v1/reflection";
import { ServerReflection as ServerReflectionAlpha } from "@mintmark/proto/grpc/reflection/v1alpha/reflection";

/** Adds both versions to the router; they tell of `services` and of themselves. */
export function addReflection(router: ConnectRouter, services: readonly DescService[]): void {
  const answer = reflectionOf([...services, ServerReflection, ServerReflectionAlpha]);
  router.service(ServerReflection, {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) yield { originalRequest: request, messageResponse: answer(request) };
    },
  });
  router.service(ServerReflectionAlpha, {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) yield { originalRequest: request, messageResponse: answer(request) };
    },
  });
}

/** A request of either version. */
interface Question {
  readonly messageRequest: { readonly case?: string | undefined; readonly value?: unknown };
}

/** Plain values, which fit the messages of both versions. */
type Answer =
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: "allExtensionNumbersResponse"; value: { baseTypeName: string } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

function reflectionOf(services: readonly DescService[]): (question: Question) => Answer {
  const files = new Map(services.flatMap(({ file }) => withImports(file)).map((file) => [`${file.name}.proto`, file]));
  const symbols = createRegistry(...files.values());
  const service = services.map(({ typeName }) => ({ name: typeName }));

  return ({ messageRequest: { case: kind, value } }) => {
    switch (kind) {
      case "listServices":
        return { case: "listServicesResponse", value: { service } };
      case "fileByFilename":
        return fileAnswer(files.get(String(value)));
      case "fileContainingSymbol":
        return fileAnswer(fileOf(symbols, String(value)));
      case "allExtensionNumbersOfType":
        return symbols.getMessage(String(value)) === undefined
          ? notFound()
          : { case: "allExtensionNumbersResponse", value: { baseTypeName: String(value) } };
      default:
        // Of extensions there are none; a question that is not known has no answer either.
        return notFound();
    }
  };
}

/** The file that declares a service, method, message, field, enum or value of that full name. */
function fileOf(symbols: Registry, symbol: string): DescFile | undefined {
  const whole = symbols.get(symbol);
  if (whole !== undefined) return whole.file;
  const dot = symbol.lastIndexOf(".");
  const parent = dot === -1 ? undefined : symbols.get(symbol.slice(0, dot));
  const member = symbol.slice(dot + 1);
  switch (parent?.kind) {
    case "service":
      return parent.methods.some(({ name }) => name === member) ? parent.file : undefined;
    case "message":
      return parent.members.some(({ name }) => name === member) ? parent.file : undefined;
    default:
      return undefined;
  }
}

function fileAnswer(file: DescFile | undefined): Answer {
  if (file === undefined) return notFound();
  const fileDescriptorProto = withImports(file).map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFound(): Answer {
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage: "not found" } };
}

/** The file and all that it imports, directly or not, each once. */
function withImports(file: DescFile): DescFile[] {
  return [...new Set([file, ...file.dependencies.flatMap(withImports)])];
}
