"""Files: unicode names, no bytes at all, nested folders, many in parallel, download, and deletion."""

import hashlib
import json
import pathlib
import tempfile

import mlflow
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

seen = {}
client = MlflowClient()
mlflow.set_experiment("artifacts")
names = [
    "plain.txt",
    "with space.txt",
    "a+b&c;d.txt",
    "100%.txt",
    "grüße.txt",
    "名前/データ.bin",
    "deep/er/and/deeper/x.txt",
    "empty.bin",
    "quote'd \"name\".txt",
]


def digests(folder: pathlib.Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


with tempfile.TemporaryDirectory() as temporary, mlflow.start_run() as run:
    source = pathlib.Path(temporary) / "source"
    for name in names:
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name == "empty.bin" else name.encode() * 100)
    many = source / "many"
    many.mkdir()
    for number in range(100):
        (many / f"{number:03}.bin").write_bytes(bytes([number]) * (number * 1000))
    mlflow.log_artifacts(str(source), "all")
    target = pathlib.Path(temporary) / "target"
    fetched = mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="all", dst_path=str(target))
    before, after = digests(source), digests(pathlib.Path(fetched))
    seen["different"] = sorted(name for name in before if before[name] != after.get(name))
    seen["count"] = [len(before), len(after)]
    seen["listed"] = sorted(f.path for f in client.list_artifacts(run.info.run_id, "all") if not f.is_dir)
    seen["sizes"] = [f.file_size or 0 for f in client.list_artifacts(run.info.run_id, "all/many")][:3]

    # The same path again replaces the file.
    mlflow.log_text("first", "note.txt")
    mlflow.log_text("second", "note.txt")
    seen["replaced"] = mlflow.artifacts.load_text(f"{run.info.artifact_uri}/note.txt")

    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    repository = get_artifact_repository(run.info.artifact_uri)
    repository.delete_artifacts("all/many")
    seen["after deleting"] = [
        len(client.list_artifacts(run.info.run_id, "all/many")),
        len(client.list_artifacts(run.info.run_id, "all")),
    ]
    try:
        mlflow.artifacts.load_text(f"{run.info.artifact_uri}/missing.txt")
    except (MlflowException, requests.HTTPError) as error:
        seen["missing"] = type(error).__name__
print(json.dumps(seen))
