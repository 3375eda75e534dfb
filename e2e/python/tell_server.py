"""Tells everything that a client sees of a server, without what has to differ between two of them."""

import hashlib
import json
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

client = MlflowClient()
imported = "mintmark.import.source"
experiments = {e.experiment_id: e.name for e in client.search_experiments()}


def tags(of):
    told = {k: v for k, v in of.items() if k not in (imported, "mlflow.modelVersions")}
    if "_mlflow_experiment_ids" in told:
        told["_mlflow_experiment_ids"] = [experiments.get(i, i) for i in told["_mlflow_experiment_ids"].split(",")]
    return told


def files(uri):
    root = Path(mlflow.artifacts.download_artifacts(uri))
    digest = lambda path: hashlib.sha256(path.read_bytes()).hexdigest()
    return {str(path.relative_to(root)): digest(path) for path in sorted(root.rglob("*")) if path.is_file()}


def run_told(run):
    run_id = run.info.run_id
    return {
        "experiment": experiments[run.info.experiment_id],
        "name": run.info.run_name,
        "user": run.info.user_id,
        "status": run.info.status,
        "times": [run.info.start_time, run.info.end_time],
        "params": run.data.params,
        "tags": tags(run.data.tags),
        "history": {
            key: [[m.step, m.timestamp, str(m.value)] for m in client.get_metric_history(run_id, key)]
            for key in sorted(run.data.metrics)
        },
        "inputs": [i.dataset.to_dictionary() | {"tags": {t.key: t.value for t in i.tags}} for i in run.inputs.dataset_inputs],
        "outputs": sorted([o.model_id, o.step] for o in (run.outputs.model_outputs if run.outputs else [])),
        "files": files(run.info.artifact_uri) if client.list_artifacts(run_id) else {},
    }


def version_told(version):
    return {
        "stage": version.current_stage,
        "description": version.description or "",
        "tags": tags(version.tags),
        "aliases": sorted(version.aliases),
        "source": version.source,
        "run": version.run_id or "",
        "model": version.model_id,
        "link": version.run_link or "",
        "text": client.get_prompt_version(version.name, version.version).template if "mlflow.prompt.is_prompt" in version.tags else None,
        "answers": None
        if not version.source.startswith("models:/")
        else mlflow.pyfunc.load_model(f"models:/{version.name}/{version.version}").predict([1.0, 2.0]),
    }


told = {
    "experiments": {e.name: tags(e.tags) for e in client.search_experiments()},
    "runs": {r.info.run_id: run_told(r) for r in client.search_runs(list(experiments), run_view_type=ViewType.ACTIVE_ONLY)},
    "logged": {
        m.model_id: {
            "name": m.name,
            "experiment": experiments[m.experiment_id],
            "status": str(m.status),
            "run": m.source_run_id,
            "params": m.params,
            "tags": tags(m.tags),
            "metrics": sorted([x.key, x.value, x.step, x.run_id] for x in m.metrics or []),
            "files": files(m.artifact_location),
        }
        for m in client.search_logged_models(list(experiments))
    },
    "models": {},
}
names = [m.name for m in client.search_registered_models()]
prompts = [p.name for p in client.search_prompts()]
for name in sorted(names) + sorted(prompts):
    model = client._get_registry_client().get_registered_model(name)
    versions = client._get_registry_client().search_model_versions(f"name='{name}'")
    told["models"][name] = {
        "description": model.description or "",
        "tags": tags(model.tags),
        "aliases": {k: str(v) for k, v in model.aliases.items()},
        "versions": {str(v.version): version_told(client._get_registry_client().get_model_version(name, v.version)) for v in versions},
    }
print(json.dumps(told, sort_keys=True, default=str))
