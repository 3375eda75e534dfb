/**
 * What a parser costs against the size of what it is given: time of the processor, and memory that is allocated, at four sizes that
 * double, and the exponent that fits them (1: in proportion).
 *
 * Robust to other work on the machine: time of this process alone, the least of several measurements, and no verdict below a time that
 * only a cost above proportion reaches.
 * @module
 */
import { getHeapStatistics } from "node:v8";

export interface CostCase {
  readonly parser: string;
  readonly shape: string;
  /** The greatest size; the others are half of it each. */
  readonly size: number;
  /** An input of about so many bytes. */
  readonly make: (size: number) => unknown;
  /** May fail as the parser does with bad input. */
  readonly run: (input: never) => unknown;
}

export interface Cost {
  readonly parser: string;
  readonly shape: string;
  /** In the order of the sizes. */
  readonly sizes: readonly number[];
  /** Of the processor, in ms. */
  readonly ms: readonly number[];
  /** Allocated, in bytes. */
  readonly allocated: readonly number[];
  readonly timeExponent: number;
  readonly memoryExponent: number;
  /** What the greatest input was answered with, if with a failure. */
  readonly error: unknown;
}

/** A cost that grows faster than this is above proportion: n log n over these sizes is 1.1. */
const most = 1.5;
/** What no parser of ours needs in proportion for an input of the sizes here, on any machine: 0.5 s, and 512 MiB. */
const floorMs = 500;
const floorBytes = 512 * 2 ** 20;
/** A cost that is clear already need not be measured at greater sizes. */
const enoughMs = 4_000;

/** Measures one case: once, and again where that looks like too much; of each size the least counts. */
export async function costOf(given: CostCase): Promise<Cost> {
  let cost = await measured(given);
  for (let again = 0; again < 2 && costProblem(cost) !== undefined; again++) cost = lesser(cost, await measured(given));
  return cost;
}

async function measured({ parser, shape, size, make, run }: CostCase): Promise<Cost> {
  const sizes: number[] = [];
  const ms: number[] = [];
  const allocated: number[] = [];
  let error: unknown;
  for (const part of [8, 4, 2, 1]) {
    sizes.push(Math.ceil(size / part));
    const one = await once(run, make(sizes.at(-1)!));
    ms.push(one.ms);
    allocated.push(one.allocated);
    error = one.error;
    if (one.ms > enoughMs) break;
  }
  return fitted({ parser, shape, sizes, ms, allocated, error });
}

type Measured = Omit<Cost, "timeExponent" | "memoryExponent">;

function fitted(measured: Measured): Cost {
  const { sizes, ms, allocated } = measured;
  return {
    ...measured,
    timeExponent: exponent(sizes, ms, smallestMs),
    memoryExponent: exponent(sizes, allocated, smallestBytes),
  };
}

function lesser(a: Cost, b: Cost): Cost {
  const least = (of: "ms" | "allocated") =>
    a[of].slice(0, b.sizes.length).map((cost, at) => Math.min(cost, b[of][at]!));
  return fitted({ ...a, sizes: a.sizes.slice(0, b.sizes.length), ms: least("ms"), allocated: least("allocated") });
}

/** How V8 says that a stack, a text or a memory has come to its end. */
const usedUp = /^RangeError: .*(call stack|string length|allocation failed|array length)/i;

/** What is wrong with a cost; undefined if nothing is. */
export function costProblem({ ms, allocated, timeExponent, memoryExponent, error }: Cost): string | undefined {
  if (usedUp.test(String(error))) return `broke with ${String(error)}`;
  if (timeExponent > most && ms.at(-1)! > floorMs)
    return `takes ${ms.at(-1)!.toFixed(0)} ms, exponent ${timeExponent.toFixed(2)}`;
  if (memoryExponent > most && allocated.at(-1)! > floorBytes)
    return `allocates ${mebibytes(allocated.at(-1)!)} MiB, exponent ${memoryExponent.toFixed(2)}`;
  if (ms.at(-1)! > enoughMs) return `takes ${ms.at(-1)!.toFixed(0)} ms`;
  return undefined;
}

/** One line a parser: its most expensive shape. */
export function costTable(costs: readonly Cost[]): string {
  const worst = new Map<string, Cost>();
  for (const cost of costs) {
    const known = worst.get(cost.parser);
    if (known === undefined || cost.ms.at(-1)! > known.ms.at(-1)!) worst.set(cost.parser, cost);
  }
  const rows = [...worst.values()].map(({ parser, shape, sizes, ms, allocated, timeExponent, memoryExponent }) => [
    parser,
    shape,
    `${(sizes.at(-1)! / 1024).toFixed(0)} KiB`,
    ...ms.map((each) => each.toFixed(1)),
    timeExponent.toFixed(2),
    mebibytes(allocated.at(-1)!),
    memoryExponent.toFixed(2),
  ]);
  const head = ["parser", "its dearest shape", "8n", "ms: n", "2n", "4n", "8n", "exp.", "MiB", "exp."];
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => (row[at] ?? "").length)));
  return [head, ...rows]
    .map((row) => row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join("  "))
    .join("\n");
}

/** Below these, clocks and garbage collectors say more than the parser. */
const smallestMs = 0.5;
const smallestBytes = 256 * 1024;

/** The slope of a line through the logarithms. */
function exponent(sizes: readonly number[], costs: readonly number[], smallest: number): number {
  if (sizes.length < 2) return Number.POSITIVE_INFINITY;
  const x = sizes.map(Math.log);
  const y = costs.map((cost) => Math.log(cost + smallest));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const over = x.reduce((sum, value, at) => sum + (value - meanX) * (y[at]! - meanY), 0);
  return over / x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
}

async function once(run: (input: never) => unknown, input: unknown) {
  const bytes = allocatedBytes();
  const begin = process.cpuUsage();
  let error: unknown;
  try {
    await run(input as never);
  } catch (thrown) {
    error = thrown;
  }
  const { user, system } = process.cpuUsage(begin);
  return { ms: (user + system) / 1_000, allocated: allocatedBytes() - bytes, error };
}

/** By V8, since the start. */
function allocatedBytes(): number {
  return (getHeapStatistics() as unknown as { readonly total_allocated_bytes: number }).total_allocated_bytes;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
