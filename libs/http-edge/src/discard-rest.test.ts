import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type DiscardLimits, discardRest } from "./discard-rest.ts";

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A server that refuses without reading. */
async function refusing(limits: DiscardLimits): Promise<number> {
  server = createServer((request, response) => {
    discardRest(request, response, limits);
    response.writeHead(401).end("no");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const mebibyte = 1024 * 1024;

/** Sends `sent` of the promised bytes, and looks for an answer only then. */
async function put(port: number, sent: number, promised: number, header = "") {
  const socket = connect(port, "127.0.0.1");
  socket.pause();
  const broken = new Promise<string>((resolve) => socket.once("error", (error) => resolve(error.message)));
  socket.write(`PUT / HTTP/1.1\r\nHost: x\r\n${header}Content-Length: ${promised}\r\n\r\n`);
  const written = new Promise((resolve) => socket.write(Buffer.alloc(sent), resolve));
  await Promise.race([written, broken]);
  const chunks: string[] = [];
  socket.on("data", (chunk) => chunks.push(String(chunk)));
  socket.resume();
  return {
    socket,
    text: () => chunks.join(""),
    closed: new Promise<void>((resolve) => socket.once("close", () => resolve())),
  };
}

it.each([
  ["keeps its connection", ""],
  ["wants it closed", "Connection: close\r\n"],
])("the answer reaches a client that first sends all, and %s", async (_, header) => {
  const port = await refusing({ bytes: 100 * mebibyte, ms: 10_000 });
  const { socket, text, closed } = await put(port, 30 * mebibyte, 30 * mebibyte, header);
  while (!text().includes("no")) await once(socket, "data");
  expect(text()).toMatch(/^HTTP\/1\.1 401 /);
  if (header === "") socket.destroy();
  await closed;
});

it("more than so many bytes are not read", async () => {
  const port = await refusing({ bytes: mebibyte, ms: 10_000 });
  const { closed } = await put(port, 60 * mebibyte, 1000 * mebibyte);
  await closed;
});

it("nor is it waited for them longer than so long", async () => {
  const port = await refusing({ bytes: mebibyte, ms: 20 });
  const { closed, text } = await put(port, 10, 1000);
  await closed;
  expect(text()).toContain("401");
});
