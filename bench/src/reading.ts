/**
 * Reading data: against DuckDB by itself, and predicting a file by the command line against doing it in process.
 * @module
 */
import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { checkout, run } from "@mintmark/e2e/process";
import { embeddedStack } from "@mintmark/e2e/stack";
import { median, type Row, spread } from "./table.ts";

const rounds = 3;
const files = 10;
/** In all; 1 GiB. */
const bytes = Number(process.env["MINTMARK_BENCH_BYTES"] ?? 2 ** 30);
const askedRows = 200_000;

export async function reading(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "mintmark-bench-"));
  try {
    return [...(await readingFiles(folder)), await predictingFile(folder)];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Reading {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly columnsMiB: number;
}

async function readingFiles(folder: string): Promise<readonly Row[]> {
  const paths = Array.from({ length: files }, (_, index) => join(folder, `part-${index}.csv`));
  for (const [index, path] of paths.entries()) await writeCsv(path, index, bytes / files);
  const ratios: number[] = [];
  const memory: number[] = [];
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const theirs = await child<Reading>("read-child.ts", "duckdb", ...paths);
    const ours = await child<Reading>("read-child.ts", "ours", ...paths);
    ratios.push(ours.seconds / theirs.seconds);
    memory.push(ours.peakMiB / ours.columnsMiB);
    seconds.push(ours.seconds);
  }
  const size = `${files} CSV files, ${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return [
    {
      what: `reading and typing ${size} / DuckDB's read_csv with every row looked at`,
      measured: `${spread(ratios)} (${median(seconds).toFixed(1)} s)`,
      goal: "≤ 1.3",
      met: median(ratios) <= 1.3,
    },
    {
      what: "memory that this takes at its peak / the columns",
      measured: spread(memory),
      goal: "≤ 1.2",
      met: median(memory) <= 1.2,
    },
  ];
}

async function predictingFile(folder: string): Promise<Row> {
  const training = join(folder, "training.csv");
  await writeCsv(training, 1, 2_000 * 56);
  const asked = join(folder, "asked.csv");
  await writeCsv(asked, 2, Number.POSITIVE_INFINITY, askedRows);
  const file = join(folder, "training.yaml");
  writeFileSync(
    file,
    JSON.stringify({
      model: "asked",
      data: { source: "training.csv", target: "colour", drop: ["id"] },
      algorithm: { name: "gradient-boosting", params: { n_estimators: 50 } },
    }),
  );
  const stack = await embeddedStack();
  try {
    await stack.json("train", file);
    await stack.json("pull", "asked/1", "--out", join(folder, "model"));
    const over: number[] = [];
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const inProcess = await child<{ seconds: number }>("predict-child.ts", asked, join(folder, "model"));
      const began = performance.now();
      await stack.json("predict", "asked/1", "--data", asked, "--output", join(folder, "answers.json"));
      seconds.push((performance.now() - began) / 1_000);
      over.push(seconds.at(-1)! / (2 * inProcess.seconds + 0.7));
    }
    return {
      what: `predict --data of ${askedRows.toLocaleString("en")} rows / (2 × DuckDB and the kernel in process + 0.7 s)`,
      measured: `${spread(over)} (${median(seconds).toFixed(1)} s)`,
      goal: "≤ 1",
      met: median(over) <= 1,
    };
  } finally {
    await stack.stop();
  }
}

async function child<T>(script: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(process.execPath, [`${checkout}bench/src/${script}`, ...args], {
    timeoutMs: 600_000,
  });
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

/** Rows of numbers and two columns of words, about 48 bytes each, until the file has the size or the rows. */
async function writeCsv(path: string, seed: number, size: number, rows = Number.POSITIVE_INFINITY): Promise<void> {
  let state = seed + 1;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const stream = createWriteStream(path);
  stream.write("id,price,weight,count,share,clicks,member,colour\n");
  let written = 0;
  for (let row = 0; row < rows && written < size; ) {
    const lines: string[] = [];
    for (let n = 0; n < 2_000 && row < rows; n++, row++) {
      const colour = ["red", "green", "blue"][Math.floor(next() * 3)];
      const numbers = [row, (next() * 1_000).toFixed(3), (next() * 10).toFixed(2), Math.floor(next() * 100)];
      lines.push(
        [...numbers, next().toFixed(6), Math.floor(next() * 1e6), next() < 0.5 ? "yes" : "no", colour].join(","),
      );
    }
    const text = `${lines.join("\n")}\n`;
    written += text.length;
    if (!stream.write(text)) await new Promise((resolve) => stream.once("drain", resolve));
  }
  stream.end();
  await finished(stream);
}
