import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AppError } from "@mintmark/errors";
import { beforeEach, describe, expect, it } from "vitest";
import { enterQuota, openQuotas, type Quotas } from "./quotas.ts";

let now = 0;
let quotas: Quotas;
beforeEach(() => {
  now = 1_000;
  quotas = openQuotas({ requests: 2, bytesPerMinute: 1_000 }, () => now);
});

const refusal = (token: string) => {
  try {
    quotas.enter(token).leave();
    return undefined;
  } catch (error) {
    const { reason, message, http } = error as AppError;
    return { reason, message, retryAfter: http.retryAfter };
  }
};

describe("a token", () => {
  it("has so many requests at once, whatever another has", () => {
    const first = quotas.enter("a");
    quotas.enter("a");
    expect(refusal("a")).toEqual({
      reason: "QUOTA_REQUESTS",
      message: expect.stringContaining("has 2 requests under way, and may have 2 at once"),
      retryAfter: 1,
    });
    expect(refusal("b")).toBeUndefined();
    first.leave();
    expect(refusal("a")).toBeUndefined();
  });

  it("has so many bytes a minute; what is under way then goes on", () => {
    const visit = quotas.enter("a");
    visit.spend(600);
    now += 20_000;
    visit.spend(600);
    expect(refusal("a")).toEqual({
      reason: "QUOTA_BYTES",
      message: expect.stringMatching(/1200 bytes .* may have 1000 .* in 40 s/),
      retryAfter: 40,
    });
    visit.spend(1);
    now += 40_000;
    expect(refusal("a")).toBeUndefined();
    visit.spend(999);
    expect(refusal("a")).toBeUndefined();
    visit.spend(1);
    expect(refusal("a")?.reason).toBe("QUOTA_BYTES");
  });
});

it("a request whose client has gone before it is taken in is over at once", async () => {
  const entered = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    // As if its token had been looked up meanwhile.
    response.once("close", () => {
      enterQuota(quotas, "a", request, response);
      entered.resolve();
    });
    request.socket.destroy();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  await expect(fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)).rejects.toThrow();
  await entered.promise;
  quotas.enter("a");
  expect(refusal("a")).toBeUndefined();
  server.close();
});

it("both directions of a request count when it is answered", async () => {
  const server = createServer(async (request, response) => {
    try {
      enterQuota(quotas, "a", request, response);
      for await (const _ of request);
      response.end("x".repeat(600));
    } catch (error) {
      response.writeHead(429).end((error as Error).message);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = async () => (await fetch(url, { method: "POST", body: "y".repeat(300) })).status;
  expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  server.closeAllConnections();
  server.close();
});
