"""MlflowClient's tracking calls at their edges: batches in chunks, odd numbers, cut values, data sets, logged models and links."""

import json
import math

import mlflow
import pandas
from mlflow import MlflowClient
from mlflow.entities import LoggedModelInput, LoggedModelOutput, LoggedModelStatus
from mlflow.exceptions import MlflowException

seen = {}
client = MlflowClient()


def refused(call) -> str:
    try:
        call()
    except MlflowException as error:
        return error.error_code
    return "no refusal"


experiment = client.create_experiment("client")
mlflow.set_experiment("client")
data = mlflow.data.from_pandas(pandas.DataFrame({"a": [1.5, 2]}), source="https://example.com/a.csv", name="frame")

with mlflow.start_run(run_name="parent") as parent:
    run_id = parent.info.run_id
    mlflow.log_params({f"p{i}": i for i in range(250)})
    mlflow.log_metrics({f"m{i}": i / 3 for i in range(1500)}, step=1)
    mlflow.log_metrics({"nan": math.nan, "inf": math.inf, "-inf": -math.inf, "tiny": 5e-324})
    client.log_metric(run_id, "far", 1.0, step=2**63 - 1)
    mlflow.set_tag("long", "x" * 9000)
    mlflow.log_param("long", "y" * 6500)
    mlflow.log_input(data, context="training", tags={"fold": "1"})
    with mlflow.start_run(nested=True) as child:
        pass
run = client.get_run(run_id)
metrics = run.data.metrics
seen["counts"] = [len(run.data.params), len(metrics), len(client.get_run(child.info.run_id).info.run_name) > 0]
seen["odd"] = {key: str(metrics[key]) for key in ("nan", "inf", "-inf", "tiny")}
seen["step"] = str(client.get_metric_history(run_id, "far")[0].step)
seen["cut"] = [len(run.data.tags["long"]), len(run.data.params["long"])]
seen["user"] = run.info.user_id == run.data.tags["mlflow.user"]
seen["artifact_uri"] = run.info.artifact_uri == f"mlflow-artifacts:/{experiment}/{run_id}/artifacts"
read = run.inputs.dataset_inputs[0]
seen["data"] = {
    "name": read.dataset.name,
    "digest": read.dataset.digest == data.digest,
    "source": mlflow.data.get_source(read).url,
    "schema": "mlflow_colspec" in read.dataset.schema,
    "tags": {tag.key: tag.value for tag in read.tags},
}
seen["bad key"] = refused(lambda: client.log_metric(run_id, "../up", 1))

model = client.create_logged_model(
    experiment, name="forest", source_run_id=run_id, tags={"t": "1"}, params={"depth": "3"}, model_type="sklearn"
)
seen["pending"] = [str(model.status), model.model_id.startswith("m-")]
client.log_metric(run_id, "acc", 0.9, step=3, model_id=model.model_id, dataset_name="frame", dataset_digest=data.digest)
client.log_metric(run_id, "odd", math.nan, model_id=model.model_id)
client.log_outputs(run_id, [LoggedModelOutput(model.model_id, 7)])
client.log_inputs(child.info.run_id, models=[LoggedModelInput(model.model_id)])
client.set_logged_model_tags(model.model_id, {"a/b": "2", "keep": "3"})
client.delete_logged_model_tag(model.model_id, "a/b")
seen["missing tag"] = refused(lambda: client.delete_logged_model_tag(model.model_id, "a/b"))
client.log_model_params(model.model_id, {"width": "1"})
client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
model = client.get_logged_model(model.model_id)
seen["logged model"] = {
    "status": str(model.status),
    "tags": model.tags,
    "params": model.params,
    "run": model.source_run_id == run_id,
    "artifacts": model.artifact_location == f"mlflow-artifacts:/{experiment}/models/{model.model_id}/artifacts",
    "metrics": sorted([m.key, str(m.value), m.step, m.dataset_name, m.run_id == run_id] for m in model.metrics),
}
seen["outputs"] = [[o.model_id == model.model_id, o.step] for o in client.get_run(run_id).outputs.model_outputs]
seen["inputs"] = [i.model_id == model.model_id for i in client.get_run(child.info.run_id).inputs.model_inputs]
found = client.search_logged_models([experiment], "metrics.acc > 0.5", order_by=[{"field_name": "metrics.acc", "ascending": False}])
seen["search"] = [m.name for m in found]
client.delete_logged_model(model.model_id)
seen["deleted model"] = refused(lambda: client.get_logged_model(model.model_id))
print(json.dumps(seen))
