"""Versions whose files are elsewhere or nowhere: a bucket, another server, a run that logged nothing, a prompt, and a copy."""

import json

import mlflow
from mlflow import MlflowClient

client = MlflowClient()
mlflow.set_experiment("elsewhere")
with mlflow.start_run() as run:
    mlflow.log_metric("score", 0.5)

client.create_registered_model("outside")
sources = ["s3://bucket/model", "https://example.com/model", f"runs:/{run.info.run_id}/nothing", "dummy-source"]
for source in sources:
    run_id = run.info.run_id if source.startswith("runs:") else None
    client.create_model_version("outside", source, run_id)
mlflow.genai.register_prompt(name="question", template="Why {{what}}?")
client.copy_model_version("models:/outside/1", "outside-copy")


def told(name: str, version: int) -> list[str]:
    uri = client.get_model_version_download_uri(name, str(version))
    return [client.get_model_version(name, str(version)).status, uri.replace(run.info.run_id, "RUN")]


seen = {
    "versions": [told("outside", number + 1) for number in range(len(sources))],
    "copy": told("outside-copy", 1),
}
print(json.dumps(seen))
