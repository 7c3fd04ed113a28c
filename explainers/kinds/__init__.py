"""Kinds of inputs: pictures, tables, time series, DNA; from their files to what a network gets."""

from explainers.kinds import features, picture, sequence, series
from explainers.kinds.registry import KINDS, Kind

__all__ = ["KINDS", "Kind", "features", "picture", "sequence", "series"]
