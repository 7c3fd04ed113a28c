"""The rules of every operation, a family a file; importing this fills the registry."""

from explainers.methods.deeplift.rules import (  # noqa: F401
    dense_and_convolution,
    elementwise,
    linear,
    nonlinearities,
    norms,
    pooling,
    recurrent,
    softmax,
)
