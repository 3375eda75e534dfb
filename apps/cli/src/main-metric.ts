/**
 * The one metric of a run that a list has room for.
 * @module
 */
import { metricsOf } from "@mintmark/training-file/metrics";

export interface MainMetric {
  readonly name: string;
  readonly value: number;
}

/** The first that its task is judged by; of a run of another maker the first by name, but for times of steps. */
export function mainMetric(metrics: Readonly<Record<string, number>>): MainMetric | undefined {
  const judged = Object.values(metricsOf).map(([first]) => first!);
  const others = Object.keys(metrics)
    .filter((name) => !/^(step|system)\//.test(name))
    .sort();
  const name = [...judged, ...others].find((each) => Object.hasOwn(metrics, each));
  return name === undefined ? undefined : { name, value: metrics[name]! };
}
