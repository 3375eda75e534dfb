"""What an unmodified client of MLflow does, timed; prints the seconds as JSON.

usage: mlflow-client.py register COUNT | transfer FILE COUNT
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import mlflow

client = mlflow.MlflowClient()


def timed(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def new_run():
    return client.create_run("0").info.run_id


def register(count):
    run = new_run()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "MLmodel").write_text("flavors: {}\n")
        client.log_artifacts(run, folder, "model")
    call = lambda: mlflow.register_model(f"runs:/{run}/model", "registered")
    times = [timed(call) for _ in range(2 * count)]
    return times[count:]


def transfer(file, count):
    up, down = [], []
    for _ in range(count):
        run = new_run()
        up.append(timed(lambda: client.log_artifact(run, file)))
        with tempfile.TemporaryDirectory(dir=Path(file).parent) as folder:
            down.append(timed(lambda: client.download_artifacts(run, Path(file).name, folder)))
    return {"up": up, "down": down}


_, what, *arguments = sys.argv
if what == "register":
    print(json.dumps(register(int(arguments[0]))))
else:
    print(json.dumps(transfer(arguments[0], int(arguments[1]))))
