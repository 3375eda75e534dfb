"""Models of several libraries, logged by hand and by autolog, from code, and by reference; what autolog writes for a search."""

import json
import pathlib
import tempfile

import lightgbm
import mlflow
import numpy as np
import onnx
import pandas
from mlflow import MlflowClient
from onnx import TensorProto, helper
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

seen = {}
client = MlflowClient()
mlflow.set_experiment("flavors")
data, target = load_breast_cancer(as_frame=True, return_X_y=True)

# LightGBM by itself: parameters, a metric of every round, plots, and the model.
mlflow.lightgbm.autolog(registered_model_name="boosted")
with mlflow.start_run() as run:
    train = lightgbm.Dataset(data, target)
    booster = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, train, 5, valid_sets=[train])
mlflow.lightgbm.autolog(disable=True)
seen["lightgbm"] = {
    "files": sorted(f.path for f in client.list_artifacts(run.info.run_id)),
    "rounds": [m.step for m in client.get_metric_history(run.info.run_id, "training-binary_logloss")],
    "agrees": bool(np.allclose(mlflow.pyfunc.load_model("models:/boosted/1").predict(data), booster.predict(data))),
    "native": type(mlflow.lightgbm.load_model("models:/boosted/1")).__name__,
}

# A search over parameters: a child run for every candidate.
mlflow.sklearn.autolog(log_datasets=False, log_models=False)
with mlflow.start_run() as run:
    GridSearchCV(LogisticRegression(max_iter=3000), {"C": [0.1, 1.0]}, cv=2).fit(data.head(100), target.head(100))
mlflow.sklearn.autolog(disable=True)
children = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'")
seen["search"] = {
    "children": sorted(children["params.C"]),
    "best": client.get_run(run.info.run_id).data.params["best_C"],
    "files": sorted(f.path for f in client.list_artifacts(run.info.run_id)),
}

# ONNX.
shape = [None, 2]
nodes = [helper.make_node("Add", ["x", "x"], ["y"])]
tensors = [[helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)] for name in "xy"]
doubling = helper.make_model(
    helper.make_graph(nodes, "doubling", *tensors), opset_imports=[helper.make_opsetid("", 13)], ir_version=8
)
mlflow.onnx.log_model(doubling, name="onnx", registered_model_name="doubling", pip_requirements=["onnxruntime"])
rows = np.array([[1, 2]], dtype=np.float32)
seen["onnx"] = {
    "predicts": mlflow.pyfunc.load_model("models:/doubling/1").predict(rows)["y"].tolist(),
    "same bytes": mlflow.onnx.load_model("models:/doubling/1") == doubling,
}

# A model that is a file of code, with an example of its input.
with tempfile.TemporaryDirectory() as folder:
    code = pathlib.Path(folder, "adder.py")
    code.write_text(
        "import mlflow\n"
        "class Adder(mlflow.pyfunc.PythonModel):\n"
        "    def predict(self, context, model_input, params=None):\n"
        "        return (model_input['a'] + (params or {}).get('more', 1)).tolist()\n"
        "mlflow.models.set_model(Adder())\n"
    )
    example = (pandas.DataFrame({"a": [1, 2]}), {"more": 5})
    info = mlflow.pyfunc.log_model(
        name="adder", python_model=str(code), input_example=example, pip_requirements=["mlflow"]
    )
adder = mlflow.pyfunc.load_model(info.model_uri)
seen["from code"] = {
    "signature": [str(part) for part in (adder.metadata.signature.inputs, adder.metadata.signature.params)],
    "example": adder.input_example["a"].tolist(),
    "predicts": adder.predict(example[0], params={"more": 10}),
}

# A model that runs elsewhere, with what was measured of it; and writes that go in the background.
external = mlflow.create_external_model(name="external", params={"size": "7B"}, tags={"team": "search"})
with mlflow.start_run() as run:
    mlflow.log_metric("recall", 0.5, model_id=external.model_id, dataset=mlflow.data.from_pandas(data.head(3), name="few"))
    for step in range(20):
        last = mlflow.log_metric("loss", 1 / (step + 1), step=step, synchronous=False)
    mlflow.log_params({f"p{number}": number for number in range(250)}, synchronous=False).wait()
    last.wait()
external = mlflow.get_logged_model(external.model_id)
seen["external"] = {
    "status": str(external.status),
    "params": external.params,
    "metrics": [[metric.key, metric.value, metric.dataset_name] for metric in external.metrics],
    "found": [m.name for m in mlflow.search_logged_models(filter_string="metrics.recall < 0.9", output_format="list")],
}
seen["in the background"] = [
    len(client.get_metric_history(run.info.run_id, "loss")),
    len(client.get_run(run.info.run_id).data.params),
]
print(json.dumps(seen))
