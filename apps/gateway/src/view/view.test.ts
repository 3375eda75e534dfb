import pino from "pino";
import { expect, it } from "vitest";
import { registryDouble } from "../testing/registry-double.ts";
import { openView } from "./view.ts";

it("does not remember what would take the room of everything else", async () => {
  const registry = registryDouble();
  const freshness = { staleAfterMs: 60_000, refuseAfterMs: 60_000 };
  const view = openView(registry.client, freshness, [], pino({ level: "silent" }));
  await view.reached(registry.head());
  registry.models.set("light", { model: { name: "light", id: "l" } });
  const tags = { notes: "x".repeat(65 * 1024 * 1024) };
  registry.models.set("heavy", { model: { name: "heavy", id: "h", tags } });
  for (const name of ["light", "heavy"]) await view.model(name);
  expect([view.recallModel("light")?.model?.name, view.recallModel("heavy")]).toEqual(["light", undefined]);
  await view.close();
});
