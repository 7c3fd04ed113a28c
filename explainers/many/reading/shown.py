"""Pictures of a run as its network saw them, to be shown beside their maps."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Parse
from explainers.many.reading.members import Source, members_of, suffix_of
from explainers.many.strangeness import Strange
from explainers.models.spec import ModelSpec


def shown_pictures(
    told: Mapping[str, Any], source: Source, parse: Parse = parsed_file
) -> Callable[[Sequence[Strange]], dict[int, np.ndarray]]:
    """What reads some pictures of a run: uint8 (H, W, 3) by index, as the network saw them.

    Parameters
    ----------
    told : mapping
        What the run was asked, see `explainers.many.run.ManyRun.told`.
    source : str, Path, or sequence of them
        The run's own.
    parse : callable
        Reads a file.

    Returns
    -------
    callable
        It leaves out what cannot be read, is no photo of three colours, or is another file than
        the run had at that place; and is empty of other kinds than pictures.
    """
    spec = msgspec.convert({**told["asked"]["prepared"], "name": ""}, ModelSpec)

    def read(some: Sequence[Strange]) -> dict[int, np.ndarray]:
        if spec.kind != "picture":
            return {}
        members, _ = members_of(source, spec.kind)
        found, kind = {}, KINDS[spec.kind]
        for one in some:
            if one.index >= len(members.names) or members.names[one.index] != one.name:
                continue
            with contextlib.suppress(Problem):
                content = parse(spec, members.read(one.name), suffix_of(one.name, spec.kind))
                values = kind.inputs(content, spec, [0])[0]
                shown = kind.shown(values, kind.facts(content, spec))
                if shown.shape[2:] == (3,):
                    found[one.index] = shown
        return found

    return read
