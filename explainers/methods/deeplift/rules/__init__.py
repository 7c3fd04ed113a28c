"""The rules of every operation, a family a file; importing this fills the rulebook."""

from explainers.methods.deeplift.rules import (  # noqa: F401
    attention,
    curves,
    elementwise,
    linear,
    norms,
    pooling,
    recurrent,
    weighted,
)
