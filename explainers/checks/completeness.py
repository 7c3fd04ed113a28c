"""Do the contributions add up to what they explain: the completeness gap.

Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks" (arXiv:1703.01365).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def completeness_gap(scores: Tensor, output: Tensor, baseline_output: Tensor) -> Tensor:
    """(Σ scores − (output − baseline_output)) / |output − baseline_output|, (N,) in float64.

    scores (N, …); output and baseline_output (N,), the explained score of inputs and baseline.
    0 is complete, −0.1 means that a tenth of the difference is missing. Where there is no
    difference the gap is infinite, or NaN if the scores sum to zero as they should.
    """
    difference = output.double() - baseline_output.double()
    summed = scores.double().flatten(1).sum(1)
    return (summed - difference) / difference.abs()
