import { describe, expect, it } from "vitest";
import { accessTo, httpUrl, oneOf, portNumber, required, SettingError, settingsOf, wholeNumber } from "./settings.ts";

describe("settingsOf", () => {
  const setting = settingsOf(
    { "mintmark-key-dir": "/flag", "queue-url": undefined, insecure: true },
    { MINTMARK_KEY_DIR: "/variable", QUEUE_URL: "redis://q", DATABASE_URL: "" },
  );

  it("takes the flag of the variable's name before the variable", () => {
    expect(setting("MINTMARK_KEY_DIR")).toBe("/flag");
    expect(setting("QUEUE_URL")).toBe("redis://q");
  });

  it("takes what is empty, or a flag without a value, as not given", () => {
    expect([setting("DATABASE_URL"), setting("MINTMARK_PUBLIC_URL"), setting("INSECURE")]).toEqual(Array(3));
  });
});

describe("accessTo", () => {
  it.each(["127.0.0.1", "127.0.0.2", "::1", "localhost"])(
    "leaves authentication off on %s, unless it is asked for",
    (host) => {
      expect(accessTo(host, undefined, false)).toEqual({ isLoopback: true, auth: false });
      expect(accessTo(host, "on", false)).toEqual({ isLoopback: true, auth: true });
    },
  );

  it("switches it on where others can reach the server, and off there only if somebody says that this is insecure", () => {
    expect(accessTo("0.0.0.0", undefined, false)).toEqual({ isLoopback: false, auth: true });
    expect(() => accessTo("0.0.0.0", "off", false)).toThrow("--host 0.0.0.0 is not loopback");
    expect(accessTo("0.0.0.0", "off", true)).toEqual({ isLoopback: false, auth: false });
  });
});

it.each([
  [() => required("A", undefined, "a directory"), "A is not set; expected a directory"],
  [() => portNumber("--port", "65536"), "--port expected a port, 0 to 65535, got '65536'"],
  [() => wholeNumber("--slots", "0", { min: 1, max: 64 }), "--slots expected a whole number, 1 to 64, got '0'"],
  [() => wholeNumber("--slots", "1e1", { min: 1, max: 64 }), "--slots expected a whole number, 1 to 64, got '1e1'"],
  [() => httpUrl("U", "redis://h"), "U expected http://HOST:PORT, got 'redis://h'"],
  [() => oneOf("L", "loud", ["info", "warn"]), "L expected one of info, warn, got 'loud'"],
  [() => accessTo("::1", "maybe", false), "--auth or MINTMARK_AUTH expected 'on' or 'off', got 'maybe'"],
])("names the setting, what it expected and what came (%#)", (read, message) => {
  expect(read).toThrow(new SettingError(message));
});
