/**
 * Lists what an MLflow server has: experiments, runs, logged models, registered models with their versions, and files.
 * @module
 */
import { AppError } from "@mintmark/errors";
import type {
  SourceExperiment,
  SourceLoggedModel,
  SourceMetric,
  SourceModel,
  SourceRun,
  SourceVersion,
  Whole,
} from "./records.ts";
import { everyPage, everything, isMissing, type MlflowSource } from "./source.ts";

const api = "/api/2.0/mlflow";

export function listExperiments(source: MlflowSource, deleted: boolean): Promise<SourceExperiment[]> {
  const request = { max_results: 1000, view_type: deleted ? "ALL" : "ACTIVE_ONLY" };
  return everything(
    everyPage("experiments", (page) => source.post(`${api}/experiments/search`, { ...request, ...page })),
  );
}

/** The runs of an experiment, page by page, parents before children. */
export function listRuns(
  source: MlflowSource,
  experimentId: string,
  deleted: boolean,
): AsyncGenerator<readonly SourceRun[]> {
  const request = {
    experiment_ids: [experimentId],
    run_view_type: deleted ? "ALL" : "ACTIVE_ONLY",
    max_results: 200,
    order_by: ["attributes.start_time ASC"],
  };
  return everyPage("runs", (page) => source.post(`${api}/runs/search`, { ...request, ...page }));
}

export async function findRun(source: MlflowSource, run_id: string): Promise<SourceRun | undefined> {
  const found = await orMissing(source.get<{ run: SourceRun }>(`${api}/runs/get`, { run_id }));
  return found?.run;
}

/** Every value of a metric, page by page. */
export function metricHistory(
  source: MlflowSource,
  run_id: string,
  metric_key: string,
): AsyncGenerator<readonly SourceMetric[]> {
  const request = { run_id, metric_key, max_results: 25_000 };
  return everyPage("metrics", (page) => source.get(`${api}/metrics/get-history`, { ...request, ...page }));
}

/** None of a server before MLflow 3. */
export async function* listLoggedModels(
  source: MlflowSource,
  experimentId: string,
): AsyncGenerator<readonly SourceLoggedModel[]> {
  const request = {
    experiment_ids: [experimentId],
    max_results: 50,
    order_by: [{ field_name: "creation_timestamp", ascending: true }],
  };
  try {
    yield* everyPage("models", (page) => source.post(`${api}/logged-models/search`, { ...request, ...page }));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

export async function findLoggedModel(source: MlflowSource, id: string): Promise<SourceLoggedModel | undefined> {
  const found = await orMissing(
    source.get<{ model: SourceLoggedModel }>(`${api}/logged-models/${encodeURIComponent(id)}`),
  );
  return found?.model;
}

/** Models and prompts. */
export async function listModels(source: MlflowSource): Promise<SourceModel[]> {
  const byName = new Map<string, SourceModel>();
  for (const filter of ["", promptsOnly]) {
    const request = { max_results: 1000, ...(filter === "" ? {} : { filter }) };
    const pages = everyPage<SourceModel>("registered_models", (page) =>
      source.get(`${api}/registered-models/search`, { ...request, ...page }),
    );
    for (const model of await everything(pages)) byName.set(model.name, model);
  }
  return [...byName.values()];
}

/** A search that does not ask for prompts does not find them. */
const promptsOnly = "tags.`mlflow.prompt.is_prompt` = 'true'";

/** @throws AppError IMPORT_SOURCE_NOT_FOUND */
export async function getModel(source: MlflowSource, name: string): Promise<SourceModel> {
  const found = await orMissing(
    source.get<{ registered_model: SourceModel }>(`${api}/registered-models/get`, { name }),
  );
  if (found !== undefined) return found.registered_model;
  throw new AppError("IMPORT_SOURCE_NOT_FOUND", { what: "registered model", name, source: source.url });
}

/** In the order of their numbers. */
export async function listVersions(source: MlflowSource, name: string): Promise<SourceVersion[]> {
  const quote = name.includes("'") ? '"' : "'";
  const named = `name=${quote}${name}${quote}`;
  const byNumber = new Map<string, SourceVersion>();
  for (const filter of [named, `${named} AND ${promptsOnly}`]) {
    const pages = everyPage<SourceVersion>("model_versions", (page) =>
      source.get(`${api}/model-versions/search`, { filter, max_results: 10_000, ...page }),
    );
    for (const version of await everything(pages)) byNumber.set(version.version, version);
  }
  return [...byNumber.values()].sort((a, b) => Number(a.version) - Number(b.version));
}

/** Where clients fetch the files of a version from. */
export async function downloadUri(source: MlflowSource, { name, version }: SourceVersion): Promise<string> {
  const found = await source.get<{ artifact_uri: string }>(`${api}/model-versions/get-download-uri`, { name, version });
  return found.artifact_uri;
}

/** A folder of files at the source: of a run or of a logged model. */
export interface SourceFolder {
  readonly kind: "run" | "logged model";
  readonly id: string;
  readonly artifactUri: string;
}

export interface SourceFile {
  /** Below the folder, with `/` between parts. */
  readonly path: string;
  readonly size: number;
}

export async function listFiles(source: MlflowSource, folder: SourceFolder): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  const folders = [""];
  for (let path = folders.pop(); path !== undefined; path = folders.pop())
    for (const entry of await listFolder(source, folder, path))
      if (entry.isFolder) folders.push(entry.path);
      else files.push({ path: entry.path, size: entry.size });
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Where a file is to be had. */
export function downloadFile(source: MlflowSource, { kind, id, artifactUri }: SourceFolder, path: string) {
  const root = proxiedPath(artifactUri);
  if (root !== undefined)
    return source.download(`${proxy}/${`${root}/${path}`.split("/").map(encodeURIComponent).join("/")}`);
  if (kind === "run") return source.download("/get-artifact", { run_id: id, path });
  return source.download(`/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files`, { artifact_file_path: path });
}

const proxy = "/api/2.0/mlflow-artifacts/artifacts";

interface Listed {
  readonly path: string;
  readonly is_dir?: boolean;
  readonly file_size?: Whole;
}

interface Entry {
  readonly path: string;
  readonly isFolder: boolean;
  readonly size: number;
}

/** A server lists what it keeps by the proxy, by name; what lies elsewhere it looks up itself, and gives whole paths. */
async function listFolder(source: MlflowSource, folder: SourceFolder, path: string): Promise<Entry[]> {
  const root = proxiedPath(folder.artifactUri);
  const { files = [] } =
    root !== undefined
      ? await source.get<{ files?: Listed[] }>(proxy, { path: path === "" ? root : `${root}/${path}` })
      : folder.kind === "run"
        ? await source.get<{ files?: Listed[] }>(`${api}/artifacts/list`, {
            run_id: folder.id,
            ...(path === "" ? {} : { path }),
          })
        : await source.get<{ files?: Listed[] }>(
            `${api}/logged-models/${folder.id}/artifacts/directories`,
            path === "" ? {} : { artifact_directory_path: path },
          );
  return files.map(({ path: listed, is_dir, file_size }) => {
    const name = listed.slice(listed.lastIndexOf("/") + 1);
    return { path: path === "" ? name : `${path}/${name}`, isFolder: is_dir === true, size: Number(file_size ?? 0) };
  });
}

/** The path that the server's proxy, which a URI may name by its address, knows files by; `undefined` if they lie elsewhere. */
function proxiedPath(uri: string): string | undefined {
  const path = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(uri)?.[1];
  return path?.replace(/\/+$/, "");
}

async function orMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
