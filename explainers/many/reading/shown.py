"""Pictures of a run as its network saw them, to be shown beside their maps."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import numpy as np

from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.many.keeping.shards import Row
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Parse
from explainers.many.reading.members import Source, members_of, suffix_of
from explainers.many.strangeness import Strange
from explainers.models.spec import ModelSpec


class KeptRun(Protocol):
    """A run as far as it tells what its inputs were."""

    @property
    def told(self) -> Mapping[str, Any]:
        """What it was asked, see `explainers.many.run.ManyRun.told`."""

    def rows(self, columns: Sequence[str] | None = None) -> Iterable[Row]:
        """A row an input."""


def shown_pictures(
    run: KeptRun, source: Source, parse: Parse = parsed_file
) -> Callable[[Sequence[Strange]], dict[int, np.ndarray]]:
    """What reads some pictures of a run: uint8 (H, W, 3) by index, as the network saw them.

    Parameters
    ----------
    run : ManyRun
    source : str, Path, or sequence of them
        The run's own.
    parse : callable
        Reads a file.

    Returns
    -------
    callable
        It leaves out what cannot be read, is no photo of three colours, or is another file than
        the run had at that place, by its SHA-256; and is empty of other kinds than pictures.
    """
    spec = msgspec.convert({**run.told["asked"]["prepared"], "name": ""}, ModelSpec)

    def read(some: Sequence[Strange]) -> dict[int, np.ndarray]:
        if spec.kind != "picture":
            return {}
        members, _ = members_of(source, spec.kind)
        found, kind = {}, KINDS[spec.kind]
        wanted = {one.index for one in some}
        rows = (row for row in run.rows(["index", "digest"]) if row["index"] in wanted)
        digests = {row["index"]: row["digest"] for row in rows}
        for one in some:
            if one.index >= len(members.names) or members.names[one.index] != one.name:
                continue
            with contextlib.suppress(Problem):
                data = members.read(one.name)
                if hashlib.sha256(data).hexdigest() != digests.get(one.index):
                    continue
                content = parse(spec, data, suffix_of(one.name, spec.kind))
                values = kind.inputs(content, spec, [0])[0]
                shown = kind.shown(values, kind.facts(content, spec))
                if shown.shape[2:] == (3,):
                    found[one.index] = shown
        return found

    return read
