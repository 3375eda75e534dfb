/**
 * Eight clients that send one kind of attack again and again, until the process is ended.
 * Arguments: which kind, the gateway's URL, the registry's URL, the token or "".
 * @module
 */
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { attacks } from "@mintmark/e2e/attack-kinds";

const [, , which, gateway, registry, token] = process.argv;
const attack = attacks[Number(which)]!;
const url = new URL((attack.to === "gateway" ? gateway : registry)!);
const body = attack.body();
const agent = new Agent({ keepAlive: true });
const headers = {
  "content-type": "application/json",
  "content-length": body.length,
  ...attack.headers,
  ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
};

process.send!("ready");
await Promise.all(
  Array.from({ length: 8 }, async () => {
    for (;;) {
      const status = await once();
      process.send!(status);
      // One whom the server does not even answer is not to spin.
      if (status === 0) await sleep(20);
    }
  }),
);

/** The status of the answer; 0 where the connection was cut. */
function once(): Promise<number> {
  return new Promise((resolve) => {
    const asked = request({ agent, host: url.hostname, port: url.port, method: "POST", path: attack.path, headers });
    asked.on("response", (answer) => {
      answer.resume();
      answer.on("close", () => resolve(answer.statusCode ?? 0));
    });
    asked.on("error", () => resolve(0));
    asked.end(body);
  });
}
