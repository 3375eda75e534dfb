/**
 * The same searches on the same data by MLflow's own store and by ours.
 * @module
 */
import { spawnSync } from "node:child_process";
import { LifecycleView } from "@mintmark/proto/mintmark/tracking/v1/experiment";
import { needsPython, python } from "@mintmark/testing/needs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { searchExperiments } from "../experiments/search-experiments.ts";
import { searchLoggedModels } from "../logged-models/search-logged-models.ts";
import { searchModels } from "../models/search-models.ts";
import { searchRuns } from "../runs/search-runs.ts";
import { type RegistryDatabase, registryDatabase } from "../testing/database.ts";
import { searchVersions } from "../versions/search-versions.ts";
import { type Data, data, type LoggedModelSearch, type Search, type TextSearch } from "./testing/reference-data.ts";
import { seedReference } from "./testing/reference-seed.ts";

describe.runIf(needsPython(["mlflow"]))("a search finds what MLflow's own store finds, in its order", () => {
  let database: RegistryDatabase;
  let experimentIds: readonly string[];
  let theirs: readonly (readonly string[] | string)[];

  beforeAll(async () => {
    database = await registryDatabase();
    experimentIds = await seedReference(database.pool, data);
    theirs = reference({ ...data, searches });
  });
  afterAll(() => database.close());

  const searches = data.searches;
  it.each(searches.map((search, at) => [titleOf(search), search, at] as const))("%s", async (_title, search, at) => {
    const expected = theirs[at]!;
    // The tests would prove little if most of the searches found nothing, or everything failed.
    expect(typeof expected === "string" ? expected : expected.length > 0).toBe(
      search.fails ? "INVALID_PARAMETER_VALUE" : true,
    );
    if (search.fails) await expect(find(search)).rejects.toThrow(/ is wrong at character \d+: /);
    else expect(await find(search)).toEqual(expected);
  });

  /** All pages of three. */
  async function find(search: Search): Promise<string[]> {
    const found: string[] = [];
    let token = "";
    do {
      const page = await findPage(search, token);
      found.push(...page.found);
      token = page.next;
    } while (token !== "");
    return found;
  }

  async function findPage(search: Search, pageToken: string): Promise<{ found: string[]; next: string }> {
    const { db } = database;
    const asked = { filter: search.filter, pageSize: 3, pageToken };
    const ids = search.experiments.map((at) => experimentIds[at]!);
    if (search.what === "loggedModels") {
      const { datasets, order: orderBy } = search;
      const { models, next } = await searchLoggedModels(db, { ...asked, experimentIds: ids, datasets, orderBy });
      return { found: models.map(({ id }) => id.slice(2)), next };
    }
    const request = { ...asked, orderBy: search.order };
    switch (search.what) {
      case "runs": {
        const { runs, next } = await searchRuns(db, { ...request, experimentIds: ids, view: views[search.view] });
        return { found: runs.map(({ id }) => id), next };
      }
      case "experiments": {
        const { experiments, next } = await searchExperiments(db, { ...request, view: LifecycleView.ALL });
        return { found: experiments.map(({ name }) => name).filter((name) => name !== "Default"), next };
      }
      case "models": {
        const { models, next } = await searchModels(db, request);
        return { found: models.map(({ shown_name }) => shown_name), next };
      }
      case "versions": {
        const { versions, next } = await searchVersions(db, request);
        return { found: versions.map(({ shown_name, number }) => `${shown_name}/${number}`), next };
      }
    }
  }
});

const views = { active: LifecycleView.ACTIVE, deleted: LifecycleView.DELETED, all: LifecycleView.ALL };

function titleOf(search: TextSearch | LoggedModelSearch): string {
  const order = search.order.map((item) => (typeof item === "string" ? item : `${item.field} ${item.descending}`));
  return `${search.what}: ${[search.filter || "all", ...order].join(", ")}${search.view === "active" ? "" : `, ${search.view}`}`;
}

function reference(input: Data): readonly (readonly string[] | string)[] {
  const script = new URL("./testing/reference.py", import.meta.url).pathname;
  const { status, stdout, stderr } = spawnSync(python, [script], {
    input: JSON.stringify(input),
    encoding: "utf8",
    timeout: 220_000,
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`the reference ended with ${status}:\n${stderr.slice(-4_000)}`);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
}
