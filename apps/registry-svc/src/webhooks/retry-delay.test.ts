import { expect, it } from "vitest";
import { deliverySettings } from "./deliver.ts";
import { retryDelayMs } from "./retry-delay.ts";

it("doubles from one second to one hour, at least half of it for sure", () => {
  const delays = (random: number) =>
    [1, 2, 3, 12, 13, 40, 5_000].map((attempts) => retryDelayMs(attempts, deliverySettings, random) / 1000);
  expect(delays(1)).toEqual([1, 2, 4, 2048, 3600, 3600, 3600]);
  expect(delays(0)).toEqual([0.5, 1, 2, 1024, 1800, 1800, 1800]);
});
