/**
 * A registry for the tests of the client: artifacts and versions over a real blob store, on a real port, with
 * connections that break and answers that lie on demand. The rules of the real one are not its business.
 * @module
 */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type BlobStore, openFileStore } from "@mintmark/blob-store";
import { generateKey, type SigningKeys } from "@mintmark/crypto/keys";
import { artifactDigest } from "@mintmark/crypto/manifest";
import { signRegistration } from "@mintmark/crypto/registration";
import { documentNames } from "@mintmark/crypto/verify-model";
import { AppError } from "@mintmark/errors";
import { ArtifactService, type UploadBlobRequest } from "@mintmark/proto/mintmark/registry/v1/artifact_service";
import type { Document, ManifestFile } from "@mintmark/proto/mintmark/registry/v1/version";
import { VersionService } from "@mintmark/proto/mintmark/registry/v1/version_service";
import { connectRegistry, type RegistryClient } from "../connect.ts";
import { reasonHeader } from "../failure.ts";

export interface StoredVersion {
  model: string;
  number: number;
  digest: string;
  files: ManifestFile[];
  documents: Document[];
}

export interface RegistryFixture {
  readonly client: RegistryClient;
  readonly store: BlobStore;
  /** Keys of the registry; the Ed25519 one signs registrations. */
  readonly keys: SigningKeys;
  /** Version n is at n - 1; tests tamper with them. */
  readonly versions: StoredVersion[];
  /** What the next transfers do: break once so many bytes are through. */
  readonly breakAfter: number[];
  /** What is done to the bytes of downloads on their way. */
  readonly lies: { flipBits: boolean };
  /** How many bytes of blobs came in, and by which way. */
  readonly traffic: { put: number; call: number };
  /** Replaces the bytes of a blob where they lie, as a fault of a disk would. */
  readonly corrupt: (blake3: string, bytes: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startRegistryFixture(): Promise<RegistryFixture> {
  const root = await mkdtemp(join(tmpdir(), "mintmark-registry-"));
  const store = await openFileStore(root);
  const state = {
    versions: [] as StoredVersion[],
    breakAfter: [] as number[],
    lies: { flipBits: false },
    traffic: { put: 0, call: 0 },
  };
  const keys = { ed25519: generateKey("ed25519"), p256: generateKey("ecdsa-p256") };
  const calls = connectNodeAdapter({
    routes: (router) => {
      addArtifacts(router, store, state);
      addVersions(router, keys, state.versions);
    },
  });
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/v1/blobs/")) void serveBlob(store, state, request, response);
    else calls(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = connectRegistry({ baseUrl, httpVersion: "1.1" });
  const corrupt = (blake3: string, bytes: Uint8Array) =>
    writeFile(join(root, "blobs", blake3.slice(0, 2), blake3), bytes);
  const close = async () => {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true });
  };
  return { client, store, keys, corrupt, close, ...state };
}

type State = Pick<RegistryFixture, "breakAfter" | "traffic" | "lies">;

function addArtifacts(router: ConnectRouter, store: BlobStore, { breakAfter, traffic, lies }: State): void {
  router.service(ArtifactService, {
    findMissingBlobs: async ({ blake3 }) => {
      const sizes = await Promise.all(blake3.map((digest) => store.size(digest)));
      return { blake3: blake3.filter((_, index) => sizes[index] === undefined) };
    },
    getUpload: async ({ blake3 }) => ({
      complete: (await store.size(blake3)) !== undefined,
      receivedBytes: BigInt(await store.received(blake3)),
    }),
    uploadBlob: async (messages) => {
      const parts = messages[Symbol.asyncIterator]();
      const { value: first } = await parts.next();
      const description = (first as UploadBlobRequest).part.value as {
        blake3: string;
        sha256: string;
        size: bigint;
        offset: bigint;
      };
      const rest = chunksOf({ [Symbol.asyncIterator]: () => parts });
      const source = breaking(
        counted(rest, (bytes) => (traffic.call += bytes)),
        breakAfter.shift(),
      );
      const { offset, size, blake3, sha256 } = description;
      const stored = await asRpc(store.write({ blake3, sha256, size: Number(size) }, source, Number(offset)));
      return { ...stored, size: BigInt(stored.size) };
    },
    downloadBlob: async function* ({ blake3, offset }) {
      try {
        for await (const chunk of breaking(
          lying(store.read(blake3, { offset: Number(offset) }), lies),
          breakAfter.shift(),
        ))
          yield { chunk: chunk as Uint8Array<ArrayBuffer> };
      } catch (error) {
        throw rpcError(error);
      }
    },
  });
}

function addVersions(router: ConnectRouter, keys: SigningKeys, versions: StoredVersion[]): void {
  const describe = ({ model, number, digest }: StoredVersion) => {
    return { model, modelId: `id of ${model}`, number, semver: `1.${number}.0`, digest };
  };
  router.service(VersionService, {
    registerVersion: async ({ model, files, documents }) => {
      const plain = files.map(({ path, size, blake3, sha256 }) => ({ path, size: Number(size), blake3, sha256 }));
      const stored = { model, number: versions.length + 1, digest: artifactDigest(plain), files, documents };
      const { modelId, number, semver } = describe(stored);
      const named = new Map(documents.map(({ name, content }) => [name, content]));
      const facts = { model, modelId, version: number, semver, files: plain, documents: named };
      const registration = { name: documentNames.registration, content: signRegistration(facts, keys.ed25519) };
      versions.push({ ...stored, documents: [...documents, registration as Document] });
      return { version: describe(stored), created: true };
    },
    getVersionContent: async ({ uri }) => {
      const stored = versions[Number(uri.split("/")[1] ?? versions.length) - 1];
      if (stored === undefined) throw new ConnectError(`'${uri}' names no version`, Code.NotFound);
      return { version: describe(stored), files: stored.files, documents: stored.documents };
    },
  });
}

async function serveBlob(
  store: BlobStore,
  { breakAfter, traffic, lies }: State,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const blake3 = request.url?.slice("/v1/blobs/".length) ?? "";
  const { socket } = request;
  try {
    if (request.method === "PUT") {
      const header = (name: string) => String(request.headers[`x-mintmark-${name}`]);
      const description = { blake3, sha256: header("sha256"), size: Number(header("size")) };
      const source = breaking(
        counted(request, (bytes) => (traffic.put += bytes)),
        breakAfter.shift(),
      );
      await store.write(description, source, Number(header("offset")));
      response.writeHead(201).end();
    } else {
      const offset = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.writeHead(offset === 0 ? 200 : 206);
      // The store uses the chunk's memory again once it is asked for the next.
      for await (const chunk of breaking(lying(store.read(blake3, { offset }), lies), breakAfter.shift()))
        await new Promise((resolve) => response.write(chunk, resolve));
      response.end();
    }
  } catch (error) {
    if (!(error instanceof AppError)) return void socket.destroy();
    const { kind: code, reason, message } = error;
    response.writeHead(409).end(JSON.stringify({ error: { code, reason, message } }));
  }
}

async function* chunksOf(messages: AsyncIterable<UploadBlobRequest>): AsyncGenerator<Uint8Array> {
  for await (const { part } of messages) if (part.case === "chunk") yield part.value;
}

async function* counted(chunks: AsyncIterable<Uint8Array>, count: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}

async function* lying(chunks: AsyncIterable<Uint8Array>, { flipBits }: State["lies"]): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield flipBits ? chunk.map((byte) => byte ^ 1) : chunk;
}

async function* breaking(
  chunks: AsyncIterable<Uint8Array>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    if (limit > 0) yield chunk;
    bytes += chunk.length;
    if (bytes >= limit) throw new ConnectError("the connection broke", Code.Unavailable);
  }
}

async function asRpc<T>(work: Promise<T>): Promise<T> {
  return await work.catch((error: unknown) => {
    throw rpcError(error);
  });
}

/** As the interceptor of the real registry does. */
function rpcError(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const code = error.kind === "data_loss" ? Code.DataLoss : Code.Aborted;
  return new ConnectError(error.message, code, { [reasonHeader]: error.reason });
}
