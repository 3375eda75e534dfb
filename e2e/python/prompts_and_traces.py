"""Prompts, which the client keeps in the registry, and traces with their tags and assessments."""

import json

import mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource

seen = {}
client = MlflowClient()

mlflow.genai.register_prompt(name="greeting", template="Hello {{name}}", commit_message="first", tags={"tone": "warm"})
mlflow.genai.register_prompt(name="greeting", template="Good day, {{name}}", commit_message="second")
mlflow.genai.set_prompt_alias("greeting", alias="formal", version=2)
seen["prompt"] = mlflow.genai.load_prompt("prompts:/greeting@formal").format(name="Ada")
seen["first"] = mlflow.genai.load_prompt("prompts:/greeting/1").template
seen["prompts"] = [p.name for p in mlflow.genai.search_prompts()]
client.create_registered_model("no prompt")
seen["models"] = [m.name for m in client.search_registered_models("name LIKE '%prompt'")]

mlflow.set_experiment("traces")


@mlflow.trace(span_type="RETRIEVER")
def retrieve(question: str) -> list[str]:
    return [question.upper()]


@mlflow.trace(name="answer", attributes={"version": 2})
def answer(question: str) -> str:
    mlflow.update_current_trace(tags={"user": "ada"})
    return " ".join(retrieve(question))


@mlflow.trace
def fails():
    raise ValueError("no answer")


answer("why")
answer_id = mlflow.get_last_active_trace_id()
try:
    fails()
except ValueError:
    pass
mlflow.flush_trace_async_logging()
trace = mlflow.get_trace(answer_id)
seen["spans"] = [[span.name, span.span_type, span.outputs] for span in trace.data.spans]
seen["state"] = str(trace.info.state)
seen["tag"] = trace.info.tags["user"]
mlflow.set_trace_tag(answer_id, "reviewed", "yes")
mlflow.log_feedback(
    trace_id=answer_id,
    name="correct",
    value=True,
    rationale="it is",
    source=AssessmentSource(source_type="HUMAN", source_id="ada"),
)
mlflow.log_expectation(trace_id=answer_id, name="expected", value="WHY", source=AssessmentSource("HUMAN", "ada"))
trace = mlflow.get_trace(answer_id)
seen["reviewed"] = trace.info.tags["reviewed"]
seen["assessments"] = sorted([a.name, a.value] for a in trace.info.assessments)
found = mlflow.search_traces(return_type="list")
seen["states"] = sorted(str(t.info.state) for t in found)
seen["by tag"] = [t.info.trace_id == answer_id for t in mlflow.search_traces(filter_string="tags.user = 'ada'", return_type="list")]
seen["spans of the search"] = sorted(span.name for t in found for span in t.data.spans)
mlflow.delete_trace_tag(answer_id, "reviewed")
seen["tag gone"] = "reviewed" not in mlflow.get_trace(answer_id).info.tags
experiment = mlflow.get_experiment_by_name("traces").experiment_id
seen["deleted"] = client.delete_traces(experiment_id=experiment, trace_ids=[answer_id])
seen["left"] = len(mlflow.search_traces(return_type="list"))
print(json.dumps(seen))
