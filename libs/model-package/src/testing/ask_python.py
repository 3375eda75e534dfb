"""Asks models in the ways of Python for the cases of plan.json, and writes answers.json: used by ask-python.ts."""

import json
import logging
import sys
import warnings
from io import StringIO
from pathlib import Path

import mlflow
import numpy as np
import onnxruntime
import pandas as pd

warnings.filterwarnings("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
onnxruntime.set_default_logger_severity(4)
NAMES = {"nan": float("nan"), "NA": pd.NA, "NaT": pd.NaT, "inf": float("inf"), "np": np}
NOT_JSON = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def frame_of(case):
    if "csv" in case:
        return pd.read_csv(StringIO(case["csv"]))
    columns = {}
    for name, values in case["columns"].items():
        objects = [eval(value, NAMES) for value in values]
        columns[name] = pd.Series(objects, dtype=case["dtypes"].get(name, "object"))
    return pd.DataFrame(columns)


def graph_alone(path):
    """The graph as whoever loads it without mlflow.pyfunc feeds it."""
    session = onnxruntime.InferenceSession(mlflow.onnx.load_model(path).SerializeToString())
    inputs = session.get_inputs()
    names = [output.name for output in session.get_outputs()]

    def predict(frame):
        by_column = {i.name: frame[i.name].to_numpy(float if "double" in i.type else object) for i in inputs if i.name in frame}
        feed = by_column or {inputs[0].name: frame.to_numpy()}
        return dict(zip(names, session.run(names, feed)))

    return predict


def plain(values):
    return [NOT_JSON.get(str(value), value) for value in np.asarray(values).reshape(-1).tolist()]


def answer(case):
    predict = graph_alone(case["path"]) if case["door"] == "graph" else mlflow.pyfunc.load_model(case["path"]).predict
    try:
        prediction = predict(frame_of(case))
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    return {"columns": {name: plain(prediction[name]) for name in prediction}}


directory = Path(sys.argv[1])
cases = json.loads((directory / "plan.json").read_text())
(directory / "answers.json").write_text(json.dumps([answer(case) for case in cases]))
