import { type Certificate, makeCertificate, needsOpenssl } from "@mintmark/testing/certificate";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Answering, type Receiver, receiver } from "../testing/receiver.ts";
import { type ReceiverRules, receiverRules } from "./receiver-address.ts";
import { type SendOptions, send } from "./send.ts";

const hasOpenssl = needsOpenssl();
const message = { headers: { "content-type": "application/json", "x-mlflow-signature": "v1,x" }, body: '{"ü":1}' };

let receivers: Receiver[] = [];
afterEach(async () => {
  for (const one of receivers) await one.close();
  receivers = [];
});

async function start(...args: Parameters<typeof receiver>): Promise<Receiver> {
  const one = await receiver(...args);
  receivers.push(one);
  return one;
}

function sent(url: string, more: Partial<SendOptions> = {}) {
  const options = { rules: receiverRules("127.0.0.1"), timeoutMs: 5_000, signal: new AbortController().signal };
  return send(url, message, { ...options, ...more });
}

const redirect =
  (status: number, location: string): Answering =>
  (_, response) =>
    void response.writeHead(status, { location }).end();

describe("a message", () => {
  it("arrives as it is, and the answer comes back", async () => {
    const there = await start((_, response) => void response.writeHead(201).end("made"));
    expect(await sent(there.url)).toEqual({ answer: { status: 201, body: "made" } });
    expect(there.received).toEqual([
      {
        path: "/hook",
        body: message.body,
        headers: expect.objectContaining({ ...message.headers, "content-length": "8" }),
      },
    ]);
  });

  it("is given up when the answer does not come in time, or does not end", async () => {
    const silent = await start(() => {});
    expect(await sent(silent.url, { timeoutMs: 100 })).toEqual({ error: "no answer within 0.1 s" });
    const endless = await start((_, response) => void response.writeHead(200).write("x"));
    expect(await sent(endless.url, { timeoutMs: 100 })).toEqual({ error: "no answer within 0.1 s" });
  });

  it("reads no more of an answer than 64 KiB", async () => {
    const flood = await start((_, response) => {
      const more = () => {
        while (response.write("x".repeat(10_000)));
        response.once("drain", more);
      };
      more();
    });
    const { answer } = (await sent(flood.url)) as { answer: { body: string } };
    expect(answer.body).toHaveLength(64 * 1024);
  });

  it("ends with whoever wanted it", async () => {
    const silent = await start(() => {});
    const ending = new AbortController();
    const outcome = sent(silent.url, { signal: ending.signal });
    await silent.until(1);
    ending.abort();
    expect(await outcome).toEqual({ error: expect.stringMatching(/abort/) });
  });
});

describe("a redirect", () => {
  it("is followed with the whole message where it keeps the method", async () => {
    const end = await start();
    for (const status of [307, 308])
      expect(await sent((await start(redirect(status, end.url))).url)).toHaveProperty("answer");
    expect(end.received.map(({ body }) => body)).toEqual([message.body, message.body]);
  });

  it("is an answer like any other where it asks for a GET", async () => {
    const end = await start();
    const { url } = await start(redirect(302, end.url));
    expect(await sent(url)).toEqual({ answer: { status: 302, body: "" } });
    expect(end.received).toEqual([]);
  });

  it("is followed three times", async () => {
    const loop = await start(redirect(307, "/again"));
    expect(await sent(loop.url)).toEqual({ error: expect.stringMatching(/redirected more than 3 times/) });
    expect(loop.received.map(({ path }) => path)).toEqual(["/hook", "/again", "/again", "/again"]);
  });

  it.each([
    ["a private address", "https://10.0.0.1/", /is at 10\.0\.0\.1/],
    ["the metadata of a cloud", "http://169.254.169.254/latest/", /is not https/],
    ["another port than the allowed", "http://127.0.0.1:9/", /is not https/],
    ["a password", "https://u:p@example.com/", /password/],
    ["another scheme", "file:///etc/passwd", /file:/],
  ])("to %s is refused", async (_, location, problem) => {
    const there = await start(redirect(307, location));
    const rules = receiverRules(new URL(there.url).host);
    expect(await sent(there.url, { rules })).toEqual({ error: expect.stringMatching(problem) });
  });
});

describe("a name that answers differently the second time", () => {
  it("gains nothing: the connection goes to the address that was checked", async () => {
    const there = await start();
    let asked = 0;
    const rules: ReceiverRules = {
      allowed: new Set(["rebound.test"]),
      resolve: async () => [{ address: ++asked === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }],
    };
    expect(await sent(there.url.replace("127.0.0.1", "rebound.test"), { rules })).toHaveProperty("answer");
    expect([asked, there.received[0]?.headers.host]).toEqual([1, `rebound.test:${new URL(there.url).port}`]);
  });

  it("is refused once it answers with a private address", async () => {
    const there = await start();
    const rules: ReceiverRules = { allowed: new Set(), resolve: async () => [{ address: "127.0.0.1", family: 4 }] };
    const { port } = new URL(there.url);
    expect(await sent(`https://rebound.test:${port}/`, { rules })).toEqual({
      error: expect.stringMatching(/is at 127\.0\.0\.1/),
    });
    expect(there.received).toEqual([]);
  });
});

describe.runIf(hasOpenssl)("over TLS", () => {
  let tls: Certificate;
  beforeAll(() => {
    tls = makeCertificate("DNS:hook.test");
  });
  afterAll(() => tls.remove());

  const named = (name: string): ReceiverRules => ({
    allowed: new Set([name]),
    resolve: async () => [{ address: "127.0.0.1", family: 4 }],
  });

  it("a certificate of the name that was asked for is accepted, though the connection goes to an address", async () => {
    const { url } = await start(undefined, tls);
    const outcome = await sent(url.replace("127.0.0.1", "hook.test"), { rules: named("hook.test"), ca: tls.cert });
    expect(outcome).toEqual({ answer: { status: 200, body: "" } });
  });

  it("a certificate of another name, or that nobody vouches for, is not", async () => {
    const there = await start(undefined, tls);
    const other = await sent(there.url.replace("127.0.0.1", "other.test"), {
      rules: named("other.test"),
      ca: tls.cert,
    });
    expect(other).toEqual({ error: expect.stringMatching(/does not match/) });
    const unknown = await sent(there.url.replace("127.0.0.1", "hook.test"), { rules: named("hook.test") });
    expect(unknown).toEqual({ error: expect.stringMatching(/self-signed/) });
    expect(there.received).toEqual([]);
  });
});
