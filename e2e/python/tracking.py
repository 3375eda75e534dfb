"""Tracking: experiments and runs with parameters, metrics over steps, tags, data sets, files, nesting, search, and undo."""

import json
import math

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import mlflow
import numpy as np
import pandas
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

seen = {}
client = MlflowClient()


def refused(call) -> str:
    try:
        call()
    except MlflowException as error:
        return error.error_code
    return "no refusal"


experiment = client.create_experiment("tracking", tags={"team": "growth"})
mlflow.set_experiment("tracking")
seen["missing experiment"] = client.get_experiment_by_name("nowhere")
seen["experiment"] = [client.get_experiment(experiment).name, client.get_experiment(experiment).tags["team"]]
seen["same name"] = refused(lambda: client.create_experiment("tracking"))
seen["default"] = client.get_experiment("0").name

with mlflow.start_run(run_name="parent", tags={"stage": "dev"}, description="a note") as parent:
    mlflow.log_params({"depth": 3, "rate": 0.1, "long": "x" * 7000})
    for step in range(5):
        mlflow.log_metrics({"loss": 1 / (step + 1), "accuracy": step / 5}, step=step)
    mlflow.log_metric("strange", math.nan)
    mlflow.log_metric("endless", math.inf)
    mlflow.log_metric("early", 1.0, step=-3)
    mlflow.log_input(mlflow.data.from_numpy(np.eye(3), name="eye"), context="validation")
    for child in range(3):
        with mlflow.start_run(run_name=f"child {child}", nested=True):
            mlflow.log_metric("accuracy", child / 3)
            mlflow.log_param("depth", child)
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "plots/line.png")
    mlflow.log_dict({"a": [1, 2]}, "data/dict.json")
    mlflow.log_text("grüße", "text/ünïcode name.txt")
    mlflow.log_text("", "text/empty.txt")
    mlflow.log_table(pandas.DataFrame({"q": ["a"], "n": [1]}), "table.json")
    mlflow.log_table(pandas.DataFrame({"q": ["b"], "n": [2]}), "table.json")
    mlflow.log_image(np.zeros((4, 4, 3), dtype=np.uint8), "plots/black.png")
run_id = parent.info.run_id

run = client.get_run(run_id)
seen["params"] = {key: len(value) for key, value in run.data.params.items()}
seen["metrics"] = {key: str(value) for key, value in sorted(run.data.metrics.items())}
seen["tags"] = {key: run.data.tags[key] for key in ("stage", "mlflow.runName", "mlflow.note.content")}
seen["history"] = [[m.step, round(m.value, 3)] for m in client.get_metric_history(run_id, "loss")]
seen["input"] = [[i.dataset.name, {t.key: t.value for t in i.tags}] for i in run.inputs.dataset_inputs]
seen["files"] = {
    folder: [[f.path, f.is_dir, (f.file_size or 0) if folder == "text" else None] for f in client.list_artifacts(run_id, folder)]
    for folder in (None, "plots", "text", "data", "nowhere")
}
seen["text"] = mlflow.artifacts.load_text(f"runs:/{run_id}/text/ünïcode name.txt")
seen["empty"] = mlflow.artifacts.load_text(f"runs:/{run_id}/text/empty.txt")
seen["dict"] = mlflow.artifacts.load_dict(f"runs:/{run_id}/data/dict.json")
seen["table"] = mlflow.load_table("table.json", run_ids=[run_id])["q"].tolist()
seen["image"] = list(mlflow.artifacts.load_image(f"runs:/{run_id}/plots/black.png").size)
seen["missing file"] = refused(lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/no.txt"))

# A changed parameter is refused with all that came with it; the same value again is not.
client.log_param(run_id, "depth", 3)
seen["changed parameter"] = refused(
    lambda: client.log_batch(run_id, params=[Param("new", "1"), Param("depth", "4")], tags=[RunTag("half", "done")])
)
after = client.get_run(run_id).data
seen["nothing of it"] = ["new" in after.params, "half" in after.tags]
client.log_batch(run_id, metrics=[Metric("late", 2.0, 1, 0), Metric("late", 3.0, 1, 0), Metric("late", 1.0, 0, 1)])
seen["latest"] = client.get_run(run_id).data.metrics["late"]

# Search.
searches = {
    "order": dict(order_by=["metrics.accuracy DESC"]),
    "metric": dict(filter_string="metrics.accuracy > 0.5"),
    "param": dict(filter_string="params.depth = '1'"),
    "name": dict(filter_string="attributes.run_name LIKE 'child%'", order_by=["attributes.run_name DESC"]),
    "tag": dict(filter_string="tags.stage = 'dev'"),
    "parent": dict(filter_string=f"tags.mlflow.parentRunId = '{run_id}'", order_by=["attributes.run_name"]),
    "status": dict(filter_string="status = 'FINISHED' and metrics.accuracy < 0.5", order_by=["metrics.accuracy"]),
    "data set": dict(filter_string="datasets.name = 'eye'"),
    "absent": dict(filter_string="params.rate IS NULL", order_by=["attributes.run_name"]),
}
seen["search"] = {
    name: [r.info.run_name for r in mlflow.search_runs([experiment], output_format="list", **search)]
    for name, search in searches.items()
}
first = client.search_runs([experiment], max_results=3, order_by=["attributes.run_name"])
rest = client.search_runs([experiment], max_results=3, order_by=["attributes.run_name"], page_token=first.token)
seen["pages"] = [[r.info.run_name for r in page] for page in (first, rest)]
seen["bad filter"] = refused(lambda: client.search_runs([experiment], "metrics.accuracy ~ 1"))
seen["frame"] = sorted(c for c in mlflow.search_runs([experiment]).columns if c.startswith("metrics."))
seen["experiments"] = [e.name for e in client.search_experiments(filter_string="tags.team = 'growth'")]

# Undo.
child = client.search_runs([experiment], "attributes.run_name = 'child 0'")[0].info.run_id
client.delete_run(child)
seen["deleted run"] = client.get_run(child).info.lifecycle_stage
seen["write to it"] = refused(lambda: client.log_metric(child, "x", 1))
seen["active"] = len(client.search_runs([experiment]))
seen["only deleted"] = len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY))
client.restore_run(child)
client.delete_experiment(experiment)
seen["deleted experiment"] = [
    client.get_experiment(experiment).lifecycle_stage,
    client.get_run(child).info.lifecycle_stage,
    refused(lambda: client.create_run(experiment)),
    refused(lambda: client.delete_experiment(experiment)),
]
client.restore_experiment(experiment)
seen["restored"] = [client.get_experiment(experiment).lifecycle_stage, len(client.search_runs([experiment]))]
client.rename_experiment(experiment, "tracking renamed")
seen["renamed"] = client.get_experiment(experiment).name
client.set_terminated(child, status="KILLED")
client.delete_tag(run_id, "stage")
seen["missing tag"] = refused(lambda: client.delete_tag(run_id, "stage"))
client.update_run(child, name="another name")
seen["updated"] = [client.get_run(child).info.status, client.get_run(child).data.tags["mlflow.runName"]]
seen["missing run"] = refused(lambda: client.get_run("0" * 32))
print(json.dumps(seen))
