"""What a run's report is written from: the run in counts and means, and a few of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np

from explainers.many.cues.hunt import Cluster
from explainers.many.keeping.shards import Row
from explainers.many.strangeness import Strange, strangest
from explainers.many.summary.checks import COLUMNS as CHECKED
from explainers.many.summary.checks import CheckSummary, summarise_checks
from explainers.many.summary.labels import Labels, labels_from_names
from explainers.many.summary.summarise import COLUMNS, Summary, summarise

STRANGE, FAILURES = 24, 40
"""Inputs that a report shows because they are strange, and for want of an answer."""

Photos: TypeAlias = "Callable[[Sequence[Strange]], Mapping[int, np.ndarray]]"
"""Of some inputs, those as they are shown: uint8 (H, W, 3), by index."""


class RunData(Protocol):
    """A run, wherever it is kept: in a folder (`ManyRun`), or in a store."""

    @property
    def told(self) -> dict[str, Any]:
        """What it was asked, of what, and with which versions; see `keeping.manifest.keep`."""

    def rows(self, columns: Sequence[str] | None = None) -> Iterable[Row]:
        """Its rows, as often as it is asked."""

    def maps(self, wanted: Container[int] | None = None) -> Iterable[tuple[int, np.ndarray]]:
        """(index, map) of the inputs that are wanted, or all."""


@dataclass(frozen=True)
class RunContents:
    """A run, as its report tells it.

    Attributes
    ----------
    told : mapping
        See `RunData`.
    summary : Summary
    strange : tuple of Strange
        The strangest with an answer.
    maps, photos : mapping of int to ndarray
        Of the strange ones, by index: the map; and the picture uint8 (H, W, 3), where it may be
        shown.
    failures : tuple of (name, sentence)
        The first ones.
    clusters : tuple of Cluster, or None
        What a hunt for cues found; None where none was made.
    checks : CheckSummary or None
        Of its maps, where they were checked.
    """

    told: Mapping[str, Any]
    summary: Summary
    strange: tuple[Strange, ...] = ()
    maps: Mapping[int, np.ndarray] = field(default_factory=dict)
    photos: Mapping[int, np.ndarray] = field(default_factory=dict)
    failures: tuple[tuple[str, str], ...] = ()
    clusters: tuple[Cluster, ...] | None = None
    checks: CheckSummary | None = None

    @property
    def explains(self) -> bool:
        """Whether the run has maps, or tells only what the network answers."""
        return self.told["asked"]["method"] is not None

    @property
    def kind(self) -> str:
        """A key of KINDS."""
        return str(self.told["asked"]["prepared"]["kind"])


def contents_of(
    run: RunData,
    labels: Labels | None = None,
    clusters: Sequence[Cluster] | None = None,
    photos: Photos | None = None,
) -> RunContents:
    """Go through a run, a few times through its rows and once through its maps.

    Parameters
    ----------
    run : RunData
    labels : sequence or mapping by index, optional
        True classes; by default the folders of the inputs, where these are named as classes.
    clusters : sequence of Cluster, optional
        As from `explainers.many.cues.hunt`.
    photos : callable, optional
        Reads the strangest inputs, where they may be shown.
    """
    told = run.told
    asked = told["asked"]
    kind = asked["prepared"]["kind"]
    if labels is None or asked["target"] is not None:
        labels = labels_of(run)
    summary = summarise(run.rows(COLUMNS), run.maps(), labels, kind=kind)
    strange = strangest(run.rows(), STRANGE, labels, failed=False)
    maps = dict(run.maps({one.index for one in strange})) if strange else {}
    failures: list[tuple[str, str]] = []
    if summary.failed:
        for row in run.rows(["name", "error"]):
            if row["error"] is not None and len(failures) < FAILURES:
                failures.append((row["name"], row["error"]))
    return RunContents(
        told,
        summary,
        tuple(strange),
        maps,
        photos(strange) if photos and strange else {},
        tuple(failures),
        None if clusters is None else tuple(clusters),
        summarise_checks(run.rows(CHECKED)) if asked.get("checks") else None,
    )


def labels_of(run: RunData) -> list[str | None] | None:
    """The folders of a run's inputs, where they are named as the network's classes.

    None of a run with a `target`: one output was asked of all, whatever the network answers.
    """
    if run.told["asked"]["target"] is not None:
        return None
    classes = run.told.get("classes")
    if not classes:
        names = (row["class_name"] for row in run.rows(["class_name"]))
        classes = list(dict.fromkeys(name for name in names if name is not None))
    return labels_from_names((row["name"] for row in run.rows(["name"])), classes)
