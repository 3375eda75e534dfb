"""mlflow.evaluate on a registered classifier and a regressor, with the default evaluator, its metrics and plots."""

import json

import matplotlib

matplotlib.use("Agg")
import mlflow
from mlflow import MlflowClient
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LinearRegression, LogisticRegression

seen = {}
client = MlflowClient()
mlflow.set_experiment("evaluate")
cases = {
    "classifier": (load_breast_cancer(as_frame=True), LogisticRegression(max_iter=5000)),
    "regressor": (load_diabetes(as_frame=True), LinearRegression()),
}
for kind, (data, estimator) in cases.items():
    frame = data.frame
    with mlflow.start_run(run_name=kind) as run:
        mlflow.sklearn.log_model(
            estimator.fit(data.data, data.target),
            name="model",
            registered_model_name=f"evaluated-{kind}",
            pip_requirements=["scikit-learn"],
        )
        result = mlflow.models.evaluate(
            f"models:/evaluated-{kind}/1",
            frame.head(120),
            targets="target",
            model_type=kind,
            evaluators="default",
            evaluator_config={"log_model_explainability": False},
        )
    stored = client.get_run(run.info.run_id)
    seen[kind] = {
        "metrics": sorted(stored.data.metrics),
        "same": all(abs(stored.data.metrics[k] - v) < 1e-12 for k, v in result.metrics.items()),
        "plots": sorted(f.path for f in client.list_artifacts(run.info.run_id) if f.path.endswith(".png")),
        "inputs": len(stored.inputs.dataset_inputs),
    }
print(json.dumps(seen))
