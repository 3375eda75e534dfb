"""Traces as a user makes, finds, judges and deletes them; prints what was seen, without identities and times."""
import json

import mlflow
from mlflow.entities import AssessmentSource, Feedback, SpanEvent, SpanType

seen = {}
client = mlflow.MlflowClient()
experiment = mlflow.set_experiment("traced")


@mlflow.trace(span_type=SpanType.TOOL, attributes={"options": {"numbers": [1, 2.5, None], "name": "ü"}})
def look_up(number):
    mlflow.get_current_active_span().add_event(SpanEvent("looked", attributes={"times": 1}))
    return number + 1


@mlflow.trace
def answer(question):
    mlflow.update_current_trace(tags={"fruit": "apple"}, metadata={"team": "growth"}, client_request_id="request-7")
    mlflow.log_feedback(trace_id=mlflow.get_active_trace_id(), name="inside", value=True)
    return {"answer": look_up(question)}


@mlflow.trace
def fail():
    raise ValueError("no")


answer(41)
try:
    fail()
except ValueError:
    pass
with mlflow.start_run() as run:
    answer(1)
mlflow.flush_trace_async_logging()


def spans_of(trace):
    return [
        [s.name, s.span_type, s.inputs, s.outputs, s.status.status_code.name, len(s.events), s.get_attribute("options"),
         s.parent_id is None, s.start_time_ns < s.end_time_ns]
        for s in trace.data.spans
    ]


traces = mlflow.search_traces(return_type="list")
seen["spans"] = [spans_of(t) for t in traces]
seen["infos"] = [
    [t.info.state.name, t.info.request_preview, t.info.response_preview, t.info.client_request_id, t.info.tags.get("fruit"),
     t.info.tags["mlflow.traceName"], t.info.trace_metadata.get("team"), t.info.execution_duration >= 0]
    for t in traces
]
one = traces[-1].info.trace_id
seen["the same alone"] = spans_of(mlflow.get_trace(one)) == spans_of(traces[-1])
seen["the same many"] = [len(t.data.spans) for t in mlflow.tracing.client.TracingClient().batch_get_traces([one])]
seen["of the run"] = len(mlflow.search_traces(run_id=run.info.run_id))
seen["frame"] = sorted(mlflow.search_traces().columns)

FILTERS = [
    "tags.fruit = 'apple'", "tags.fruit IS NULL", "status = 'ERROR'", "trace.status != 'OK'", "timestamp_ms > 0",
    "execution_time_ms < 100000", "metadata.team = 'growth'", "request_metadata.team LIKE 'gr%'", "name = 'answer'",
    "trace.name ILIKE 'ANS%'", "span.name = 'look_up'", "span.type = 'TOOL'", "span.status = 'ERROR'",
    "client_request_id = 'request-7'", "request_id = 'none'", "run_id = 'none'", "feedback.inside = 'true'",
    "feedback.inside IS NULL", "expectation.truth IS NOT NULL", "bogus = 'x'", "tags.fruit ! 'x'",
]


def found(**search):
    try:
        return [t.info.tags["mlflow.traceName"] for t in mlflow.search_traces(return_type="list", include_spans=False, **search)]
    except mlflow.exceptions.MlflowException as error:
        return error.error_code


seen["filters"] = {f: found(filter_string=f) for f in FILTERS}
seen["orders"] = {o: found(order_by=[o]) for o in ["timestamp_ms ASC", "status ASC", "name DESC", "bogus"]}
page = client.search_traces(locations=[experiment.experiment_id], max_results=2, include_spans=False)
rest = client.search_traces(locations=[experiment.experiment_id], max_results=2, page_token=page.token, include_spans=False)
seen["pages"] = [len(page), len(rest), bool(rest.token)]

client.set_trace_tag(one, "team", "red")
client.set_trace_tag(one, "fruit", "pear")
client.delete_trace_tag(one, "team")
seen["tags"] = {k: v for k, v in mlflow.get_trace(one).info.tags.items() if not k.startswith("mlflow.")}


def code(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except mlflow.exceptions.MlflowException as error:
        return error.error_code
    return "no error"


def judged():
    return [
        [a.name, a.value, a.rationale, a.metadata, a.source.source_type, a.source.source_id, a.valid, a.error and a.error.error_code]
        for a in mlflow.get_trace(one).info.assessments
    ]


me = AssessmentSource(source_type="HUMAN", source_id="me")
first = mlflow.log_feedback(trace_id=one, name="quality", value=0.9, rationale="good", source=me, metadata={"x": "y"})
truth = mlflow.log_expectation(trace_id=one, name="truth", value={"a": [1, 2.5, "x"]}, source=me)
mlflow.log_expectation(trace_id=one, name="plain", value=7, source=me)
mlflow.log_feedback(trace_id=one, name="broken", error=ValueError("no"))
seen["assessments"] = judged()
mlflow.update_assessment(one, first.assessment_id, Feedback(name="quality", value=[1, "two"], rationale="better", metadata={"z": "1"}))
other = mlflow.override_feedback(trace_id=one, assessment_id=first.assessment_id, value="fine", rationale="no")
seen["changed"] = judged()
seen["by feedback"] = found(filter_string="feedback.quality = 'fine'")
mlflow.delete_assessment(one, other.assessment_id)
mlflow.delete_assessment(one, truth.assessment_id)
seen["taken back"] = judged()
seen["one"] = mlflow.get_assessment(one, first.assessment_id).value

nothing = "tr-" + "0" * 32
seen["codes"] = {
    "no trace": code(client.get_trace, nothing),
    "no tag": code(client.delete_trace_tag, one, "none"),
    "tag of no trace": code(client.delete_trace_tag, nothing, "none"),
    "no assessment": code(mlflow.get_assessment, one, "a-none"),
    "assessment of no trace": code(mlflow.log_feedback, trace_id=nothing, name="x", value=1),
    "changed none": code(mlflow.update_assessment, one, "a-none", Feedback(name="x", value=1)),
    "deletes of nothing": code(client.delete_traces, experiment.experiment_id),
    "deletes of too much": code(client.delete_traces, experiment.experiment_id, max_timestamp_millis=1, trace_ids=["x"]),
}
seen["deleted"] = [
    client.delete_traces(experiment.experiment_id, max_timestamp_millis=1),
    client.delete_traces(experiment.experiment_id, trace_ids=["none"]),
    client.delete_traces(experiment.experiment_id, trace_ids=[traces[0].info.trace_id]),
    client.delete_traces(experiment.experiment_id, max_timestamp_millis=10**15, max_traces=1),
    found(),
]
print(json.dumps(seen))
