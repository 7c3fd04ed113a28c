"""Do the contributions add up to what they explain: the completeness gap.

Sundararajan, Taly & Yan 2017, "Axiomatic attribution for deep networks" (arXiv:1703.01365).
"""

from explainers.attribution import completeness_gap

__all__ = ["completeness_gap"]
