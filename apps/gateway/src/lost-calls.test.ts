import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { Code, ConnectError, type ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { AppError } from "@mintmark/errors";
import { RunService } from "@mintmark/proto/mintmark/tracking/v1/run_service";
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
  const meet = async () => {
    const fate = fates.shift() ?? "answered";
    if (fate === "no database") throw failure(new AppError("DATABASE_UNAVAILABLE", {}));
    if (fate === "answered") return;
    if (fate === "reset") for (const socket of sockets) socket.resetAndDestroy();
    else for (const session of sessions) session.destroy();
    await new Promise(() => {});
  };
  const routes = ({ service }: ConnectRouter) =>
    service(RunService, {
      createRun: async ({ id }) => {
        calls.push("create");
        if (runs.has(id)) throw failure(new AppError("RUN_ID_TAKEN", { run: id }));
        runs.add(id);
        await meet();
        return { run: { id } };
      },
      getRun: async ({ id }) => {
        calls.push("get");
        await meet();
        if (!runs.has(id)) throw failure(new AppError("RUN_NOT_FOUND", { run: id }));
        return { run: { id } };
      },
      deleteRunTag: async () => {
        calls.push("delete tag");
        await meet();
        return {};
      },
    });
  const server: Http2Server = createServer(connectNodeAdapter({ routes }));
  server.on("session", (session) => sessions.add(session));
  server.on("connection", (socket: Socket) => sockets.add(socket));
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

function failure(error: AppError): ConnectError {
  const code = error.kind === "unavailable" ? Code.Unavailable : Code.AlreadyExists;
  return new ConnectError(error.message, code, failureHeaders(error));
}

const lost = ["reset", "closed", "no database"] as const;

describe("a call of the registry", () => {
  it.each(lost)("is repeated until it is answered where that is safe (%s)", async (fate) => {
    const { registry, runs, calls } = await fateful(fate, fate);
    runs.add("r");
    expect(await registry.runs.getRun({ id: "r" })).toMatchObject({ run: { id: "r" } });
    expect(calls).toEqual(["get", "get", "get"]);
  });

  it("is not repeated where a second answer would be another", async () => {
    const { registry, calls } = await fateful("reset");
    const error: unknown = await registry.runs.deleteRunTag({ id: "r", key: "k" }).catch((thrown: unknown) => thrown);
    expect(isUnanswered(error)).toBe(true);
    expect(calls).toEqual(["delete tag"]);
  });

  it("is not repeated once it was refused", async () => {
    const { registry, calls } = await fateful();
    await expect(registry.runs.getRun({ id: "r" })).rejects.toThrow("there is no run");
    expect(calls).toEqual(["get"]);
  });

  it("ends with the time that it was given", async () => {
    const { registry } = await fateful(...Array.from({ length: 100 }, () => "reset" as const));
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
    expect(calls).toEqual(["create"]);
  });
});
