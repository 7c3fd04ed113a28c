"""What the worker's side answers a request, without a process of its own."""

from dataclasses import replace

from explainers.models.zoo import demos
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.tasks.request import Request
from explainers.service.worker.task_runner import TaskRunner


def answered(shop: TaskRunner, request: Request) -> tuple[dict, dict]:
    """Facts and arrays, as they are kept in the store."""
    shop.answer(request, lambda state: None)
    return shop.store.answer(request.digest())


def asked(shop: TaskRunner, name: str, **changes) -> Request:
    """A question about the demo's own file, as the reading process would have left it."""
    demo = demos.demos()[name]
    data, suffix = demo.data.read_bytes(), demo.data.suffix
    digest = shop.store.put_blob(data)
    found = PARSERS[demo.spec.kind].parse(data, suffix=suffix)
    put(shop.store, demo.spec.kind, digest, found, suffix=suffix)
    numbers = demo.spec.answers == "numbers"
    request = Request(demo.spec, digest + suffix, target=0, score="output" if numbers else "logit")
    return replace(request, **changes)
