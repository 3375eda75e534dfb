import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { HostEvents, StartHost } from "./host.ts";
import { Lane, type LaneLimits, type ModelSource } from "./lane.ts";
import type { Outcome, Task } from "./messages.ts";

const model = { signature: { inputs: [], outputs: [], schema: { columns: [] } }, bytes: 1, rowWork: 1 };
const limits: LaneLimits = { seconds: 30, waiting: 10, values: 100, memoryBytes: 2 ** 20 };
const body = { pieces: [Buffer.from("{}")], type: "json" } as const;
const source = (key: string): ModelSource => ({ key, files: async () => ({ onnx: [], mlmodel: Buffer.alloc(0) }) });

/** Hosts whose outcomes and ends the test decides. */
function hosts() {
  const started: (HostEvents & { readonly tasks: Task[]; killed: boolean })[] = [];
  /** What a host does with a task; nothing, for one that never ends. */
  let work: (task: Task) => Outcome | undefined = (task) =>
    task.type === "load" ? { type: "loaded", model } : { type: "scored", pieces: [Buffer.from(task.key)] };
  const start: StartHost = (events) => {
    const host = { ...events, tasks: [] as Task[], killed: false };
    started.push(host);
    return {
      send: async (task) => {
        host.tasks.push(task);
        const outcome = task.type === "unload" ? undefined : work(task);
        if (outcome !== undefined) events.outcome(outcome);
      },
      kill: () => {
        host.killed = true;
        events.ended({ cause: "memory" });
      },
    };
  };
  const does = (next: typeof work) => {
    work = next;
  };
  return { start, started, does };
}

const text = async (pieces: Promise<readonly Uint8Array[]>) => Buffer.concat(await pieces).toString();

describe("Lane", () => {
  it("loads a model once, and again in the host that is started after one has ended", async () => {
    const { start, started } = hosts();
    const lane = new Lane(start, limits);
    expect(await Promise.all([1, 2].map(() => text(lane.score(source("m"), body))))).toEqual(["m", "m"]);
    expect(started[0]!.tasks.map(({ type }) => type)).toEqual(["load", "score", "score"]);
    started[0]!.ended({ cause: "other", how: "ended by itself" });
    expect(await text(lane.score(source("m"), body))).toBe("m");
    expect(started[1]!.tasks.map(({ type }) => type)).toEqual(["load", "score"]);
  });

  it("ends a host that takes too long, says so, and lets who waited go on", async () => {
    const { start, started, does } = hosts();
    const lane = new Lane(start, { ...limits, seconds: 0.05 });
    await lane.load(source("m"));
    does((task) => (task.type === "score" ? undefined : { type: "loaded", model }));
    const late = lane.score(source("m"), body);
    const next = lane.score(source("m"), body);
    await expect(late).rejects.toMatchObject({ reason: "MODEL_RUN_TOO_LONG", detail: { seconds: 0.05, bytes: 2 } });
    does((task) =>
      task.type === "score" ? { type: "scored", pieces: [Buffer.from("after")] } : { type: "loaded", model },
    );
    expect(await text(next)).toBe("after");
    expect(started.map(({ killed }) => killed)).toEqual([true, false]);
  });

  it("says which limit a host ended at, and what else it ended of", async () => {
    const { start, started, does } = hosts();
    const lane = new Lane(start, limits);
    await lane.load(source("m"));
    does((task) => (task.type === "score" ? undefined : { type: "loaded", model }));
    for (const [how, reason] of [
      [{ cause: "memory" }, "MODEL_RUN_TOO_LARGE"],
      [{ cause: "other", how: "code 7" }, "MODEL_RUN_LOST"],
    ] as const) {
      const run = lane.score(source("m"), body);
      const at = started.length - (reason === "MODEL_RUN_TOO_LARGE" ? 1 : 0);
      await until(() => started[at]?.tasks.at(-1)?.type === "score");
      started[at]!.ended(how);
      await expect(run).rejects.toMatchObject({ reason });
    }
  });

  it("refuses what would wait behind too many", async () => {
    const { start, does, started } = hosts();
    const lane = new Lane(start, { ...limits, waiting: 2 });
    await lane.load(source("m"));
    does(() => undefined);
    const waiting = [1, 2].map(() => lane.score(source("m"), body));
    for (const each of waiting) each.catch(() => {});
    await expect(lane.score(source("m"), body)).rejects.toMatchObject({ reason: "MODEL_RUNS_BUSY" });
    await until(() => started[0]!.tasks.length === 2);
    lane.close();
    await expect(waiting[0]).rejects.toMatchObject({ reason: "MODEL_RUN_LOST" });
  });

  it("gives the host back after a while without a task, and starts another one when it is needed", async () => {
    const { start, started } = hosts();
    const lane = new Lane(start, { ...limits, idleSeconds: 0.02 });
    await lane.score(source("m"), body);
    await until(() => started[0]!.killed);
    expect(await text(lane.score(source("m"), body))).toBe("m");
    expect(started).toHaveLength(2);
  });

  it("does not remember a load that failed", async () => {
    const { start, does } = hosts();
    const lane = new Lane(start, limits);
    does(() => ({ type: "refused", reason: "MODEL_FILE_INVALID", detail: { file: "model.onnx", problem: "is bad" } }));
    await expect(lane.load(source("m"))).rejects.toThrow("model.onnx is not a model that can be served: is bad");
    does(() => ({ type: "loaded", model }));
    expect(await lane.load(source("m"))).toEqual(model);
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(2);
}
