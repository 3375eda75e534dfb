"""How mlflow.pyfunc runs the model.onnx of this directory: as mlflow.onnx does, with two things that a graph cannot do.

It says which value a model cannot do without, and it answers MLflow's evaluators in the form that they calculate with.
Python imports a module of one name once, for all models of a process: another behaviour gets another name.
"""

import contextlib
import os
import sys

import mlflow.onnx
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import Model

# Python keeps what it compiled beside the file, where nobody signed it: `mintmark verify` would call it added.
with contextlib.suppress(OSError, TypeError):
    os.remove(__spec__.cached)
    os.rmdir(os.path.dirname(__spec__.cached))


def _load_pyfunc(path):
    """Called by MLflow, with the path of model.onnx."""
    return MintmarkModel(path)


class MintmarkModel:
    def __init__(self, path):
        self._onnx = mlflow.onnx._load_pyfunc(path)
        described = Model.load(os.path.dirname(path)).metadata["mintmark"]
        self._numbers = [column for column in described["columns"] if column["type"] != "text"]
        self._finds_anomalies = described["task"] == "anomaly"

    def get_raw_model(self):
        return self._onnx.get_raw_model()

    def predict(self, data, params=None):
        """All columns of the answer; for an evaluator the prediction alone."""
        self._require_numbers(data)
        answer = self._onnx.predict(data)
        frame = _evaluating_frame()
        if frame is None:
            return answer
        chosen = getattr(frame.f_locals.get("self"), "predictions", None)
        if chosen is not None and not frame.f_globals["__name__"].endswith(".classifier"):
            return answer  # It takes the chosen column itself, and may calculate with the others.
        if chosen not in answer:
            chosen = "is_anomaly" if self._finds_anomalies else next(iter(answer))
        return _like_labels(np.asarray(answer[chosen]), getattr(frame.f_locals.get("self"), "y_true", None))

    def _require_numbers(self, data):
        if not isinstance(data, (dict, pd.DataFrame)):
            return  # Not by columns; the graph refuses.
        for column in self._numbers:
            name = column["name"]
            if name not in data:
                continue
            values = np.asarray(data[name], dtype="float64")
            refused = np.isinf(values) if column["optional"] else ~np.isfinite(values)
            if column["type"] == "date":
                # Days of the years 1 to 9999; what pandas makes of dates as numbers are nanoseconds, or so.
                refused |= (values < -719_162) | (values >= 2_932_897)
            if not refused.any():
                continue
            row = int(refused.argmax())
            expected = "days since 1970" if column["type"] == "date" else "a finite number"
            problem = f"expected {expected}, got {values[row]} at row {row}"
            if np.isnan(values[row]):
                problem = (
                    f"has no value at row {row}, and the model has no rule for that: "
                    f"give one, or train with {{ impute: [{name}] }}"
                )
            raise MlflowException.invalid_parameter_value(f"input '{name}' {problem}")


def _like_labels(prediction, labels):
    """Words as booleans where the labels are: pandas reads True and False of a file so, and the model keeps its words."""
    if getattr(labels, "dtype", None) != np.dtype(bool) or prediction.dtype.kind not in "OUT":
        return prediction
    words = np.char.lower(prediction.astype(str))
    return words == "true" if np.isin(words, ["true", "false"]).all() else prediction


def _evaluating_frame():
    """The frame of MLflow's evaluator that asked for the prediction; None if anybody else did.

    Its evaluator of classifiers puts labels and answer into one array (numpy.concatenate), and so needs a list of
    predictions where everyone else is better off with all columns. Nothing that MLflow hands over says who asks. Only the
    caller of pyfunc's own predict counts: a function that is evaluated, and uses this model, gets all columns.
    """
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("mlflow.pyfunc"):
        frame = frame.f_back
    asks = frame is not None and frame.f_globals.get("__name__", "").startswith("mlflow.models.evaluation.")
    return frame if asks else None
