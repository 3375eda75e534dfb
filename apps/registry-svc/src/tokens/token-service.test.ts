import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failureOf } from "../testing/failure.ts";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";
import { authenticateBy } from "./authentication.ts";
import { provideAdminToken, provideServiceTokens } from "./provide-tokens.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());
const tokens = () => registry.client.tokens;
const authenticate = (authorization: string | null) => authenticateBy(registry.deps.db)(authorization);

describe("a token", () => {
  it("ceases to be valid when it expires", async () => {
    const expireTime = timestampFromDate(new Date(Date.now() + 400));
    const { secret } = await tokens().createToken({ name: "short", expireTime });
    expect(await authenticate(`Bearer ${secret}`)).toMatchObject({ name: "short" });
    await sleep(500);
    await expect(authenticate(`Bearer ${secret}`)).rejects.toMatchObject({ reason: "TOKEN_INVALID" });
  });

  it("is not made to expire when no calendar says", async () => {
    const expireTime = { seconds: 10n ** 15n, nanos: 0 };
    expect((await failureOf(tokens().createToken({ name: "endless", expireTime }))).reason).toBe("REQUEST_INVALID");
  });

  it("is taken in any case of the scheme and as the password of any user, and nowhere else", async () => {
    const { secret } = await tokens().createToken({ name: "forms" });
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    for (const authorization of [`bearer ${secret}`, `BEARER  ${secret}`, basic(`:${secret}`), basic(`a:${secret}`)])
      expect(await authenticate(authorization)).toMatchObject({ name: "forms" });
    for (const authorization of [null, "", secret, `Token ${secret}`, "Basic"])
      await expect(authenticate(authorization)).rejects.toMatchObject({ reason: "TOKEN_MISSING" });
    for (const authorization of [basic(`${secret}:x`), `Bearer ${secret}0`, "Bearer mm_' or 1=1"])
      await expect(authenticate(authorization)).rejects.toMatchObject({ reason: expect.stringMatching("TOKEN_") });
  });

  it("is listed without its secret, page by page, and revoked once", async () => {
    for (const name of ["p1", "p2", "p3"]) await tokens().createToken({ name });
    const first = await tokens().listTokens({ pageSize: 2 });
    const second = await tokens().listTokens({ pageSize: 1000, pageToken: first.nextPageToken });
    const all = [...first.tokens, ...second.tokens];
    expect(all.map(({ name }) => name).slice(-3)).toEqual(["p1", "p2", "p3"]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const { id } = all.at(-1)!;
    const revoked = await tokens().revokeToken({ id });
    expect(revoked.token?.revokeTime).toBeDefined();
    expect((await tokens().revokeToken({ id })).token?.revokeTime).toEqual(revoked.token?.revokeTime);
    expect(await failureOf(tokens().revokeToken({ id: "nope" }))).toMatchObject({ reason: "TOKEN_NOT_FOUND" });
  });

  it("has a name that no other valid one has, whoever comes first", async () => {
    const made = await Promise.allSettled(Array.from({ length: 10 }, () => tokens().createToken({ name: "one" })));
    expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await failureOf(tokens().createToken({ name: "one" }))).toMatchObject({
      code: "AlreadyExists",
      reason: "TOKEN_NAME_TAKEN",
    });
    const [first] = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    await tokens().revokeToken({ id: first!.token!.id });
    await tokens().createToken({ name: "one" });
  });

  it("of the administrator has a name of its own, whatever others are called", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mintmark-admin-token-"));
    const file = join(folder, "admin.token");
    const { db } = registry.deps;
    await tokens().createToken({ name: "admin" });
    const provided = async () => {
      await rm(file, { force: true });
      await provideAdminToken(db, file);
      return (await readFile(file, "utf8")).trim();
    };
    const [first, second] = [await provided(), await provided()];
    expect(await authenticate(`Bearer ${first}`)).toMatchObject({ name: "admin-2" });
    expect(await authenticate(`Bearer ${second}`)).toMatchObject({ name: "admin-3" });
    await rm(folder, { recursive: true });
  });

  it.each(["", " ", "x".repeat(101), "a\nb"])("may not be called %j", async (name) => {
    expect(await failureOf(tokens().createToken({ name }))).toMatchObject({ reason: "REQUEST_INVALID" });
  });

  it("of a neighbour is replaced at the next start, and the one before is revoked", async () => {
    const text = (digit: string) => `mm_${digit.repeat(16)}_${digit.repeat(64)}`;
    for (const digit of ["1", "1", "2"])
      await provideServiceTokens(registry.deps.db, `gateway=${text(digit)},worker=${text("3")}`);
    expect(await authenticate(`Bearer ${text("2")}`)).toMatchObject({ name: "gateway" });
    expect(await authenticate(`Bearer ${text("3")}`)).toMatchObject({ name: "worker" });
    await expect(authenticate(`Bearer ${text("1")}`)).rejects.toMatchObject({ reason: "TOKEN_INVALID" });
    await expect(provideServiceTokens(registry.deps.db, "gateway=secret")).rejects.toMatchObject({
      reason: "REQUEST_INVALID",
    });
  });
});

it("says who is calling where authentication is off", async () => {
  expect((await tokens().getCaller({})).caller).toMatchObject({ name: "admin", role: "admin", tokenId: "" });
});
