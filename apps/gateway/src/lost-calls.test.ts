import { once } from "node:events";
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { AppError } from "@mintmark/errors";
import {
  CreateRunRequestSchema,
  CreateRunResponseSchema,
  GetRunRequestSchema,
  GetRunResponseSchema,
} from "@mintmark/proto/mintmark/tracking/v1/run_service";
import { connectRegistry, failureHeaders, type RegistryClient } from "@mintmark/registry-client";
import { afterEach, describe, expect, it } from "vitest";
import { isUnanswered, makeOnce, repeatLostCalls } from "./lost-calls.ts";

const opened: { close: () => void }[] = [];
afterEach(() => {
  for (const thing of opened.splice(0)) thing.close();
});

type Fate = "answered" | "reset" | "closed" | "no database";

/** A registry over a real connection, which keeps runs, and loses the answers of so many calls after it has done them. */
async function fateful(...fates: Fate[]): Promise<{ registry: RegistryClient; runs: Set<string>; calls: string[] }> {
  const runs = new Set<string>();
  const calls: string[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  const methods: Readonly<Record<string, (request: Uint8Array) => Uint8Array>> = {
    CreateRun: (request) => {
      const { id } = fromBinary(CreateRunRequestSchema, request);
      if (runs.has(id)) throw new AppError("RUN_ID_TAKEN", { run: id });
      runs.add(id);
      return toBinary(CreateRunResponseSchema, create(CreateRunResponseSchema, { run: { id } }));
    },
    GetRun: (request) => {
      const { id } = fromBinary(GetRunRequestSchema, request);
      if (!runs.has(id)) throw new AppError("RUN_NOT_FOUND", { run: id });
      return toBinary(GetRunResponseSchema, create(GetRunResponseSchema, { run: { id } }));
    },
    DeleteRunTag: () => new Uint8Array(),
  };
  const answer = async (stream: ServerHttp2Stream, path: string) => {
    const method = path.slice(path.lastIndexOf("/") + 1);
    const request = await buffer(stream);
    calls.push(method);
    try {
      const done = methods[method]!(request);
      const fate = fates.shift();
      if (fate === "no database") throw new AppError("DATABASE_UNAVAILABLE", {});
      if (fate === "reset") for (const socket of sockets) socket.resetAndDestroy();
      if (fate === "closed") for (const session of sessions) session.destroy();
      if (stream.destroyed) return;
      stream.respond({ ":status": 200, "content-type": "application/proto" });
      stream.end(done);
    } catch (error) {
      const { kind, message } = error as AppError;
      stream.respond({ ":status": 500, "content-type": "application/json", ...failureHeaders(error as AppError) });
      stream.end(JSON.stringify({ code: kind, message }));
    }
  };
  const server = createServer();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.on("error", () => {});
    answer(stream, headers[":path"]!);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registry = connectRegistry({ baseUrl, httpVersion: "2", interceptors: [repeatLostCalls] });
  opened.push(registry, {
    close: () => {
      server.close();
      for (const session of sessions) session.destroy();
    },
  });
  return { registry, runs, calls };
}

const lost = ["reset", "closed", "no database"] as const;

describe("a call of the registry", () => {
  it.each(lost)("is repeated until it is answered where that is safe (%s)", async (fate) => {
    const { registry, runs, calls } = await fateful(fate, fate);
    runs.add("r");
    expect(await registry.runs.getRun({ id: "r" })).toMatchObject({ run: { id: "r" } });
    expect(calls).toEqual(["GetRun", "GetRun", "GetRun"]);
  });

  it("is not repeated where a second answer would be another", async () => {
    const { registry, calls } = await fateful("reset");
    const error: unknown = await registry.runs.deleteRunTag({ id: "r", key: "k" }).catch((thrown: unknown) => thrown);
    expect(isUnanswered(error)).toBe(true);
    expect(calls).toEqual(["DeleteRunTag"]);
  });

  it("is not repeated once it was refused", async () => {
    const { registry, calls } = await fateful();
    await expect(registry.runs.getRun({ id: "r" })).rejects.toThrow("there is no run");
    expect(calls).toEqual(["GetRun"]);
  });

  it("ends with the time that it was given", async () => {
    const { registry, runs } = await fateful(...Array.from({ length: 100 }, () => "reset" as const));
    runs.add("r");
    await expect(registry.runs.getRun({ id: "r" }, { timeoutMs: 300 })).rejects.toMatchObject({
      code: Code.DeadlineExceeded,
    });
  });
});

describe("makeOnce", () => {
  const create = (registry: RegistryClient, id: string) =>
    makeOnce(
      () => registry.runs.createRun({ id }),
      "RUN_ID_TAKEN",
      () => registry.runs.getRun({ id }),
    );

  it.each(lost)("gives what the call made whose answer was lost (%s)", async (fate) => {
    const { registry, runs } = await fateful(fate);
    expect(await create(registry, "r")).toMatchObject({ run: { id: "r" } });
    expect([...runs]).toEqual(["r"]);
  });

  it("refuses what was there before the first call", async () => {
    const { registry, runs, calls } = await fateful();
    runs.add("r");
    await expect(create(registry, "r")).rejects.toThrow("there is a run r already");
    expect(calls).toEqual(["CreateRun"]);
  });
});
