import { describe, expect, it } from "vitest";
import { requireOwnAddress } from "./own-address.ts";

const own = new Set(["models.example"]);

describe("a request without authentication", () => {
  it.each([
    ["127.0.0.1:8082", undefined],
    ["localhost", "http://localhost:8080"],
    ["127.0.0.2:8082", "http://127.0.0.2:8080"],
    ["[::1]:8082", "http://[::1]:8082"],
    ["LOCALHOST:1", undefined],
    ["models.example", "https://models.example"],
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
  ])("to %s from %s is refused", (host, origin) => {
    expect(() => requireOwnAddress({ host, origin }, own)).toThrow("foreign");
  });
});
