"""What is left of a page when Streamlit drops a part that it has not sent yet is still a page."""

import pytest
import streamlit as st
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.testing.v1 import AppTest, local_script_runner

from pages.state.fragments import fragment


def script(fragment):
    import streamlit as st

    @fragment(run_every=0.3)
    def part():
        st.write("in it")
        st.write("and more")

    st.header("before")
    part()
    st.header("after")


@pytest.fixture
def sent(monkeypatch):
    """All messages of the runs of a script."""
    messages = []

    def keep(found):
        messages[:] = found
        return parse(found)

    parse = local_script_runner.parse_tree_from_messages
    monkeypatch.setattr(local_script_runner, "parse_tree_from_messages", keep)
    return messages


def dropped(messages) -> list[list[int]]:
    """The places of what is still sent when the part's next run starts before anything was."""
    queue = ForwardMsgQueue()
    for message in messages:
        queue.enqueue(message)
    parts = {m.delta.fragment_id for m in messages if m.HasField("delta")} - {""}
    assert len(parts) == 1
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=list(parts))
    return [list(m.metadata.delta_path) for m in queue.flush() if m.HasField("delta")]


def gaps(places: list[list[int]]) -> list[list[int]]:
    """Places whose parent or elder sibling was not sent, which kills the page in the browser."""
    known: set[tuple[int, ...]] = set()
    wrong = []
    for place in map(tuple, places):
        elder = (*place[:-1], place[-1] - 1)
        parent = place[:-1]
        if (place[-1] and elder not in known) or (len(parent) > 1 and parent not in known):
            wrong.append(list(place))
        known.add(place)
    return wrong


def test_a_part_alone_in_its_container_leaves_no_gap(sent):
    AppTest.from_function(script, args=(fragment,)).run()
    places = dropped(sent)
    assert gaps(places) == [] and len(places) == 3


def test_streamlits_own_part_leaves_one(sent):
    """Once this fails, Streamlit has mended it, and `fragment` can go."""
    AppTest.from_function(script, args=(st.fragment,)).run()
    assert gaps(dropped(sent)) == [[0, 2]]
