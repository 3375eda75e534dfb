"""What a version is made of stays as it is, whichever way one tries; what lies beside it stays open."""

import json
import pathlib
import tempfile

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.artifacts import list_artifacts
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

seen = {}
client = MlflowClient()
mlflow.set_experiment("frozen")


class Double(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [2 * value for value in model_input["x"]]


def answer(call):
    """`done`, or the status or code of the refusal."""
    try:
        call()
    except requests.HTTPError as error:
        return error.response.status_code
    except MlflowException as error:
        return error.error_code
    return "done"


def attempts(root: str, model: str) -> dict:
    """Tries to change the files of the model, which lie in a folder of the root."""
    repository = get_artifact_repository(root)
    with tempfile.TemporaryDirectory() as folder:
        changed = pathlib.Path(folder, "MLmodel")
        changed.write_text("changed")
        return {
            "overwrite": answer(lambda: repository.log_artifact(str(changed), model)),
            "add": answer(lambda: repository.log_artifact(str(changed), f"{model}/below".lstrip("/"))),
            "delete one": answer(lambda: repository.delete_artifacts(f"{model}/MLmodel".lstrip("/"))),
            "delete all": answer(lambda: repository.delete_artifacts(model)),
        }


def predictions(uri: str) -> list[int]:
    import pandas

    return list(mlflow.pyfunc.load_model(uri).predict(pandas.DataFrame({"x": [1, 2]})))


# A logged model.
with mlflow.start_run() as run:
    logged = mlflow.pyfunc.log_model(name="model", python_model=Double(), pip_requirements=["mlflow"])
    location = mlflow.get_logged_model(logged.model_id).artifact_location
    get_artifact_repository(location).log_artifact(__file__, "added/before")
    mlflow.register_model(logged.model_uri, "doubling")
    before = sorted(f.path for f in list_artifacts(artifact_uri=location))
    seen["logged model"] = attempts(location, "")
    seen["above it"] = attempts(location.removesuffix("/artifacts"), "artifacts")
    seen["same files"] = before == sorted(f.path for f in list_artifacts(artifact_uri=location))
    mlflow.log_text("still open", "note.txt")
    seen["same name again"] = mlflow.pyfunc.log_model(
        name="model", python_model=Double(), pip_requirements=["mlflow"], registered_model_name="doubling"
    ).registered_model_version

# A folder of a run, as before MLflow 3.
with tempfile.TemporaryDirectory() as folder, mlflow.start_run() as old:
    mlflow.pyfunc.save_model(str(pathlib.Path(folder, "m")), python_model=Double(), pip_requirements=["mlflow"])
    mlflow.log_artifacts(str(pathlib.Path(folder, "m")), "model")
    mlflow.register_model(f"runs:/{old.info.run_id}/model", "doubling-by-folder")
    seen["folder of a run"] = attempts(old.info.artifact_uri, "model")
    seen["by name"] = answer(lambda: mlflow.log_text("changed", "model/MLmodel"))
    seen["beside it"] = answer(lambda: mlflow.log_text("open", "models/MLmodel"))

# Deleting what it came from takes nothing from it.
client.delete_logged_model(logged.model_id)
client.delete_run(run.info.run_id)
client.delete_run(old.info.run_id)
client.delete_experiment(run.info.experiment_id)
seen["predictions"] = [predictions("models:/doubling/1"), predictions("models:/doubling-by-folder/1")]
seen["deleted"] = attempts(location, "")
print(json.dumps(seen))
