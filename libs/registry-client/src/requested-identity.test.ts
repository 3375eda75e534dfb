import { describe, expect, it } from "vitest";
import { requestCheck, requestedIdentity } from "./requested-identity.ts";

const digest = `blake3:${"ab".repeat(32)}`;
const registered = { model: "titanic", version: 3, semver: "1.2.0", digest };

describe("requestedIdentity", () => {
  const model = "main.default.titanic";
  it.each([
    ["titanic", { model }],
    ["models:/titanic/3", { model, version: 3 }],
    ["titanic/1.4.0", { model, semver: "1.4.0" }],
    ["titanic/Production", { model }],
    ["titanic/latest", { model }],
    ["titanic@champion", { model }],
    ["titanic@champion?at=2026-11-01T12:00:00Z", { model }],
    ["main.default.titanic@champion", { model }],
    ["team.prod.titanic", { model: "team.prod.titanic" }],
    ["a.b", { model: "main.default.a.b" }],
    ["a@b@champion", { model: "main.default.a@b" }],
    [`titanic@${digest}`, { model, digest }],
    ["runs:/0123456789abcdef0123456789abcdef/model", {}],
    ["m-0123456789abcdef0123456789abcdef", {}],
  ])("reads %s", (uri, identity) => {
    expect(requestedIdentity(uri)).toEqual(identity);
  });
});

describe("requestCheck", () => {
  it.each([
    "titanic",
    "main.default.titanic/3",
    "titanic/1.2.0",
    `titanic@${digest}`,
    `renamed@${digest}`,
    "runs:/0123456789abcdef0123456789abcdef/model",
  ])("takes what %s asks for", (uri) => {
    expect(requestCheck(uri, registered)).toMatchObject({ name: "request", ok: true });
  });

  it.each([
    ["iris", "got what was registered as 'titanic'; if the model was renamed since, ask for NAME@blake3:"],
    ["titanic/4", "asked for version 4, got 3"],
    ["titanic/1.3.0", "asked for semver 1.3.0, got 1.2.0"],
    [`titanic@blake3:${"00".repeat(32)}`, "asked for blake3:0000"],
  ])("refuses what %s does not ask for", (uri, message) => {
    const check = requestCheck(uri, registered);
    expect(check.ok).toBe(false);
    expect(check.detail).toContain(message);
  });
});
