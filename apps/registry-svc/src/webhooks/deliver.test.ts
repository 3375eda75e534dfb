import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import {
  type WebhookDelivery,
  WebhookDeliveryStatus,
  WebhookStatus,
} from "@mintmark/proto/mintmark/registry/v1/webhook";
import { connectRegistry } from "@mintmark/registry-client";
import pino from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Answering, type Receiver, receiver } from "../testing/receiver.ts";
import { type TestRegistry, testRegistry, writeKeys } from "../testing/registry.ts";
import { type Deliveries, type DeliverySettings, deliverySettings, startDeliveries } from "./deliver.ts";
import { deliveryHeaders } from "./signature.ts";

const { PENDING, DELIVERED, DEAD } = WebhookDeliveryStatus;

let registry: TestRegistry;
let receivers: Receiver[];
let loops: Deliveries[];
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.close());
beforeEach(() => {
  receivers = [];
  loops = [];
});
afterEach(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  const { webhooks } = await registry.client.webhooks.listWebhooks({});
  for (const { id } of webhooks) await registry.client.webhooks.deleteWebhook({ id });
  await Promise.all(receivers.map((one) => one.close()));
});

function loop(settings: Partial<DeliverySettings> = {}): Deliveries {
  const begun = startDeliveries(
    { ...registry.deps, log: pino({ level: "silent" }) },
    { ...deliverySettings, ...settings },
  );
  loops.push(begun);
  return begun;
}

async function hook(answer?: Answering, more: object = {}): Promise<Receiver & { id: string }> {
  const there = await receiver(answer);
  receivers.push(there);
  const request = { name: "hook", url: there.url, events: ["registered_model.created"], ...more };
  return { ...there, id: (await registry.client.webhooks.createWebhook(request)).webhook!.id };
}

let models = 0;
async function change(count = 1): Promise<string[]> {
  const names = Array.from({ length: count }, () => `m-${models++}`);
  for (const name of names) await registry.client.models.createModel({ name });
  return names;
}

async function deliveries(webhookId: string): Promise<readonly WebhookDelivery[]> {
  return (await registry.client.webhooks.listWebhookDeliveries({ webhookId })).deliveries;
}

/** Waits until the newest delivery is as expected: the receiver answers before the registry has noted it. */
async function newest(webhookId: string, isIt: (delivery: WebhookDelivery) => boolean): Promise<WebhookDelivery> {
  for (let waited = 0; ; waited += 10) {
    const [first] = await deliveries(webhookId);
    if (first !== undefined && isIt(first)) return first;
    if (waited > 10_000) throw new Error(`the delivery stays at ${JSON.stringify(first?.error)} in ${first?.status}`);
    await sleep(10);
  }
}

const modelOf = ({ body }: { body: string }) => JSON.parse(body).data.name as string;

describe("deliveries", () => {
  it("are signed, and arrive in the order of the changes, each once", async () => {
    const { id, received, until } = await hook(undefined, { secret: "s" });
    loop();
    const names = await change(30);
    await until(30);
    expect(received.map(modelOf)).toEqual(names);
    const { headers, body } = received[0]!;
    const at = new Date(Number(headers["x-mlflow-timestamp"]) * 1000);
    expect(Math.abs(at.getTime() - Date.now())).toBeLessThan(60_000);
    expect(headers).toMatchObject(
      deliveryHeaders({ id: String(headers["x-mlflow-delivery-id"]), body, secret: "s" }, at),
    );
    expect(await newest(id, ({ status }) => status === DELIVERED)).toMatchObject({
      event: "registered_model.created",
      attempts: 1,
      responseStatus: 200,
      error: "",
    });
  });

  it("are shared by several registries, each going out once", async () => {
    const hooks = await Promise.all(Array.from({ length: 4 }, () => hook()));
    for (let n = 0; n < 3; n++) loop();
    const names = await change(50);
    await Promise.all(hooks.map(({ until }) => until(50)));
    await sleep(100);
    for (const { received } of hooks) expect(received.map(modelOf).sort()).toEqual(names.sort());
  });

  it("that were queued while no registry ran are made up for", async () => {
    const { received, until } = await hook();
    const names = await change(3);
    loop();
    await until(3);
    expect(received.map(modelOf)).toEqual(names);
  });

  it("cost the database nothing while there are none", async () => {
    loop();
    await sleep(300);
    let asked = 0;
    const count = () => asked++;
    registry.database.pool.on("acquire", count);
    await sleep(300);
    registry.database.pool.off("acquire", count);
    expect(asked).toBe(0);
  });

  it("are not held up by a receiver that is slow", async () => {
    const slow = await hook(() => {});
    const quick = await hook();
    loop();
    await change(20);
    await quick.until(20);
    expect(slow.received).toHaveLength(1);
  });

  it("wait while the webhook is disabled, and go to its new address", async () => {
    const { id, received } = await hook();
    const there = await hook();
    await registry.client.webhooks.deleteWebhook({ id: there.id });
    await change();
    await registry.client.webhooks.updateWebhook({ id, status: WebhookStatus.DISABLED });
    loop({ lookMs: 20 });
    await sleep(150);
    expect(received).toEqual([]);
    await registry.client.webhooks.updateWebhook({ id, status: WebhookStatus.ACTIVE, url: there.url });
    await there.until(1);
  });
});

describe("a delivery that fails", () => {
  it("is tried again with the same id and body, and those behind it go on", async () => {
    const failing: Answering = ({ body }, response) => {
      const times = (seen.get(body) ?? 0) + 1;
      seen.set(body, times);
      response.writeHead(body.includes(first!) && times < 3 ? 500 : 200).end("out of order");
    };
    const seen = new Map<string, number>();
    const { id, received, until } = await hook(failing);
    const [first, second] = await change(2);
    loop({ firstMs: 50, lastMs: 100 });
    await until(4);
    expect(received.map(modelOf)).toEqual([first, second, first, first]);
    const ofFirst = received.filter((one) => modelOf(one) === first);
    expect(new Set(ofFirst.map(({ headers, body }) => `${headers["x-mlflow-delivery-id"]} ${body}`)).size).toBe(1);
    await newest(id, () => true);
    await newest(id, ({ status }) => status === DELIVERED);
    expect((await deliveries(id))[1]).toMatchObject({ status: DELIVERED, attempts: 3, responseStatus: 200, error: "" });
  });

  it("says why, and when it is tried next", async () => {
    const { id } = await hook((_, response) => void response.writeHead(503).end("back\nsoon"));
    await change();
    loop();
    const delivery = await newest(id, ({ error }) => error !== "");
    expect(delivery).toMatchObject({
      status: PENDING,
      attempts: 1,
      responseStatus: 503,
      error: "answered 503: back soon",
    });
    expect(delivery.nextAttemptTime).toBeDefined();
  });

  it("is dead when it has failed for too long, and is kept with its last error", async () => {
    const { id, received } = await hook((_, response) => void response.writeHead(400).end());
    await change();
    loop({ firstMs: 20, lastMs: 40, giveUpMs: 500 });
    const dead = await newest(id, ({ status }) => status === DEAD);
    expect(dead).toMatchObject({ responseStatus: 400, error: "answered 400" });
    expect(dead.nextAttemptTime).toBeUndefined();
    expect(dead.attempts).toBe(received.length);
    expect(dead.attempts).toBeGreaterThan(1);
  });

  it("is dead when its webhook was disabled for too long", async () => {
    const { id, received, until } = await hook();
    await change(1);
    await registry.client.webhooks.updateWebhook({ id, status: WebhookStatus.DISABLED });
    await registry.database.owner.pool.query(
      "update mintmark.webhook_delivery set created_at = created_at - interval '25 hours' where status = 1",
    );
    await registry.client.webhooks.updateWebhook({ id, description: "still disabled" });
    expect((await deliveries(id))[0]).toMatchObject({ status: PENDING });
    await registry.client.webhooks.updateWebhook({ id, status: WebhookStatus.ACTIVE });
    expect((await deliveries(id))[0]).toMatchObject({ status: DEAD, attempts: 0, error: "its webhook was disabled" });
    const [next] = await change(1);
    loop();
    await until(1);
    expect(received.map(modelOf)).toEqual([next]);
  });

  it("fails closed when the address has become a private one", async () => {
    const { id, received } = await hook();
    await change();
    const receiversNow = { allowed: new Set<string>(), resolve: registry.deps.webhooks.receivers.resolve };
    const webhooks = { ...registry.deps.webhooks, receivers: receiversNow };
    loops.push(startDeliveries({ ...registry.deps, webhooks, log: pino({ level: "silent" }) }));
    expect((await newest(id, ({ error }) => error !== "")).error).toMatch(/is not https/);
    expect(received).toEqual([]);
  });
});

describe("a registry that ends in the middle of a delivery", () => {
  it("in good order, gives it back at once", async () => {
    const silentOnce: Answering = (_, response, count) => void (count > 1 && response.end());
    const { received, until } = await hook(silentOnce);
    await change();
    const ending = loop({ firstMs: 3_600_000 });
    await until(1);
    await ending.stop();
    loop();
    await until(2);
    expect(received[1]?.headers["x-mlflow-delivery-id"]).toBe(received[0]?.headers["x-mlflow-delivery-id"]);
  });

  it("killed, leaves it to the next one", async () => {
    const directory = await mkdtemp(join(tmpdir(), "mintmark-hook-"));
    await writeKeys(join(directory, "keys"));
    const child = fork(new URL("../main.ts", import.meta.url), ["--port", "0"], {
      env: {
        PATH: process.env["PATH"],
        DATABASE_URL: registry.database.owner.url,
        MINTMARK_ARTIFACT_STORE: pathToFileURL(join(directory, "store")).href,
        MINTMARK_KEY_DIR: join(directory, "keys"),
        MINTMARK_WEBHOOK_ALLOW: "127.0.0.1",
        MINTMARK_LOG_LEVEL: "silent",
      },
    });
    const port = await readyPort(child);
    const silentOnce: Answering = (_, response, count) => void (count > 1 && response.end());
    const { id, received, until } = await hook(silentOnce);
    const client = connectRegistry({ baseUrl: `http://127.0.0.1:${port}`, httpVersion: "2" });
    await client.models.createModel({ name: "told-before-the-end" });
    await until(1);
    child.kill("SIGKILL");
    await once(child, "exit");
    client.close();

    loop();
    await sleep(100);
    expect(received).toHaveLength(1);
    // As if its lease had passed.
    await registry.database.owner.pool.query("update mintmark.webhook_delivery set due_at = now() where status = 1");
    await registry.database.owner.pool.query("notify mintmark_webhook");
    await until(2);
    expect(received[1]).toMatchObject({ body: received[0]?.body });
    expect(received[1]?.headers["x-mlflow-delivery-id"]).toBe(received[0]?.headers["x-mlflow-delivery-id"]);
    expect((await newest(id, ({ status }) => status === DELIVERED)).attempts).toBe(2);
    await rm(directory, { recursive: true });
  });
});

async function readyPort(child: ChildProcess): Promise<number> {
  const ended = once(child, "exit").then(() => Promise.reject(new Error("the registry ended before it was ready")));
  ended.catch(() => {});
  const [message] = (await Promise.race([once(child, "message"), ended])) as [{ port: number }];
  return message.port;
}
