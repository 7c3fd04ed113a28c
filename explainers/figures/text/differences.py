"""What differs between two questions, in words."""

from __future__ import annotations

from collections.abc import Mapping

IDENTITY = "_"
"""Begins the names of what tells two things apart that people call alike."""
MOST = 4


def differences(now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """What was chosen otherwise than before, a few words each.

    Parameters
    ----------
    now, before : mapping of str to str
        What was chosen, by the name of the choice, both in words. Under "_input" may stand what
        tells two inputs of one name apart.

    Examples
    --------
    >>> cat = {"input": "cat.jpg", "_input": "a1", "method": "Occlusion", "window": "8"}
    >>> differences(cat | {"method": "DeepLIFT"}, cat)
    ['method DeepLIFT instead of Occlusion']
    >>> differences({"input": "cat.jpg", "_input": "b2", "method": "Occlusion"}, cat)
    ['another input of the same name', 'no window (8 before)']
    """
    said = []
    for name in dict.fromkeys([*now, *before]):
        if now.get(name) == before.get(name):
            continue
        known = name.removeprefix(IDENTITY)
        if name.startswith(IDENTITY):
            if now.get(known) == before.get(known):
                said.append(f"another {known} of the same name")
        elif name not in before:
            said.append(f"{name} {now[name]}")
        elif name not in now:
            said.append(f"no {name} ({before[name]} before)")
        else:
            said.append(f"{name} {now[name]} instead of {before[name]}")
    return said


def difference_sentence(now: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    """The same in one sentence; `before` is None of the first question.

    Examples
    --------
    >>> difference_sentence({"method": "Occlusion"}, None)
    'The first.'
    >>> difference_sentence({"method": "Occlusion"}, {"method": "DeepLIFT"})
    'Differs from the one before: method Occlusion instead of DeepLIFT.'
    """
    if before is None:
        return "The first."
    said = differences(now, before)
    if not said:
        return "Chosen as the one before."
    more = f"; {len(said) - MOST} more" if len(said) > MOST else ""
    return f"Differs from the one before: {'; '.join(said[:MOST])}{more}."
