import { afterAll, beforeAll, expect, it } from "vitest";
import { type TestRegistry, testRegistry } from "../testing/registry.ts";

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());

it("tells the public keys that the registry trusts, and which of them it signs with", async () => {
  const { keys } = await registry.client.keys.listKeys({});
  const known = [registry.keys.ed25519, registry.keys.p256].map(({ public: { id, algorithm, pem } }) => ({
    id,
    algorithm,
    pem,
  }));
  expect(keys.map(({ id, algorithm, pem }) => ({ id, algorithm, pem }))).toEqual(expect.arrayContaining(known));
  expect(keys.filter(({ own }) => own).map(({ id }) => id)).toEqual([registry.keys.ed25519.public.id]);
  expect(keys.every(({ pem }) => pem.startsWith("-----BEGIN PUBLIC KEY-----"))).toBe(true);
});
