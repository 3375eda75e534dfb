"""Webhooks: created, listed, changed, tested, deleted; what a receiver hears of a model and of a prompt, and the signatures."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import mlflow
from mlflow import MlflowClient
from mlflow.entities.webhook import WebhookEvent, WebhookStatus
from mlflow.exceptions import MlflowException

SECRET = "receiver's secret"
heard: queue.Queue = queue.Queue()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        heard.put((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"heard")

    def log_message(self, *_):
        pass


def is_signed(headers, body: bytes) -> bool:
    """As MLflow's guide tells receivers to do it."""
    version, _, signature = headers["X-MLflow-Signature"].partition(",")
    stamp = headers["X-MLflow-Timestamp"]
    content = f"{headers['X-MLflow-Delivery-Id']}.{stamp}.{body.decode()}"
    expected = base64.b64encode(hmac.new(SECRET.encode(), content.encode(), hashlib.sha256).digest()).decode()
    return version == "v1" and hmac.compare_digest(signature, expected) and abs(time.time() - int(stamp)) < 300


def next_heard(count: int) -> list:
    told = []
    for _ in range(count):
        headers, body = heard.get(timeout=30)
        assert is_signed(headers, body), headers
        assert headers["Content-Type"] == "application/json"
        message = json.loads(body)
        told.append([f"{message['entity']}.{message['action']}", message["data"]])
    return told


def failure(call, *args, **kwargs) -> str:
    try:
        call(*args, **kwargs)
    except MlflowException as error:
        return error.error_code
    return "none"


server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/hook"
client = MlflowClient()
seen = {}

everything = [
    "registered_model.created",
    "model_version.created",
    "model_version_tag.set",
    "model_version_tag.deleted",
    "model_version_alias.created",
    "model_version_alias.deleted",
    "prompt.created",
    "prompt_version.created",
    "prompt_tag.set",
    "prompt_tag.deleted",
    "prompt_version_tag.set",
    "prompt_version_tag.deleted",
    "prompt_alias.created",
    "prompt_alias.deleted",
]
made = client.create_webhook(
    name="ci", url=url, events=everything, description="builds", secret=SECRET, status=WebhookStatus.ACTIVE
)
read = client.get_webhook(made.webhook_id)
seen["made"] = [read.name, read.url == url, sorted(map(str, read.events)) == sorted(everything), read.description]
seen["status"] = str(read.status)
seen["times"] = made.creation_timestamp <= int(time.time() * 1000) and read.last_updated_timestamp > 0
seen["secret"] = read.secret

result = client.test_webhook(made.webhook_id, "model_version.created")
seen["tested"] = [result.success, result.response_status, result.response_body]
seen["example"] = next_heard(1)[0][0]

model = client.create_registered_model("hooked", tags={"team": "growth"}, description="a model")
version = client.create_model_version("hooked", "s3://bucket/model", tags={"k": "v"}, description="first")
client.set_model_version_tag("hooked", version.version, "reviewed", "yes")
client.delete_model_version_tag("hooked", version.version, "reviewed")
client.set_registered_model_alias("hooked", "champion", version.version)
client.delete_registered_model_alias("hooked", "champion")
seen["model"] = sorted(next_heard(6), key=str)

prompt = mlflow.genai.register_prompt("greeting", "Hello {{name}}!", commit_message="first", tags={"lang": "en"})
mlflow.genai.set_prompt_alias("greeting", "live", 1)
of_prompt: set = set()
while "prompt_alias.created" not in of_prompt or not heard.empty():
    of_prompt.add(next_heard(1)[0][0])
    time.sleep(1)
seen["prompt"] = sorted(of_prompt)

plain = client.create_webhook("plain", url, ["registered_model.created"], status="DISABLED")
seen["listed"] = sorted(hook.name for hook in client.list_webhooks(max_results=10))
first = client.list_webhooks(max_results=1)
seen["pages"] = sorted([first[0].name, client.list_webhooks(max_results=1, page_token=first.token)[0].name])

changed = client.update_webhook(made.webhook_id, name="cd", status=WebhookStatus.DISABLED, events=["prompt.created"])
seen["changed"] = [changed.name, str(changed.status), [str(event) for event in changed.events], changed.description]
client.create_registered_model("unheard")
time.sleep(1)
seen["unheard"] = heard.empty()

client.delete_webhook(plain.webhook_id)
client.delete_webhook(made.webhook_id)
seen["deleted"] = [failure(client.get_webhook, made.webhook_id), len(client.list_webhooks())]
seen["refused"] = [
    failure(client.create_webhook, "a name", url, ["registered_model.created"]),
    failure(client.create_webhook, "x", "ftp://example.com", ["registered_model.created"]),
    failure(client.create_webhook, "x", url, []),
    failure(client.list_webhooks, max_results=1001),
]
seen["event"] = str(WebhookEvent.from_str("prompt.created"))
print(json.dumps(seen))
