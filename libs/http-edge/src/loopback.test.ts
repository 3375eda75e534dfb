import { expect, it } from "vitest";
import { isLoopback } from "./loopback.ts";

it.each(["localhost", "LOCALHOST", "127.0.0.1", "127.0.0.2", "127.255.255.254", "::1", "[::1]", "::ffff:127.0.0.1"])(
  "%s is reached by this machine only",
  (host) => expect(isLoopback(host)).toBe(true),
);

it.each(["", "0.0.0.0", "::", "128.0.0.1", "127.0.0.256", "127.0.0.1.example", "localhost.example", "::2", "10.0.0.1"])(
  "%j may be reached by others",
  (host) => expect(isLoopback(host)).toBe(false),
);
