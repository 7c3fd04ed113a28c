"""What the worker's side answers a request, without a process of its own."""

from explainers.engine.request import Request
from explainers.engine.work import Workshop


def answered(shop: Workshop, request: Request) -> tuple[dict, dict]:
    """Facts and arrays, as they are kept in the store."""
    shop.answer(request, lambda state: None)
    return shop.store.answer(request.digest())
