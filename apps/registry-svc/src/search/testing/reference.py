"""Runs searches on MLflow's own store (SQLite, no server), on the data and with the identities that it is told on stdin."""

import json
import sys
import tempfile
import uuid
from types import SimpleNamespace
from unittest import mock

import sqlalchemy
from mlflow.entities import (
    Dataset,
    DatasetInput,
    ExperimentTag,
    InputTag,
    LoggedModelParameter,
    LoggedModelTag,
    Metric,
    Param,
    RunStatus,
    RunTag,
    ViewType,
)
from mlflow.entities.model_registry import ModelVersionTag, RegisteredModelTag
from mlflow.exceptions import MlflowException
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore as Tracking
from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

VIEWS = {"active": ViewType.ACTIVE_ONLY, "deleted": ViewType.DELETED_ONLY, "all": ViewType.ALL}


def seed_tracking(store, data):
    set_times = []
    for e in data["experiments"]:
        e["ref"] = store.create_experiment(e["name"], tags=[ExperimentTag(*t) for t in e["tags"].items()])
        set_times.append(("experiments", "creation_time", "experiment_id", e["ref"], e["created"]))
        set_times.append(("experiments", "last_update_time", "experiment_id", e["ref"], e["updated"]))
    ids = [e["ref"] for e in data["experiments"]]
    for r in data["runs"]:
        with mock.patch("uuid.uuid4", return_value=SimpleNamespace(hex=r["id"])):
            store.create_run(ids[r["experiment"]], r["user"], r["start"], [], r["name"])
        store.log_batch(
            r["id"],
            metrics=[Metric(k, float(v), 1, 0) for k, v in r["metrics"].items()],
            params=[Param(k, v) for k, v in r["params"].items()],
            tags=[RunTag(k, v) for k, v in r["tags"].items()],
        )
        inputs = [
            DatasetInput(
                Dataset(d["name"], d["digest"], "local", "{}"),
                [InputTag(MLFLOW_DATASET_CONTEXT, d["role"])],
            )
            for d in r["datasets"]
        ]
        if inputs:
            store.log_inputs(r["id"], inputs)
        store.update_run_info(r["id"], RunStatus.from_string(r["status"]), r["end"], None)
        if r["deleted"]:
            store.delete_run(r["id"])
    for m in data["loggedModels"]:
        with mock.patch("uuid.uuid4", return_value=SimpleNamespace(hex=m["id"], int=uuid.UUID(m["id"]).int)):
            model = store.create_logged_model(
                ids[m["experiment"]],
                name=m["name"],
                source_run_id=m["run"],
                params=[LoggedModelParameter(k, v) for k, v in m["params"].items()],
                tags=[LoggedModelTag(k, v) for k, v in m["tags"].items()],
                model_type=m["type"],
            )
        m["ref"] = model.model_id
        set_times.append(("logged_models", "creation_timestamp_ms", "model_id", model.model_id, m["created"]))
        for x in m["metrics"]:
            store.log_metric(
                x["run"],
                Metric(
                    x["key"],
                    x["value"],
                    x["ts"],
                    0,
                    model_id=model.model_id,
                    dataset_name=x["dataset"],
                    dataset_digest=x["digest"],
                    run_id=x["run"],
                ),
            )
    return set_times


def seed_registry(store, data):
    set_times = []
    for m in data["models"]:
        store.create_registered_model(m["name"], [RegisteredModelTag(*t) for t in m["tags"].items()])
        for n, v in enumerate(m["versions"], 1):
            store.create_model_version(
                m["name"], v["source"], v["run"], [ModelVersionTag(*t) for t in v["tags"].items()]
            )
            set_times.append(("model_versions", "last_updated_time", ("name", "version"), (m["name"], n), v["updated"]))
            set_times.append(("model_versions", "creation_time", ("name", "version"), (m["name"], n), v["created"]))
        set_times.append(("registered_models", "last_updated_time", "name", m["name"], m["updated"]))
    return set_times


def apply_times(engine, set_times):
    with engine.begin() as connection:
        for table, column, key, value, time in set_times:
            keys, values = (key, value) if isinstance(key, tuple) else ((key,), (value,))
            where = " and ".join(f"{k} = :v{i}" for i, k in enumerate(keys))
            parameters = {f"v{i}": v for i, v in enumerate(values)} | {"time": time}
            connection.execute(sqlalchemy.text(f"update {table} set {column} = :time where {where}"), parameters)


def search(tracking, registry, data, s):
    ids = [e["ref"] for e in data["experiments"]]
    what, text, order = s["what"], s["filter"], s["order"]
    if what == "runs":
        found = tracking.search_runs([ids[e] for e in s["experiments"]], text, VIEWS[s["view"]], 1000, order)
        return [r.info.run_id for r in found]
    if what == "experiments":
        found = tracking.search_experiments(ViewType.ALL, 1000, text, order)
        return [e.name for e in found if e.name != "Default"]
    if what == "models":
        return [m.name for m in registry.search_registered_models(text, 1000, order)]
    if what == "versions":
        return [f"{v.name}/{v.version}" for v in registry.search_model_versions(text, 1000, order)]
    datasets = [{"dataset_name": d["name"]} for d in s["datasets"]]
    orders = [
        {"field_name": o["field"], "ascending": not o["descending"]}
        | ({"dataset_name": o["datasetName"]} if o["datasetName"] else {})
        for o in order
    ]
    found = tracking.search_logged_models([ids[e] for e in s["experiments"]], text, datasets or None, 1000, orders)
    names = {m["ref"]: m["id"] for m in data["loggedModels"]}
    return [names[m.model_id] for m in found]


def attempt(*arguments):
    try:
        return search(*arguments)
    except MlflowException as e:
        return e.error_code


with tempfile.TemporaryDirectory() as directory:
    data = json.load(sys.stdin)
    uri = f"sqlite:///{directory}/mlflow.db"
    tracking, registry = Tracking(uri, directory), Registry(uri)
    apply_times(tracking.engine, seed_tracking(tracking, data) + seed_registry(registry, data))
    print(json.dumps([attempt(tracking, registry, data, s) for s in data["searches"]]))
