"""What inputs are filed under: their true labels, as the folders of a source tell them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Labels: TypeAlias = "Sequence[str | None] | Mapping[int, str]"
"""The true class's name of each input, by its index; None where it is not known."""


def labels_from_names(names: Iterable[str], classes: Sequence[str]) -> list[str | None] | None:
    """What each input is filed under: the nearest folder over it that bears a class's name.

    Letters' case, spaces, hyphens and underscores do not count; of "tench, Tinca tinca" the part
    before the comma will do.

    Parameters
    ----------
    names : iterable of str
        Of all inputs in their order, as a run's rows have them: paths within the source.
    classes : sequence of str
        Names of the network's outputs.

    Returns
    -------
    list of (str or None), or None
        The class's own name, or None for an input that lies in no such folder. None altogether
        where fewer than two folders are named as classes: then they are no labels.

    Examples
    --------
    >>> labels_from_names(["stop/1.png", "give_way/a/2.png", "3.png"], ("stop", "give way"))
    ['stop', 'give way', None]
    >>> labels_from_names(["stop/1.png", "other/2.png"], ("stop", "give way")) is None
    True
    """
    known: dict[str, str] = {}
    for name in classes:
        known.setdefault(folded(name), name)
    for name in classes:
        known.setdefault(folded(name.partition(",")[0]), name)
    known.pop("", None)
    folders: dict[str, str | None] = {}
    found: list[str | None] = []
    for name in names:
        *over, _ = re.split(r"[/\\]", name)
        folder = "/".join(over)
        if folder not in folders:
            fitting = (known.get(folded(one)) for one in reversed(over))
            folders[folder] = next((one for one in fitting if one is not None), None)
        found.append(folders[folder])
    return found if len({label for label in folders.values() if label is not None}) > 1 else None


def label_of(labels: Labels | None, index: int) -> str | None:
    """What the input of that index is filed under; None where it is not known.

    Examples
    --------
    >>> label_of(["stop", None], 0), label_of({7: "stop"}, 8), label_of(None, 0)
    ('stop', None, None)
    """
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        return labels.get(index)
    return labels[index] if 0 <= index < len(labels) else None


def folded(name: str) -> str:
    """A name without what does not tell it from another: case, spaces, hyphens, underscores.

    Examples
    --------
    >>> folded("Give_Way") == folded("give way"), folded("C++") == folded("C")
    (True, False)
    """
    return re.sub(r"[\s_-]+", "", name).casefold()
