"""Evaluation data sets as a user fills and finds them; prints what was seen, without identities and times."""
import json

import mlflow
from mlflow.genai.datasets import (
    add_dataset_to_experiments,
    create_dataset,
    delete_dataset,
    delete_dataset_tag,
    get_dataset,
    remove_dataset_from_experiments,
    search_datasets,
    set_dataset_tags,
)

seen = {}
own = mlflow.set_experiment("evaluated").experiment_id
other = mlflow.create_experiment("also evaluated")


@mlflow.trace
def answer(question):
    return {"answer": question + 1}


answer(1)
mlflow.flush_trace_async_logging()

dataset = create_dataset(name="questions", experiment_id=[own], tags={"team": "growth"})
seen["empty"] = [dataset.name, dataset.schema, dataset.profile, dataset.tags["team"], dataset.experiment_ids == [own]]
dataset.merge_records([
    {"inputs": {"q": "one", "n": 1}, "expectations": {"truth": 1.5}, "tags": {"level": "easy"}},
    {"inputs": {"q": "two"}, "outputs": {"text": "2"}},
])
dataset.merge_records([
    {"inputs": {"n": 1, "q": "one"}, "expectations": {"more": [1]}, "outputs": {"a": True}},
    {"inputs": {"big": 2**60 + 1, "whole": 1.0, "text": "ü\u0000"}, "source": {"source_type": "HUMAN", "source_data": {"user": "me"}}},
])
dataset.merge_records(mlflow.search_traces(return_type="list"))


def records(dataset):
    # MLflow's own server gives records of one call in no order.
    rows = sorted(dataset.to_df().to_dict("records"), key=lambda row: json.dumps(row["inputs"], sort_keys=True))
    return [[r["inputs"], r["outputs"], r["expectations"], {k: v for k, v in r["tags"].items() if k != "mlflow.user"}, r["source_type"],
             isinstance(r["source_id"], str)] for r in rows]


again = get_dataset(dataset_id=dataset.dataset_id)
seen["records"] = records(again)
seen["types"] = [type(value).__name__ for row in records(again) for value in row[0].values()]
seen["schema"] = [json.loads(again.schema), json.loads(again.profile), again.digest != dataset.digest]
seen["by name"] = get_dataset(name="questions").dataset_id == dataset.dataset_id

set_dataset_tags(dataset_id=dataset.dataset_id, tags={"team": "red", "year": "2026"})
delete_dataset_tag(dataset_id=dataset.dataset_id, key="year")
delete_dataset_tag(dataset_id=dataset.dataset_id, key="none")
seen["tags"] = get_dataset(dataset_id=dataset.dataset_id).tags["team"]
seen["experiments"] = [
    len(add_dataset_to_experiments(dataset_id=dataset.dataset_id, experiment_ids=[other]).experiment_ids),
    len(remove_dataset_from_experiments(dataset_id=dataset.dataset_id, experiment_ids=[other, "4711"]).experiment_ids),
]
create_dataset(name="answers", experiment_id=[other], tags={})


def found(**search):
    try:
        return [d.name for d in search_datasets(**search)]
    except mlflow.exceptions.MlflowException as error:
        return error.error_code


seen["found"] = {
    f: found(filter_string=f, order_by=["name ASC"])
    for f in ["name = 'answers'", "name LIKE 'q%'", "tags.team = 'red'", "created_by = 'nobody'", "created_time > 5", "bogus = 'x'"]
}
seen["of the experiment"] = [found(experiment_ids=[own]), found(experiment_ids=[own, other], order_by=["created_time DESC"])]
seen["orders"] = [found(order_by=["name DESC"]), found(order_by=["bogus"])]

first = again._mlflow_dataset.records[0].dataset_record_id
seen["deleted"] = [again.delete_records([first]), again.delete_records(["none"]), len(get_dataset(dataset_id=dataset.dataset_id).to_df())]


def code(call, **kwargs):
    try:
        call(**kwargs)
    except mlflow.exceptions.MlflowException as error:
        return error.error_code
    return "no error"


delete_dataset(dataset_id=dataset.dataset_id)
seen["codes"] = [
    code(get_dataset, dataset_id=dataset.dataset_id),
    code(delete_dataset, dataset_id=dataset.dataset_id),
    code(create_dataset, name="", experiment_id=[own]),
    code(add_dataset_to_experiments, dataset_id="d-none", experiment_ids=[own]),
]
print(json.dumps(seen))
