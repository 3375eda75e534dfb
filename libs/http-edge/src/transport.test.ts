import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCertificate, needsOpenssl } from "@mintmark/testing/certificate";
import { describe, expect, it } from "vitest";
import { listenGuarded } from "./guarded-port.ts";
import { SettingError } from "./settings.ts";
import { transportSettings, transportTo } from "./transport.ts";

const clear = { cert: undefined, key: undefined, behindProxy: false };

describe("clear text", () => {
  it.each(["127.0.0.1", "localhost", "::1"])("is what %s speaks", (host) => {
    expect(transportTo(host, clear)).toBeUndefined();
  });

  it("is refused where others can reach it, with the ways out, unless a proxy stands in front", () => {
    expect(() => transportTo("0.0.0.0", clear)).toThrow(
      new SettingError(
        "--host 0.0.0.0 is not loopback, so tokens would be sent in clear text; give --tls-cert FILE and --tls-key FILE, or add --behind-proxy if a proxy in front ends TLS",
      ),
    );
    expect(transportTo("0.0.0.0", { ...clear, behindProxy: true })).toBeUndefined();
  });
});

it("flags win over variables", () => {
  const variables: Record<string, string> = {
    MINTMARK_TLS_CERT: "v",
    MINTMARK_TLS_KEY: "k",
    MINTMARK_BEHIND_PROXY: "on",
  };
  const setting = (name: string) => variables[name];
  expect(transportSettings({ "tls-cert": "f", "behind-proxy": false }, setting)).toEqual({
    cert: "f",
    key: "k",
    behindProxy: true,
  });
});

describe.runIf(needsOpenssl())("a certificate", () => {
  it("needs its own key", () => {
    const [one, other] = [makeCertificate("IP:127.0.0.1"), makeCertificate("IP:127.0.0.1")];
    const given = { cert: one.certFile, behindProxy: false };
    expect(transportTo("0.0.0.0", { ...given, key: one.keyFile })).toMatchObject({ cert: Buffer.from(one.cert) });
    expect(() => transportTo("0.0.0.0", { ...given, key: other.keyFile })).toThrow(/cannot be used: .*mismatch/);
    expect(() => transportTo("127.0.0.1", { ...given, key: undefined })).toThrow("without --tls-key");
    for (const { remove } of [one, other]) remove();
  });

  it("guards a port: who does not shake hands is closed, and an idle connection too", async () => {
    const { cert, key, remove } = makeCertificate("IP:127.0.0.1");
    const server = createHttp2({}, (_, response) => response.end("ok"));
    const limits = { headersMs: 150, idleMs: 150, stallMs: 150, maxConnections: 5 };
    const tls = { cert: Buffer.from(cert), key: Buffer.from(key) };
    const port = await listenGuarded({ host: "127.0.0.1", port: 0, limits, tls }, (socket) =>
      server.emit("connection", socket),
    );
    port.guard.watchHttp2(server);
    const silent = connect(port.port, "127.0.0.1").on("error", () => {});
    const gone = once(silent, "close");
    const session: ClientHttp2Session = connectHttp2(`https://127.0.0.1:${port.port}`, { ca: cert });
    const closed = once(session, "close");
    const [chunk] = await once(session.request({ ":path": "/" }), "data");
    expect(String(chunk)).toBe("ok");
    await closed;
    await gone;
    while (port.guard.size() > 0) await sleep(10);
    await port.close();
    remove();
  });
});
