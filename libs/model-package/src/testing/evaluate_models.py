"""Evaluates the cases of plan.json with mlflow.models.evaluate, and writes answers.json: used by evaluate.python.test.ts.

Targets are the predictions of the row before, so that what comes out can be calculated here too.
"""

import base64
import json
import logging
import sys
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import mlflow
import numpy as np
import pandas as pd
from mlflow.metrics import make_metric
from sklearn.metrics import accuracy_score, mean_absolute_error

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
directory = Path(sys.argv[1])
mlflow.set_tracking_uri(f"sqlite:///{directory}/mlflow.db")
mlflow.set_experiment(experiment_id=mlflow.create_experiment("evaluate", f"file://{directory}/files"))


def decode(column):
    if column["type"] == "text":
        return column["values"]
    return np.frombuffer(base64.b64decode(column["values"]), dtype="<f8")


def share(predictions, targets):
    return float(np.mean(np.asarray(predictions) == np.asarray(targets)))


def mean_of(predictions, targets, probability):
    return float(np.mean(np.asarray(probability, dtype=float)))


def evaluated(case):
    path, kind = case["path"], case["kind"]
    frame = pd.DataFrame({column["name"]: decode(column) for column in case["columns"]})
    whole = mlflow.pyfunc.load_model(path).predict(frame)
    prediction = np.asarray(whole[case["prediction"]])
    data = frame.assign(target=np.roll(prediction, 1))
    are_words = set(prediction) == {"True", "False"}
    if are_words:
        # As pandas.read_csv has such a column.
        data["target"], prediction = data["target"] == "True", prediction == "True"
    right = {"classifier": accuracy_score, "regressor": mean_absolute_error, "default": share}[kind]
    seen = {"right": float(right(data["target"], prediction)), "form": type(whole).__name__}

    # MLflow's explainer of numeric targets asks NumPy for the type of each column, which knows none of pandas 3's texts.
    explains = prediction.dtype == object or not any(column["type"] == "text" for column in case["columns"])

    def metrics(model, evaluator_config=None, **options):
        options["evaluator_config"] = {**(evaluator_config or {}), **({} if explains else {"log_model_explainability": False})}
        type_of = None if kind == "default" else kind
        result = mlflow.models.evaluate(model, data, targets="target", model_type=type_of, **options)
        return result.metrics, sorted(result.artifacts)

    share_metric = make_metric(eval_fn=share, greater_is_better=True, name="share")
    if kind == "default":
        seen["metric"] = metrics(path, extra_metrics=[share_metric])[0]["share"]
        # One more column of the answer, where the caller says which one is the prediction.
        others = [name for name in whole if name != case["prediction"]]
        if others:
            mean = make_metric(eval_fn=mean_of, greater_is_better=True, name="mean")
            config = {"col_mapping": {"probability": others[-1]}}
            options = {"predictions": case["prediction"], "extra_metrics": [mean], "evaluator_config": config}
            seen["mean"] = [metrics(path, **options)[0]["mean"], mean_of(None, None, whole[others[-1]])]
    else:
        found, artifacts = metrics(path)
        seen["metric"] = found["accuracy_score" if kind == "classifier" else "mean_absolute_error"]
        seen["artifacts"] = artifacts
        # The user's own function gets all columns from the same model.
        loaded = mlflow.pyfunc.load_model(path)
        asked = lambda inputs: np.asarray(loaded.predict(inputs)[case["prediction"]])
        same = (lambda inputs: asked(inputs) == "True") if are_words else asked
        by_function = metrics(same)[0]
        seen["byFunction"] = by_function["accuracy_score" if kind == "classifier" else "mean_absolute_error"]
    return seen


cases = json.loads((directory / "plan.json").read_text())
(directory / "answers.json").write_text(json.dumps({case["name"]: evaluated(case) for case in cases}))
