import { expect, it } from "vitest";
import { readWorkerSettings } from "./settings.ts";

const environment = { MINTMARK_REGISTRY_URL: "http://r:1", QUEUE_URL: "redis://q", MINTMARK_KEY_DIR: "/keys" };

it("reads flags before the environment, and allows no sources and no files of its machine by default", () => {
  expect(readWorkerSettings(["--slots", "3", "--registry-url", "http://flag:2"], environment)).toEqual({
    registryUrl: "http://flag:2",
    token: undefined,
    queueUrl: "redis://q",
    slots: 3,
    job: { keyDirectory: "/keys", dataRoot: undefined, allowedSources: [] },
  });
});

it("reads prefixes of sources, one after each comma", () => {
  const sources = "https://data.example/open, s3://bucket/team/,";
  const { job } = readWorkerSettings([], { ...environment, MINTMARK_ALLOWED_SOURCES: sources });
  expect(job.allowedSources).toEqual(["https://data.example/open", "s3://bucket/team/"]);
});

it("finds the queue in the registry's database where no other is given", () => {
  const { queueUrl } = readWorkerSettings([], {
    ...environment,
    QUEUE_URL: undefined,
    DATABASE_URL: "postgres://u@h/db",
  });
  expect(new URL(queueUrl).host).toBe("h");
  expect(new URL(queueUrl).searchParams.get("options")).toContain("mintmark_queue");
});

it("names what is missing or wrong", () => {
  const { MINTMARK_KEY_DIR: _, ...incomplete } = environment;
  expect(() => readWorkerSettings([], incomplete)).toThrow("MINTMARK_KEY_DIR");
  expect(() => readWorkerSettings(["--slots", "0"], environment)).toThrow("--slots");
});
