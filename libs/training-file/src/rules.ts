/**
 * What must hold between the parts of a training file, as far as it can be known without the data.
 * @module
 */
import { tasksOf } from "./algorithms.ts";
import type { TrainingConfig } from "./config.ts";
import { metricNames, metricsOf } from "./metrics.ts";
import { columnsOf } from "./preprocess.ts";
import type { Problem } from "./problems.ts";
import { suggestion } from "./suggest.ts";

/** The rules that the configuration breaks, in the order of the file. */
export function rulesBroken(config: TrainingConfig): Problem[] {
  return [
    ...storableText(config),
    ...task(config),
    ...target(config),
    ...features(config),
    ...steps(config),
    ...evaluation(config),
    ...naming(config),
  ];
}

// The registry keeps the configuration as JSON in its database, which holds neither.
function storableText(config: TrainingConfig): Problem[] {
  const text = JSON.stringify(config);
  const bad = text.includes("\\u0000") || /\\ud[89a-f]/i.test(text);
  return bad ? [{ path: "", message: "text must not contain NUL characters or halves of surrogate pairs" }] : [];
}

function task({ task, algorithm }: TrainingConfig): Problem[] {
  const possible = tasksOf[algorithm.name];
  if (task === null || possible.includes(task)) return [];
  return [{ path: "task", message: `${algorithm.name} does ${possible.join(" or ")}, not ${task}` }];
}

function target({ task, algorithm, data, evaluate }: TrainingConfig): Problem[] {
  if (task !== "clustering" && task !== "anomaly")
    return data.target === null
      ? [{ path: "data.target", message: `is missing: ${algorithm.name} learns to predict a column` }]
      : [];
  const problems: Problem[] = [];
  if (data.target !== null)
    problems.push({ path: "data.target", message: `must be absent: ${algorithm.name} learns without a target` });
  if (evaluate.folds > 0)
    problems.push({
      path: "evaluate.folds",
      message: `must be 0: ${algorithm.name} has no target to cross-validate on`,
    });
  return problems;
}

function features({ task, data }: TrainingConfig): Problem[] {
  const problems: Problem[] = [];
  if (data.target !== null && data.drop.includes(data.target))
    problems.push({ path: "data.drop", message: `must not contain the target "${data.target}"` });
  if (data.features === null) return problems;
  const twice = data.features.find((name, at) => data.features!.indexOf(name) !== at);
  if (twice !== undefined) problems.push({ path: "data.features", message: `names "${twice}" twice` });
  if (data.target !== null && data.features.includes(data.target))
    problems.push({ path: "data.features", message: `must not contain the target "${data.target}"` });
  const dropped = data.features.find((name) => data.drop.includes(name));
  if (dropped !== undefined)
    problems.push({ path: "data.features", message: `must not contain "${dropped}", which data.drop leaves out` });
  if (task === "text" && data.features.length !== 1)
    problems.push({ path: "data.features", message: `expected one column of text, got ${data.features.length}` });
  return problems;
}

function steps({ task, data, preprocess }: TrainingConfig): Problem[] {
  if (task === "text" && preprocess.length > 0)
    return [{ path: "preprocess", message: "must be absent: text is vectorised by the algorithm itself" }];
  return preprocess.flatMap((step, at) =>
    columnsOf(step).flatMap((column): Problem[] => {
      const path = `preprocess.${at}`;
      if (column === data.target) return [{ path, message: `"${column}" is the target, not a feature` }];
      if (data.features === null || data.features.includes(column)) return [];
      return [{ path, message: `"${column}" is not one of data.features${suggestion(column, data.features)}` }];
    }),
  );
}

function evaluation({ task, algorithm, evaluate }: TrainingConfig): Problem[] {
  const possible = task === null ? tasksOf[algorithm.name] : [task];
  const allowed = [...new Set(possible.flatMap((each) => metricsOf[each]))];
  const problems = (evaluate.metrics ?? []).flatMap((name, at): Problem[] => {
    const path = `evaluate.metrics.${at}`;
    if (allowed.includes(name)) return [];
    if (metricNames.includes(name))
      return [
        { path, message: `"${name}" is not a metric of ${possible.join(" or ")} (known: ${allowed.join(", ")})` },
      ];
    return [{ path, message: `has no metric "${name}"${suggestion(name, allowed)} (known: ${allowed.join(", ")})` }];
  });
  const classes = possible.some((each) => each === "classification" || each === "text");
  if (evaluate.positive !== null && !classes)
    problems.push({ path: "evaluate.positive", message: `must be absent: ${possible.join(" or ")} has no classes` });
  return problems;
}

function naming({ task, output, register }: TrainingConfig): Problem[] {
  const problems: Problem[] = [];
  if (output.labels !== null && task === "regression")
    problems.push({ path: "output.labels", message: "must be absent: regression predicts values, not labels" });
  if (task === "anomaly")
    for (const field of ["name", "labels"] as const)
      if (output[field] !== null)
        problems.push({
          path: `output.${field}`,
          message: "must be absent: anomaly detection answers 'anomaly_score' and 'is_anomaly'",
        });
  const twice = register.alias.find((name, at) => register.alias.indexOf(name) !== at);
  if (twice !== undefined) problems.push({ path: "register.alias", message: `names "${twice}" twice` });
  return problems;
}
