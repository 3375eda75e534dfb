"""A LightGBM pipeline on the Titanic: a categorical encoder, and a wrapper that answers "alive" or "dead".

The wrapper's base is another registered model, which it names among its artifacts; its code comes along by code_paths.
Called with the path of titanic.csv.
"""

import json
import pathlib
import sys
import tempfile

import lightgbm
import mlflow
import pandas
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

seen = {}
client = MlflowClient()
frame = pandas.read_csv(sys.argv[1])
features, target = frame[["class", "sex", "age"]], (frame["survival"] == "alive").astype(int)
encoder = ColumnTransformer(
    [("categories", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), list(features.columns))]
)
pipeline = Pipeline([("encode", encoder), ("boost", lightgbm.LGBMClassifier(n_estimators=30, verbose=-1, n_jobs=1))])
pipeline.fit(features, target)

mlflow.set_experiment("titanic")
requirements = ["scikit-learn", "lightgbm", "pandas"]
with mlflow.start_run(run_name="base"):
    mlflow.log_input(mlflow.data.from_pandas(frame, source=sys.argv[1], name="titanic", targets="survival"), "training")
    mlflow.log_metric("accuracy", pipeline.score(features, target))
    mlflow.sklearn.log_model(
        pipeline,
        name="base",
        registered_model_name="titanic-base",
        serialization_format="cloudpickle",
        signature=infer_signature(features, pipeline.predict(features)),
        pip_requirements=requirements,
    )

with tempfile.TemporaryDirectory() as folder:
    package = pathlib.Path(folder) / "words"
    package.mkdir()
    (package / "__init__.py").write_text('LABELS = {0: "dead", 1: "alive"}\n')
    sys.path.insert(0, folder)

    class Survival(mlflow.pyfunc.PythonModel):
        """Words instead of numbers."""

        def load_context(self, context):
            self.base = mlflow.sklearn.load_model(context.artifacts["base"])

        def predict(self, context, model_input, params=None):
            from words import LABELS

            return pandas.DataFrame({"Survival prediction": [LABELS[int(c)] for c in self.base.predict(model_input)]})

    with mlflow.start_run(run_name="wrapper") as run:
        mlflow.pyfunc.log_model(
            name="wrapper",
            python_model=Survival(),
            artifacts={"base": "models:/titanic-base/1"},
            code_paths=[str(package)],
            registered_model_name="titanic-words",
            pip_requirements=requirements,
        )
    sys.path.remove(folder)
    sys.modules.pop("words", None)

client.set_registered_model_alias("titanic-words", "champion", "1")
loaded = mlflow.pyfunc.load_model("models:/titanic-words@champion")
rows = pandas.DataFrame(
    {"class": ["1st", "3rd", "9th"], "sex": ["female", "male", "male"], "age": ["adult", "adult", "adult"]}
)
seen["answers"] = loaded.predict(rows)["Survival prediction"].tolist()
everyone = loaded.predict(features)["Survival prediction"]
seen["agrees with the base"] = bool((everyone == pandas.Series(pipeline.predict(features)).map({0: "dead", 1: "alive"})).all())
seen["accuracy"] = float((everyone == frame["survival"]).mean())
files = mlflow.artifacts.list_artifacts(client.get_model_version("titanic-words", "1").source)
seen["files"] = sorted(pathlib.PurePosixPath(f.path).name for f in files)
print(json.dumps(seen))
