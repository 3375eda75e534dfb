"""MLflow's quickstart on scikit-learn: autolog, log, register, and load again by every form of URI.

Run with MLFLOW_TRACKING_URI set and nothing else; prints what it saw as one JSON document.
"""

import json

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

seen = {}
requirements = ["scikit-learn"]
iris = load_iris(as_frame=True)
x_train, x_test, y_train, y_test = train_test_split(iris.data, iris.target, test_size=0.2, random_state=42)

mlflow.set_experiment("quickstart")

# By hand, as the quickstart does it.
params = {"solver": "lbfgs", "max_iter": 1000, "random_state": 8888}
model = LogisticRegression(**params).fit(x_train, y_train)
with mlflow.start_run(run_name="by hand") as run:
    mlflow.log_params(params)
    mlflow.log_metric("accuracy", model.score(x_test, y_test))
    mlflow.set_tag("Training Info", "Basic LR model for iris data")
    logged = mlflow.sklearn.log_model(
        sk_model=model,
        name="iris_model",
        signature=infer_signature(x_train, model.predict(x_train)),
        input_example=x_train.head(3),
        registered_model_name="tracking-quickstart",
        pip_requirements=requirements,
    )
expected = model.predict(x_test)


def agrees(uri: str) -> bool:
    return bool(np.array_equal(np.asarray(mlflow.pyfunc.load_model(uri).predict(x_test)).ravel(), expected))


client = MlflowClient()
client.set_registered_model_alias("tracking-quickstart", "champion", "1")
seen["loaded"] = {
    form: agrees(uri)
    for form, uri in {
        "logged model": logged.model_uri,
        "run": f"runs:/{run.info.run_id}/iris_model",
        "version": "models:/tracking-quickstart/1",
        "alias": "models:/tracking-quickstart@champion",
        "latest": "models:/tracking-quickstart/latest",
    }.items()
}
seen["flavor"] = type(mlflow.sklearn.load_model("models:/tracking-quickstart/1")).__name__

stored = client.get_run(run.info.run_id)
seen["run"] = {
    "name": stored.info.run_name,
    "status": stored.info.status,
    "params": stored.data.params,
    "metrics": stored.data.metrics,
    "user": stored.data.tags["mlflow.user"],
    "info tag": stored.data.tags["Training Info"],
    "outputs": [output.model_id == logged.model_id for output in stored.outputs.model_outputs],
}
version = client.get_model_version("tracking-quickstart", "1")
seen["version"] = {
    "run_id is that of the run": version.run_id == run.info.run_id,
    "source is the logged model": version.source == logged.model_uri,
    "status": version.status,
    "stage": version.current_stage,
    "aliases": list(version.aliases),
}
linked = mlflow.get_logged_model(logged.model_id)
seen["logged model"] = {
    "status": str(linked.status),
    "params": linked.params,
    "metrics": {metric.key: metric.value for metric in linked.metrics},
    "run": linked.source_run_id == run.info.run_id,
}

# By autolog: parameters, metrics, the data set and the model come by themselves.
mlflow.sklearn.autolog(log_input_examples=True, registered_model_name="autologged")
with mlflow.start_run(run_name="by autolog") as auto:
    LogisticRegression(max_iter=500).fit(x_train, y_train)
mlflow.sklearn.autolog(disable=True)
stored = client.get_run(auto.info.run_id)
seen["autolog"] = {
    "max_iter": stored.data.params["max_iter"],
    "training_score": stored.data.metrics["training_score"],
    "inputs": [[i.dataset.name, [t.value for t in i.tags]] for i in stored.inputs.dataset_inputs],
    "files": sorted(f.path for f in client.list_artifacts(auto.info.run_id)),
    "predicts": len(mlflow.pyfunc.load_model("models:/autologged/1").predict(x_test)),
}

found = mlflow.search_runs(filter_string="metrics.accuracy > 0.9 AND params.solver = 'lbfgs'")
seen["found"] = found["tags.mlflow.runName"].tolist()
print(json.dumps(seen))
