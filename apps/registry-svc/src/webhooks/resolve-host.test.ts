import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { resolveByDns, resolveTrusted } from "./resolve-host.ts";

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

describe("a name that anybody may give", () => {
  it("is asked of DNS, in both families", async () => {
    const servers = [await nameServer((query) => answer(query, ["1.1.1.1", "1.0.0.1"]))];
    expect(await resolveByDns("receiver.test", AbortSignal.timeout(5_000), servers)).toEqual([
      { address: "1.1.1.1", family: 4 },
      { address: "1.0.0.1", family: 4 },
    ]);
  });

  it("is loopback where that is what it says", async () => {
    const servers = [await nameServer((query) => answer(query, ["1.1.1.1"]))];
    for (const name of ["localhost", "x.localhost."])
      expect(await resolveByDns(name, AbortSignal.timeout(5_000), servers)).toEqual([
        { address: "127.0.0.1", family: 4 },
      ]);
  });

  it("that does not exist fails as such", async () => {
    const servers = [await nameServer(noSuchName)];
    await expect(resolveByDns("missing.test", AbortSignal.timeout(5_000), servers)).rejects.toMatchObject({
      code: "ENOTFOUND",
    });
  });

  it("holds up no file while nobody answers, and is given up with its caller", async () => {
    const servers = [await nameServer(() => undefined)];
    const caller = new AbortController();
    const waiting = Array.from({ length: 16 }, (_, n) => resolveByDns(`hole-${n}.test`, caller.signal, servers));
    const settled = Promise.allSettled(waiting);
    await readFile(import.meta.filename);
    caller.abort();
    const codes = (await settled).map((result) => result.status === "rejected" && result.reason.code);
    expect(new Set(codes)).toEqual(new Set(["ECANCELLED"]));
  });
});

it("a name of the operator's may stand in /etc/hosts", async () => {
  expect(["127.0.0.1", "::1"]).toContain((await resolveTrusted("localhost"))[0]!.address);
});

async function nameServer(reply: (query: Buffer) => Buffer | undefined): Promise<string> {
  const socket = createSocket("udp4");
  open.push(socket);
  socket.on("message", (query, { port, address }) => {
    const message = reply(query);
    if (message !== undefined) socket.send(message, port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return `127.0.0.1:${(socket.address() as AddressInfo).port}`;
}

const typeA = 1;

/** The addresses where IPv4 is asked for, else nothing. RFC 1035, section 4. */
function answer(query: Buffer, addresses: readonly string[]): Buffer {
  const question = questionOf(query);
  const wanted = question.readUInt16BE(question.length - 4) === typeA ? addresses : [];
  const records = wanted.map((address) =>
    Buffer.from([0xc0, 12, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]),
  );
  return Buffer.concat([header(query, 0, records.length), question, ...records]);
}

function noSuchName(query: Buffer): Buffer {
  return Buffer.concat([header(query, 3, 0), questionOf(query)]);
}

function header(query: Buffer, code: number, answers: number): Buffer {
  return Buffer.from([query[0]!, query[1]!, 0x81, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
}

/** The name, which ends with an empty part, its type and class. */
function questionOf(query: Buffer): Buffer {
  return query.subarray(12, query.indexOf(0, 12) + 5);
}
