"""Which columns count as one feature: those of one text, those that go together, or by hand."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import streamlit as st

from explainers.kinds import encoding, features
from pages.links.refusals import folded
from pages.state import address, fitting_choices
from pages.state.chosen import ChosenInput, ChosenModel
from pages.widgets import files

MOST_BY_HAND = 8
USUAL_STRETCHES = 20
Groups = dict[str, tuple[int, ...]]
"""Name → the places of its columns."""


def pick(model: ChosenModel, chosen: ChosenInput) -> Groups:
    """Draw the choice of groups; those of one column of text are groups in any case."""
    names, fixed = list(model.spec.columns), of_texts(model, chosen)
    units = units_of(names, fixed)
    alike = correlated(model, chosen)
    together = False
    if alike and len(units) - sum(len(group) - 1 for group in alike) >= 2:
        listed = "; ".join(" + ".join(group) for group in alike)
        together = address.widget(
            st.toggle,
            "together",
            default=False,
            label="Correlated columns count as one",
            help=f"Columns with |r| above 0.7, directly or by others: {listed}.",
        )
    made = _by_hand(list(units), alike) if len(units) > 2 else {}
    taken = {name for group in made.values() for name in group}
    if together:
        for group in alike:
            left = [name for name in group if name not in taken]
            if len(left) > 1:
                made[" + ".join(left)] = left
                taken |= set(left)
    found = {name: group for name, group in fixed.items() if name not in taken}
    return found | {
        name: tuple(place for part in group for place in units[part])
        for name, group in made.items()
    }


def stretches(letters: int) -> Groups:
    """Draw the choice of how long the stretches of a sequence are that count as one feature."""
    usual = max(1, -(-letters // USUAL_STRETCHES))
    size = fitting_choices.number_within(
        "stretch",
        1,
        max(1, letters // 2),
        usual,
        label="Letters that count as one",
        help="Places of the sequences, from the first letter on.",
    )
    st.caption(
        "A place means the same in every sequence only where they are aligned; what may lie "
        "anywhere, such as a motif, is spread over all stretches. Explain shows it in one sequence."
    )
    found = {}
    for first in range(0, letters, size):
        last = min(first + size, letters)
        name = f"letters {first + 1}–{last}" if last > first + 1 else f"letter {last}"
        found[name] = tuple(range(first, last))
    return found


def of_texts(model: ChosenModel, chosen: ChosenInput) -> Groups:
    """The columns that one column of text became, by its name."""
    names, facts = list(model.spec.columns), files.content("table", chosen.data)[0]
    return {
        encoding.source(facts, names[group[0]])[0]: tuple(map(int, group))
        for group in encoding.groups(facts, names)
        if len(group) > 1
    }


def units_of(names: Sequence[str], groups: Groups) -> Groups:
    """The features there are with these groups: name → columns, in the order of the columns.

    Examples
    --------
    >>> units_of(["a", "b", "c"], {"ab": (0, 1)})
    {'ab': (0, 1), 'c': (2,)}
    """
    group_of = {place: name for name, group in groups.items() for place in group}
    found: Groups = {}
    for place, name in enumerate(names):
        group = group_of.get(place)
        found[group or name] = groups[group] if group else (place,)
    return found


def correlated(model: ChosenModel, chosen: ChosenInput) -> list[list[str]]:
    """Groups of columns with |r| above 0.7; of what texts became none is part of any."""
    of_text = {place for group in of_texts(model, chosen).values() for place in group}
    names = model.spec.columns
    single = tuple(name for place, name in enumerate(names) if place not in of_text)
    return _correlated(chosen.data, names, single)


@functools.lru_cache(64)
def _correlated(data: str, names: Sequence[str], single: Sequence[str]) -> list[list[str]]:
    """Those among the single columns, in the rows that have all columns; found once a table."""
    content = files.content("table", data)
    if len(single) < 2:
        return []
    rows = features.complete_rows(content, names)
    values = {"values": content[1]["values"][rows]}
    return features.correlated_groups(features.feature_values((content[0], values), single), single)


def as_groups(members: Sequence[Sequence[str]], units: Groups) -> Groups:
    """Groups of features, named by them, as places of columns."""
    return {
        " + ".join(group): tuple(place for name in group for place in units[name])
        for group in members
    }


def _by_hand(names: list[str], alike: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Draw groups that a person makes: after each one that has members comes another."""
    chosen = address.choices()
    started = any(chosen.get(f"group{number}") for number in range(1, MOST_BY_HAND + 1))
    found: dict[str, list[str]] = {}
    with folded(st.expander("Group columns by hand", expanded=started)):
        free = list(names)
        for number in range(1, MOST_BY_HAND + 1):
            key = f"group{number}"
            group = address.multiselect(
                st.multiselect, key, free, [], label=f"Group {number}", placeholder="Columns"
            )
            if not group:
                _offer(alike, free, key)
                break
            if len(group) == 1:
                st.caption("A group is of two columns or more.")
            else:
                called = address.widget(
                    st.text_input,
                    f"{key}_name",
                    default="",
                    label=f"Name of group {number}",
                    placeholder=" + ".join(group),
                ).strip()
                found[_free_name(called or " + ".join(group), found, free, group)] = group
            free = [name for name in free if name not in group]
            if len(free) < 2:
                break
    return found


def _offer(alike: Sequence[Sequence[str]], free: Sequence[str], key: str) -> None:
    """A button for each correlated group whose columns are free, which makes it the next group."""
    for place, group in enumerate(alike):
        if set(group) <= set(free):
            st.button(
                f"Take {' + '.join(group)}",
                key=f"take_{key}_{place}",
                help="Their |r| is above 0.7, directly or by others.",
                on_click=address.set_choices,
                args=({key: list(group)},),
            )


def _free_name(
    name: str, found: Mapping[str, object], free: Sequence[str], group: Sequence[str]
) -> str:
    """The name, or that of the members where another feature has it."""
    others = {*found, *free} - {*group}
    return " + ".join(group) if name in others else name
