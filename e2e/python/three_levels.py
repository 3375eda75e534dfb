"""Names of three levels, with tags and lineage: `catalog.schema.model` is one name for a client."""

import json

import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

seen = {}
client = MlflowClient()
iris = load_iris(as_frame=True)
data = mlflow.data.from_pandas(iris.frame, source="https://example.com/iris.csv", name="iris", targets="target")
mlflow.set_experiment("iris")
with mlflow.start_run() as run:
    mlflow.log_input(data, context="training", tags={"quality": "checked"})
    mlflow.sklearn.log_model(
        DecisionTreeClassifier(max_depth=2).fit(iris.data, iris.target),
        name="tree",
        registered_model_name="main.default.iris",
        serialization_format="cloudpickle",
        pip_requirements=["scikit-learn"],
    )
client.set_registered_model_tag("main.default.iris", "domain", "flowers")
client.set_model_version_tag("main.default.iris", "1", "reviewed", "yes")
client.set_registered_model_alias("main.default.iris", "champion", "1")

seen["name"] = client.get_registered_model("main.default.iris").name
seen["tags"] = [
    client.get_registered_model("main.default.iris").tags,
    client.get_model_version_by_alias("main.default.iris", "champion").tags,
]
dataset_input = client.get_run(run.info.run_id).inputs.dataset_inputs[0]
seen["input"] = {
    "name": dataset_input.dataset.name,
    "digest is kept": dataset_input.dataset.digest == data.digest,
    "tags": {tag.key: tag.value for tag in dataset_input.tags},
    "source": json.loads(dataset_input.dataset.source),
}
seen["classes"] = sorted({int(c) for c in mlflow.pyfunc.load_model("models:/main.default.iris@champion").predict(iris.data)})
print(json.dumps(seen))
