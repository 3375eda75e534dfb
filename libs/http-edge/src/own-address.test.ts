import { describe, expect, it } from "vitest";
import { ownAddress, requireOwnAddress } from "./own-address.ts";

const own = ownAddress(["mint.local"], "https://models.example/mint");

describe("a request without authentication", () => {
  it.each([
    ["127.0.0.1:8082", undefined],
    ["localhost", "http://localhost"],
    ["localhost:80", "http://localhost"],
    ["LocalHost:8080", "http://localhost:8080"],
    ["127.0.0.2:8082", "http://127.0.0.2:8082"],
    ["127.0.0.1:8443", "https://127.0.0.1:8443"],
    ["mint.local:8080", "http://mint.local:8080"],
    ["[::1]:8082", "http://[::1]:8082"],
    ["LOCALHOST:1", undefined],
    ["models.example", "https://models.example"],
    ["127.0.0.1:8080", "https://models.example"],
  ])("to %s from %s passes", (host, origin) => {
    expect(() => requireOwnAddress({ host, origin }, own)).not.toThrow();
  });

  it.each([
    [undefined, undefined],
    ["evil.example", undefined],
    ["127.0.0.1.evil.example", undefined],
    ["127.0.0.1:8082", "http://evil.example"],
    ["127.0.0.1:8082", "http://localhost.evil.example"],
    ["127.0.0.1:8082", "null"],
    ["127.0.0.1:8082", ""],
    ["127.0.0.1:8082", "http://127.0.0.1:3000"],
    ["127.0.0.1:8082", "http://127.0.0.1"],
    ["localhost", "http://localhost:3000"],
    ["localhost", "https://localhost"],
    ["127.0.0.1:8082", "http://localhost:8082"],
    ["127.0.0.1:8082", "chrome-extension://127.0.0.1:8082"],
    ["mint.local:8080", "http://mint.local:3000"],
    ["models.example", "http://models.example:3000"],
  ])("to %s from %s is refused", (host, origin) => {
    expect(() => requireOwnAddress({ host, origin }, own)).toThrow("foreign");
  });
});
