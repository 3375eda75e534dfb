"""What a caller sees whom the server does not know: a refusal, at once, of every kind of call.

Called with the artifact root of a run, so that files are asked for without asking for the run first.
"""

import json
import sys
import tempfile
import time

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

client = MlflowClient()
repository = get_artifact_repository(sys.argv[1])


def upload():
    with tempfile.NamedTemporaryFile() as file:
        repository.log_artifact(file.name)


calls = {
    "experiment": lambda: client.get_experiment("0"),
    "new run": lambda: client.create_run("0"),
    "metric": lambda: client.log_metric("0" * 32, "x", 1.0),
    "model": lambda: client.create_registered_model("denied"),
    "alias": lambda: client.get_model_version_by_alias("denied", "champion"),
    "search": lambda: client.search_model_versions("name = 'denied'"),
    "webhooks": lambda: client.list_webhooks(),
    "traces": lambda: client.search_traces(locations=["0"]),
    "prompt": lambda: mlflow.genai.register_prompt(name="denied", template="x"),
    "list": lambda: repository.list_artifacts(),
    "upload": upload,
    "delete": lambda: repository.delete_artifacts("file"),
}


def refusal(call):
    try:
        call()
    except MlflowException as error:
        return error.error_code
    except requests.HTTPError as error:
        return error.response.status_code
    return "none"


seen = {}
for name, call in calls.items():
    began = time.monotonic()
    seen[name] = {"refusal": refusal(call), "seconds": time.monotonic() - began}
print(json.dumps(seen))
