"""Fills a server with what an import has to take over."""

import json
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.data.meta_dataset import MetaDataset
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.entities import Metric

files = int(sys.argv[1]) if len(sys.argv) > 1 else 20
client = MlflowClient()


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[float]) -> list[float]:
        return [2 * x for x in model_input]


def logged_model(name):
    return mlflow.pyfunc.log_model(
        name=name, python_model=Doubler(), pip_requirements=["mlflow"], params={"factor": 2}
    ).model_id


mlflow.set_experiment("first")
mlflow.set_experiment_tag("team", "growth")
with mlflow.start_run(run_name="parent") as parent:
    mlflow.log_params({f"p{i}": i for i in range(150)})
    mlflow.log_input(MetaDataset(HTTPDatasetSource("https://example.com/d.csv"), name="d"), context="training")
    models = []
    for step in range(2):
        with mlflow.start_run(run_name=f"child {step}", nested=True, tags={"step": str(step)}) as child:
            client.log_batch(
                child.info.run_id,
                metrics=[Metric("loss", 1 / (i + 1), 1_700_000_000_000 + i, i) for i in range(900)]
                + [Metric("loss", float("nan"), 1_700_000_001_000, 900), Metric("f1", 0.5 + step / 10, 1_700_000_002_000, -3)],
            )
            # Some count nanoseconds.
            client.log_metric(child.info.run_id, "lr", 0.1, timestamp=1_700_000_000_000_000_007)
            models.append(logged_model(f"doubler-{step}"))
            mlflow.log_metric("accuracy", 0.9, model_id=models[-1])
            mlflow.log_text("plain", "notes/ümlaut & more.txt")
            mlflow.log_text("", "empty.txt")
            with tempfile.TemporaryDirectory() as folder:
                for i in range(files):
                    Path(folder, f"{i}.bin").write_bytes(bytes([i % 256]) * 20_000)
                mlflow.log_artifacts(folder, "many")
mlflow.set_experiment("second")
with mlflow.start_run(run_name="failed") as failed:
    models.append(logged_model("doubler-2"))
client.set_terminated(failed.info.run_id, "FAILED")
doomed = client.create_run(failed.info.experiment_id, run_name="doomed")
client.delete_run(doomed.info.run_id)

client.create_registered_model("doubler", tags={"domain": "numbers"}, description="doubles")
for number, model in enumerate([models[0], models[0], models[1], models[2]], start=1):
    client.create_model_version(
        "doubler", f"models:/{model}", model_id=model, tags={"reviewed": str(number)}, description=f"the {number}."
    )
client.delete_model_version("doubler", "2")
client.set_registered_model_alias("doubler", "champion", "3")
client.set_registered_model_alias("doubler", "challenger", "4")
client.transition_model_version_stage("doubler", "3", "Production")
client.transition_model_version_stage("doubler", "1", "Archived")
client.copy_model_version("models:/doubler/3", "prod.numbers.doubler")
client.create_registered_model("elsewhere")
client.create_model_version("elsewhere", "s3://bucket/model", run_link="https://example.com/run")
mlflow.genai.register_prompt("greeting", "Hello {{name}}", commit_message="first")
mlflow.genai.register_prompt("greeting", "Good day {{name}}", commit_message="second")
print(json.dumps({"models": models}))
