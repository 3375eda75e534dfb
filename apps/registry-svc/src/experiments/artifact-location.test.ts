import { pathOfArtifactUri } from "@mintmark/registry-client";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RegistryDatabase, registryDatabase } from "../testing/database.ts";
import {
  artifactLocation,
  artifactOwner,
  loggedModelArtifactUri,
  runArtifactUri,
  runArtifactUriSql,
} from "./artifact-location.ts";

let database: RegistryDatabase;
beforeAll(async () => {
  database = await registryDatabase();
});
afterAll(() => database.close());

const locations = [
  "",
  "/",
  "///",
  "mlflow-artifacts:/",
  "mlflow-artifacts:/foo//",
  "s3://bucket/base/",
  "s3://bucket/a b/%2f",
];

it.each(locations)("is the same in SQL: %j", async (location) => {
  const { rows } = await sql<{ uri: string }>`select ${runArtifactUriSql(sql`${"r"}::text`)} as uri
    from (select 7::int as experiment_pk, ${location}::text as artifact_location) e`.execute(database.db);
  expect(rows[0]!.uri).toBe(runArtifactUri(7, location, "r"));
});

it("is this server where no location is given, and ends in no slash", () => {
  expect(artifactLocation(7, "")).toBe("mlflow-artifacts:/7");
  expect(runArtifactUri(7, "", "r")).toBe("mlflow-artifacts:/7/r/artifacts");
  expect(loggedModelArtifactUri(7, "s3://bucket/base//", "m-1")).toBe("s3://bucket/base/models/m-1/artifacts");
});

it("tells by the path of a file whose it is, wherever the experiment's files are", () => {
  const id = "0".repeat(31).concat("a");
  const fileOf = (uri: string) => `${pathOfArtifactUri(uri)}/model/MLmodel`;
  for (const location of ["", "mlflow-artifacts:/foo", "mlflow-artifacts:/"]) {
    expect(artifactOwner(fileOf(runArtifactUri(7, location, id)))).toEqual({ run: id, loggedModel: null });
    const ofModel = fileOf(loggedModelArtifactUri(7, location, `m-${id}`));
    expect(artifactOwner(ofModel)).toEqual({ run: null, loggedModel: id });
  }
  expect(artifactOwner("7/notes.txt")).toEqual({ run: null, loggedModel: null });
});
