"""Kinds of inputs: pictures, tables, time series, DNA; from their files to what a network gets."""

from explainers.kinds import features, picture, sequence, series
from explainers.kinds.registry import KINDS, Arrays, Facts, InputSpec, Kind, ParsedFile

__all__ = [
    "KINDS",
    "Arrays",
    "Facts",
    "InputSpec",
    "Kind",
    "ParsedFile",
    "features",
    "picture",
    "sequence",
    "series",
]
