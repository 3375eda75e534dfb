import { create } from "@bufbuild/protobuf";
import { AppError } from "@mintmark/errors";
import { EventSchema } from "@mintmark/proto/mintmark/registry/v1/event";
import { describe, expect, it } from "vitest";
import { openAccess, tokenAccess } from "./access.ts";

describe("openAccess", () => {
  const access = openAccess(["127.0.0.1", "mint.local"]);
  it.each([
    [{ host: "127.0.0.1:8080" }],
    [{ host: "localhost" }],
    [{ host: "127.0.0.2:8080", origin: "http://127.0.0.2:8080" }],
    [{ host: "[::1]:8080" }],
    [{ host: "mint.local:80" }],
    [{ host: "LocalHost:8080", origin: "http://localhost:8080" }],
  ])("lets %o pass", (headers) => expect(access.check(headers)).toBeUndefined());
  it.each([
    [{ host: "evil.example" }, "Host 'evil.example' is foreign"],
    [{ host: "127.0.0.1.evil.example:8080" }, "Host '127.0.0.1.evil.example:8080' is foreign"],
    [{}, "Host '' is foreign"],
    [{ host: "127.0.0.1:8080", origin: "https://evil.example" }, "Origin 'https://evil.example' is foreign"],
    [{ host: "127.0.0.1:8080", origin: "http://localhost:3000" }, "Origin 'http://localhost:3000' is foreign"],
    [{ host: "127.0.0.1:8080", origin: "null" }, "Origin 'null' is foreign"],
  ])("refuses %o", (headers, message) => expect(() => access.check(headers)).toThrow(message));
});

describe("tokenAccess", () => {
  const good = { authorization: "Bearer mm_a_b" };
  it("asks once, then remembers, until a token is revoked", async () => {
    let asked = 0;
    const access = tokenAccess(async () => {
      asked += 1;
    });
    await access.check(good);
    expect(access.check(good)).toBeUndefined();
    expect(access.known(good)).toBe(true);
    access.event(create(EventSchema, { kind: "token.revoked" }));
    expect(access.known(good)).toBe(false);
    await access.check(good);
    expect(asked).toBe(2);
  });
  it("remembers nothing of a token that was refused", async () => {
    const access = tokenAccess(() => Promise.reject(new Error("refused")));
    await expect(access.check(good)).rejects.toThrow("refused");
    expect(access.known(good)).toBe(false);
  });
  it("asks once about a token that is none, for a moment, however often it comes; a failure that may pass it asks again", async () => {
    let asked = 0;
    let error: Error = new AppError("TOKEN_INVALID", {});
    const access = tokenAccess(async () => {
      asked += 1;
      throw error;
    });
    const answers = await Promise.allSettled([access.check(good), access.check(good)]);
    expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(() => access.check(good)).toThrow(error);
    expect(asked).toBe(1);
    error = new Error("the registry is away");
    const other = { authorization: "Bearer mm_c_d" };
    for (const _ of [1, 2]) await expect(access.check(other)).rejects.toThrow("away");
    expect(asked).toBe(3);
  });
  it("refuses a request without a token", () => {
    expect(() => tokenAccess(async () => {}).check({})).toThrow("a token is required");
  });
});
