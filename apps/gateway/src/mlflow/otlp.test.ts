import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "../server.ts";
import { ask } from "../testing/http.ts";

const keyDir = mkdtempSync(join(tmpdir(), "mintmark-gateway-"));
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({
    host: "127.0.0.1",
    port: 0,
    grpcPort: 0,
    registryUrl: "http://127.0.0.1:9",
    token: undefined,
    auth: true,
    keyDir,
    freshness: { staleAfterMs: 5_000, refuseAfterMs: 300_000 },
    log: pino({ level: "silent" }),
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(keyDir, { recursive: true });
});

it("takes spans from nobody without a token, and says so in MLflow's form", async () => {
  const answer = await ask(`http://127.0.0.1:${gateway.port}`, "/v1/traces", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "x-mlflow-experiment-id": "0" },
    body: "",
  });
  expect(answer.status).toBe(401);
  expect(answer.headers["www-authenticate"]).toContain("Bearer");
  expect(JSON.parse(answer.text)).toMatchObject({ error_code: "UNAUTHENTICATED" });
});
