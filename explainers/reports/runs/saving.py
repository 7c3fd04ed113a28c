"""`run.report(path)`: the report of a run that is kept in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from explainers.many.cues.cluster import Cluster
from explainers.many.summary.labels import Labels
from explainers.reports.runs.contents import Photos, RunData, contents_of
from explainers.reports.runs.page import run_page
from explainers.reports.saving import write_page


def report(
    run: RunData,
    path: str | Path,
    *,
    labels: Labels | None = None,
    clusters: Sequence[Cluster] | None = None,
    photos: Photos | None = None,
    by: str = "",
    comment: str = "",
) -> Path:
    """Write one page about a run: it opens anywhere and asks for nothing.

    Parameters
    ----------
    run : RunData
        A `ManyRun`, finished or not.
    path : str or Path
        Ends in .html.
    labels : sequence or mapping by index, optional
        True classes' names; by default the folders of the inputs, where they are named as classes.
    clusters : sequence of Cluster, optional
        What `explainers.many.cues.hunt` found.
    photos : callable, optional
        Reads the strangest pictures, where they may be shown in it; see `contents.Photos`.
    by, comment : str
        Who made it, and what they say of it.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    Problem
        For another suffix, and where the file cannot be written.
    """
    return write_page(
        path, lambda: run_page(contents_of(run, labels, clusters, photos), by, comment)
    )
