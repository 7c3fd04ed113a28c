"""What a process tells of an attempt behind the wall: on a line that the wall leaves open."""

import os
from collections.abc import Callable

from explainers.service.sandbox.sandbox import enter_sandbox, raise_low_wall


def tell(how: str, attempt: Callable[[], str], seconds: int) -> None:
    """Print how an attempt went, "sandboxed", "low" or "free", and end at once."""
    answer = os.dup(1)
    if how == "sandboxed":
        enter_sandbox(memory=1 << 30, seconds=seconds, keep=(answer,))
    if how == "low":
        raise_low_wall()
    os.write(answer, attempt().encode())
    os._exit(0)
