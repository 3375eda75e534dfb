import { expect, it } from "vitest";
import { readWorkerSettings } from "./settings.ts";

const environment = { MINTMARK_REGISTRY_URL: "http://r:1", QUEUE_URL: "redis://q", MINTMARK_KEY_DIR: "/keys" };

it("reads flags before the environment, and allows no sources and no files of its machine by default", () => {
  expect(readWorkerSettings(["--slots", "3", "--mintmark-registry-url", "http://flag:2"], environment)).toEqual({
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

it.each([
  [[], { MINTMARK_KEY_DIR: "" }, "MINTMARK_KEY_DIR is not set"],
  [[], { QUEUE_URL: undefined }, "QUEUE_URL is not set"],
  [[], { MINTMARK_REGISTRY_URL: "here" }, "MINTMARK_REGISTRY_URL expected http://HOST:PORT, got 'here'"],
  [[], { QUEUE_URL: undefined, DATABASE_URL: "secret" }, "DATABASE_URL expected postgres://…"],
  [["--slots", "0"], {}, "--slots expected a whole number, 1 to 64, got '0'"],
])("names what is missing or wrong (%#)", (args, changes, message) => {
  expect(() => readWorkerSettings(args, { ...environment, ...changes })).toThrow(message);
});
