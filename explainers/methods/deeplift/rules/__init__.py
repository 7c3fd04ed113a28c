"""The rules of every operation, a family a file; importing this fills the registry."""

from explainers.methods.deeplift.rules import (  # noqa: F401
    dense_and_convolution,
    elementwise,
    linear,
    nonlinearities,
    norms,
    places,
    pooling,
    recurrent,
    softmax,
    spreads,
    truth_values,
    two_numbers,
)

# Last: what only rearranges is taken over from the rules of real numbers.
from explainers.methods.deeplift.rules import complex_numbers  # noqa: F401, I001  # isort: skip
