"""Asks models what Python says of the rows of files.

Reads a JSON list of {name, csv, pandas, model, folder} from the file that is named first, and writes the frame of each file
in other formats into its folder (`convert`), or predicts from every format with mlflow.pyfunc (`predict`).
"""
import json
import logging
import sys
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import mlflow
import numpy as np
import pandas as pd

action, path = sys.argv[1:3]
with open(path, encoding="utf-8") as file:
    tables = json.load(file)


def read_csv(table):
    return pd.read_csv(table["csv"], float_precision="round_trip", **table["pandas"])


def convert(table):
    frame = read_csv(table)
    frame = frame[[name for name in frame.columns if not name.startswith("Unnamed")]]
    folder = table["folder"]
    frame.to_json(f"{folder}/rows.json", orient="records", force_ascii=False, double_precision=15)
    frame.to_json(f"{folder}/rows.jsonl", orient="records", lines=True, force_ascii=False, double_precision=15)
    frame.to_parquet(f"{folder}/rows.parquet")
    return None


def answers_of(model, frame):
    # MLflow's own check refuses integers for double where all columns are numbers, as the README says.
    numbers = [spec for spec in model.metadata.signature.inputs.inputs if getattr(spec, "type", None) is not None]
    if not model.metadata.signature.inputs.is_tensor_spec():
        whole = [spec.name for spec in numbers if frame[spec.name].dtype.kind in "iub"]
        frame = frame.astype({name: "float64" for name in whole})
    answer = model.predict(frame)
    columns = {name: np.asarray(answer[name]).tolist() for name in answer}
    return {name: [None if value != value else value for value in values] for name, values in columns.items()}


def predict(table):
    model = mlflow.pyfunc.load_model(table["model"])
    folder = table["folder"]
    frames = {
        "read_csv": lambda: read_csv(table),
        "read_json": lambda: pd.read_json(f"{folder}/rows.json", convert_dates=False),
        "read_parquet": lambda: pd.read_parquet(f"{folder}/rows.parquet"),
    }
    return {door: answers_of(model, read()) for door, read in frames.items()}


print(json.dumps([{"convert": convert, "predict": predict}[action](table) for table in tables]))
