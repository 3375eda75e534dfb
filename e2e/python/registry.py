"""The registry's tutorial: versions, stages with archiving, aliases, promotion by copying, tags, search, and cleaning up."""

import json
import pathlib
import tempfile

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

seen = {}
client = MlflowClient()
mlflow.set_experiment("registry tutorial")


class Constant(mlflow.pyfunc.PythonModel):
    """Answers every row with one number."""

    def __init__(self, value: int):
        self.value = value

    def predict(self, context, model_input, params=None):
        return [self.value] * len(model_input)


def refused(call) -> str:
    try:
        call()
    except MlflowException as error:
        return error.error_code
    return "no refusal"


def predicts(uri: str):
    import pandas

    return mlflow.pyfunc.load_model(uri).predict(pandas.DataFrame({"x": [1]}))[0]


# Three versions of one model.
client.create_registered_model("shop", tags={"team": "growth"}, description="what sells")
for value in (1, 2, 3):
    with mlflow.start_run() as run:
        mlflow.log_metric("score", value / 10)
        mlflow.pyfunc.log_model(
            name="model", python_model=Constant(value), registered_model_name="shop", pip_requirements=["mlflow"]
        )
seen["versions"] = sorted(int(v.version) for v in client.search_model_versions("name='shop'"))
seen["created twice"] = refused(lambda: client.create_registered_model("shop"))

# Stages, as old code uses them: who was in production is archived.
client.transition_model_version_stage("shop", "1", "Production")
client.transition_model_version_stage("shop", "2", "staging")
client.transition_model_version_stage("shop", "2", "production", archive_existing_versions=True)
seen["stages"] = {v.version: v.current_stage for v in client.search_model_versions("name='shop'")}
seen["latest"] = {v.current_stage: v.version for v in client.get_latest_versions("shop")}
seen["by stage"] = predicts("models:/shop/Production")
seen["bad stage"] = refused(lambda: client.transition_model_version_stage("shop", "1", "Prod"))

# Aliases.
client.set_registered_model_alias("shop", "champion", "2")
client.set_registered_model_alias("shop", "challenger", "3")
client.set_registered_model_alias("shop", "champion", "3")
seen["aliases"] = client.get_registered_model("shop").aliases
seen["by alias"] = predicts("models:/shop@champion")
seen["of version 3"] = sorted(client.get_model_version("shop", "3").aliases)
client.delete_registered_model_alias("shop", "challenger")
client.delete_registered_model_alias("shop", "challenger")
seen["unknown alias"] = refused(lambda: client.get_model_version_by_alias("shop", "challenger"))

# Promotion by copying into another name.
promoted = client.copy_model_version("models:/shop@champion", "prod.shop")
seen["copy"] = {"version": promoted.version, "source": promoted.source, "predicts": predicts("models:/prod.shop/1")}
again = client.copy_model_version("models:/prod.shop/1", "prod.shop.eu")
seen["copy of a copy"] = {"source": again.source, "predicts": predicts("models:/prod.shop.eu/1")}

# Descriptions and tags.
client.update_registered_model("shop", "what sells best")
client.update_model_version("shop", "1", "the first")
client.set_registered_model_tag("shop", "tier", "1")
client.set_model_version_tag("shop", "2", "validation", "passed")
client.delete_registered_model_tag("shop", "team")
client.delete_model_version_tag("shop", "2", "not there")
seen["texts"] = [client.get_registered_model("shop").description, client.get_model_version("shop", "1").description]
seen["tags"] = [client.get_registered_model("shop").tags, client.get_model_version("shop", "2").tags]

# Search.
seen["search"] = {
    text: [m.name for m in client.search_registered_models(text)]
    for text in ("name = 'shop'", "name LIKE 'prod%'", "name ILIKE '%SHOP'", "tags.tier = '1'", "tags.tier != '1'")
}
seen["of the run"] = len(client.search_model_versions(f"run_id = '{run.info.run_id}'"))
seen["search versions"] = {
    text: sorted(f"{v.name}/{v.version}" for v in client.search_model_versions(text))
    for text in ("tags.validation = 'passed'", "name='shop' AND version_number > 1", "name LIKE 'prod%'")
}
page = client.search_model_versions("name='shop'", max_results=2, order_by=["version_number ASC"])
rest = client.search_model_versions("name='shop'", max_results=2, order_by=["version_number ASC"], page_token=page.token)
seen["pages"] = [[v.version for v in page], [v.version for v in rest], rest.token]
seen["bad filter"] = refused(lambda: client.search_registered_models("nme = 'shop'"))

# Cleaning up: numbers are not given again, names become free.
client.delete_model_version("shop", "3")
seen["alias of a deleted version"] = client.get_registered_model("shop").aliases
seen["deleted version"] = refused(lambda: client.get_model_version("shop", "3"))
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "model"
    mlflow.pyfunc.save_model(path, python_model=Constant(4), pip_requirements=["mlflow"])
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(path), "model")
    fourth = mlflow.register_model(f"runs:/{run.info.run_id}/model", "shop")
seen["fourth"] = {"version": fourth.version, "predicts": predicts("models:/shop/4")}
client.rename_registered_model("shop", "store")
seen["renamed"] = [client.get_registered_model("store").name, predicts("models:/store/4")]
seen["old name"] = refused(lambda: client.get_registered_model("shop"))
client.delete_registered_model("store")
seen["gone"] = refused(lambda: client.get_registered_model("store"))
seen["born again"] = client.create_registered_model("store").latest_versions
print(json.dumps(seen))
