"""Predicts every case of plan.json with mlflow.pyfunc, and writes answers.json: used by pyfunc.python.test.ts."""

import base64
import json
import logging
import sys
import warnings
from pathlib import Path

import mlflow
import numpy as np
import onnx
import pandas as pd

warnings.filterwarnings("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
SINGLE_ROWS = 40
# As JavaScript writes what JSON cannot.
NOT_JSON = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def decode(column):
    if column["type"] == "text":
        return column["values"]
    numbers = np.frombuffer(base64.b64decode(column["values"]), dtype="<f8")
    return numbers.astype(bool) if column["type"] == "boolean" else numbers


def plain(values):
    return [NOT_JSON.get(str(v), v) for v in np.asarray(values).reshape(-1).tolist()]


def columns_of(prediction):
    if isinstance(prediction, pd.DataFrame):
        return {name: plain(prediction[name].to_numpy()) for name in prediction.columns}
    return {name: plain(values) for name, values in prediction.items()}


def single(model, frame, batch):
    """Whether each of the first rows alone gets the answer that it got in the batch."""
    for row in range(SINGLE_ROWS):
        alone = columns_of(model.predict(frame.iloc[row : row + 1].reset_index(drop=True)))
        if any(values[0] != batch[name][row] for name, values in alone.items()):
            return False
    return True


def main(directory):
    answers = {}
    for case in json.loads((directory / "plan.json").read_text()):
        onnx.checker.check_model(str(Path(case["path"]) / "model.onnx"), full_check=True)
        model = mlflow.pyfunc.load_model(case["path"])
        example = mlflow.models.Model.load(case["path"]).load_input_example(case["path"])
        model.predict(example)
        frame = pd.DataFrame({column["name"]: decode(column) for column in case["columns"]})
        prediction = model.predict(frame)
        batch = columns_of(prediction)
        answers[case["name"]] = {
            "form": type(prediction).__name__,
            "columns": batch,
            "single": single(model, frame, batch),
        }
    (directory / "answers.json").write_text(json.dumps(answers))


main(Path(sys.argv[1]))
