"""What was computed in this visit and before: open it again, name it, compare, report, delete."""

import itertools
from collections.abc import Sequence

import streamlit as st

from explainers.service.storage.shelf import Run
from pages.shelf import entry, pair, report
from pages.state import address, login, service

RUNS, PER_PAGE = "runs", 20
_ASKED, _MORE, _VERSION = "run_deletion_asked", "runs_shown", "runs_picked_version"


def page() -> None:
    """What can be done with those that are chosen, and under it all of them."""
    with st.container(key="tight"):
        st.title("Runs", anchor=False)
    runs = service.shelf().list_of(service.owner())
    st.caption(
        "What you asked on Explain, Compare, Importance and Many, and was answered. Only you see it"
        + (", wherever you log in. " if login.required() else ": this browser's cookie opens it. ")
        + "It goes with the uploads it was made of."
    )
    if message := st.session_state.pop("runs_message", None):
        st.toast(message, icon=":material/delete:")
    picked = _picked(runs)
    if not runs:
        st.info("Nothing has been asked yet. Start on Explain; what is answered stands here then.")
    above = st.container()
    picked = _list(runs, picked)
    with above:
        _ask_before_deleting(runs)
        if runs:
            _chosen(runs, picked)
    address.write(only=(RUNS,))


def _picked(runs: dict[str, Run]) -> list[str]:
    """Those that the link or the visitor chose; the page says where one is not there."""
    address.show_refusal(RUNS, "Runs")
    wanted = address.choices().get(RUNS) or []
    known = [key for key in dict.fromkeys(wanted) if key in runs]
    if missing := len(set(wanted)) - len(known):
        st.warning(
            f"{missing} of the runs in this link {'are' if missing > 1 else 'is'} not on your "
            "shelf: others see only their own, and what was deleted is gone."
        )
    return known


def _list(runs: dict[str, Run], picked: list[str]) -> list[str]:
    """Draw the entries, those that are pinned first; the keys of those that are chosen."""
    keys = list(runs)
    before = dict(itertools.pairwise([*keys, None]))
    order = sorted(keys, key=lambda key: not runs[key].pinned)
    most = st.session_state.setdefault(_MORE, PER_PAGE)
    version = 1000 * address.links_opened() + st.session_state.setdefault(_VERSION, 0)
    chosen = [key for key in picked if key in order[most:]]
    for key in order[:most]:
        earlier = before[key]
        drawn = entry.draw(
            key, runs[key], None if earlier is None else runs[earlier], key in picked, version
        )
        chosen += [key] if drawn[0] else []
        if drawn[1]:
            _want_deleted([key])
    if len(order) > most and st.button(f"Show more ({len(order) - most})", key="more_runs"):
        st.session_state[_MORE] = most + PER_PAGE
        st.rerun()
    address.choices()[RUNS] = chosen or None
    return chosen


def _chosen(runs: dict[str, Run], picked: Sequence[str]) -> None:
    """What can be done with the chosen ones."""
    with st.container(horizontal=True, vertical_alignment="center"):
        count = len(picked)
        st.markdown(
            f"**{count} of {len(runs)} chosen.**"
            if count
            else "Choose two to compare them, or several for one report."
        )
        if count and st.button("Choose none", key="choose_none"):
            address.choices()[RUNS] = None
            st.session_state[_VERSION] += 1
            st.rerun()
        if count and st.button("Delete the chosen", key="delete_chosen"):
            _want_deleted(picked)
        if st.button("Delete all", key="delete_all_runs", icon=":material/delete:"):
            _want_deleted(list(runs))
    if picked:
        report.section([runs[key] for key in picked])
    if len(picked) == 2:
        pair.section([runs[key] for key in picked])


def _want_deleted(keys: Sequence[str]) -> None:
    st.session_state[_ASKED] = list(keys)
    st.rerun()


def _ask_before_deleting(runs: dict[str, Run]) -> None:
    """Draw the question, once somebody wants to delete; nothing can bring an entry back."""
    wanted = [key for key in st.session_state.get(_ASKED, ()) if key in runs]
    if not wanted:
        return
    one = "this run" if len(wanted) == 1 else f"these {len(wanted)} runs"
    with st.container(border=True):
        st.markdown(
            f"Delete {one}? Name, note and thumbnail cannot be brought back. Uploads stay; delete "
            "them at the end of the page."
        )
        with st.container(horizontal=True):
            if st.button("Delete for good", type="primary", key="delete_runs_for_good"):
                count = service.shelf().delete(service.owner(), wanted)
                st.session_state["runs_message"] = f"{count} run{'s' * (count > 1)} deleted."
                st.session_state.pop(_ASKED)
                st.rerun()
            if st.button("Keep", key="keep_runs"):
                st.session_state.pop(_ASKED)
                st.rerun()


page()
