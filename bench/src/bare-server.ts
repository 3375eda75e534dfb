/**
 * The least that `node:http` can do: a constant body of the size that is given.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const body = "x".repeat(Number(process.argv[2]));
const headers = { "content-type": "application/json", "content-length": body.length };
const server = createServer((_, response) => {
  response.writeHead(200, headers);
  response.end(body);
}).listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
