"""What Mintmark's worker trained, seen and loaded by MLflow's clients.

Run with MLFLOW_TRACKING_URI (and credentials) set, the folder of the data as first argument, and `model:target` for each model;
prints what it saw as one JSON document.
"""

import hashlib
import json
import sys

import matplotlib

matplotlib.use("Agg")
import mlflow
import pandas as pd
from mlflow import MlflowClient

folder, *models = sys.argv[1:]
client = MlflowClient()


def records(answer):
    return json.loads(pd.DataFrame(answer).to_json(orient="records", double_precision=15))


def predictions(uri, rows):
    return records(mlflow.pyfunc.load_model(uri).predict(rows))


def evaluated(uri, data, target):
    """What MLflow's evaluator makes of the model and of its own predictions, which have to be the same."""
    kind = "regressor" if data[target].dtype.kind == "f" else "classifier"
    inputs = data.drop(columns=target)
    answer = pd.DataFrame(mlflow.pyfunc.load_model(uri).predict(inputs))
    table = data.assign(answer=answer[answer.columns[0]])
    with mlflow.start_run():
        of_model = mlflow.models.evaluate(uri, data, targets=target, model_type=kind)
    with mlflow.start_run():
        of_table = mlflow.models.evaluate(data=table, targets=target, predictions="answer", model_type=kind)
    metric = "mean_absolute_error" if kind == "regressor" else "accuracy_score"
    return [kind, of_model.metrics[metric], of_table.metrics[metric]]


def seen_of(name, target):
    version = client.get_model_version_by_alias(name, "champion")
    run = client.get_run(version.run_id)
    [found] = mlflow.search_runs(
        search_all_experiments=True,
        filter_string=f"run_id = '{version.run_id}' AND tags.mlflow.source.type = 'JOB' AND dataset.context = 'training'",
        output_format="list",
    )
    [read] = run.inputs.dataset_inputs
    loaded = mlflow.data.get_source(read.dataset).load()
    plots = [file.path for file in client.list_artifacts(run.info.run_id, "plots")]
    svg = next(path for path in plots if path.endswith(".svg"))
    data = pd.read_csv(loaded)
    # MLflow's own check takes no integers for doubles.
    data = data.astype({column: "float64" for column in data.select_dtypes("number")})
    rows = data.drop(columns=target).head(20)
    by_alias = predictions(f"models:/{name}@champion", rows)
    of_run = f"runs:/{run.info.run_id}/model"
    again = mlflow.register_model(of_run, f"{name}-again")
    uris = [f"models:/{name}/{version.version}", f"models:/{name}/latest", of_run, f"models:/{again.name}/{again.version}"]
    session = mlflow.onnx.load_model(f"models:/{name}@champion")
    history = client.get_metric_history(run.info.run_id, "loss")
    return {
        "tags": {key: value for key, value in run.data.tags.items() if key.startswith("mlflow.")},
        "run": [run.info.run_name, run.info.user_id, run.info.status, found.info.run_id == run.info.run_id],
        "metrics": run.data.metrics,
        "params": run.data.params,
        "loss": [[point.step, point.value] for point in history],
        "plots": plots,
        "svg": open(mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=svg)).read(5),
        "input": [read.dataset.name, read.dataset.digest, json.loads(read.dataset.profile)["num_rows"]],
        "columns": [column["name"] for column in json.loads(read.dataset.schema)["columns"]],
        "data": hashlib.sha256(open(loaded, "rb").read()).hexdigest(),
        "file": loaded.rsplit("/", 1)[-1],
        "rows": json.loads(rows.to_json(orient="records", double_precision=15)),
        "predictions": by_alias,
        "differ": [uri for uri in uris if predictions(uri, rows) != by_alias],
        "evaluated": evaluated(f"models:/{name}@champion", data.head(300), target),
        "onnx": [output.name for output in session.graph.output],
    }


print(json.dumps({name: seen_of(name, target) for name, target in (model.split(":") for model in models)}))
