"""Which inputs matter over a whole data set, by many methods, and how sure that is."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.importance.tables.stored import StoredTable
from pages.ranking import answer as shown
from pages.ranking import closer, cost, notes, question
from pages.ranking.question import Question
from pages.shelf import recording
from pages.state import address, progress
from pages.takeaway import ranking


def page() -> None:
    """Settings on the left, the answer on the right."""
    st.title("Importance", anchor=False)
    settings, answer = st.columns([3.5, 8.5], gap="medium")
    with settings:
        asked = question.pick()
        more = st.container()
    with answer, st.container(key="answer"):
        if asked is None:
            st.info(
                "Choose a network and a table or time series in the settings, and answer what is "
                "asked there: which inputs matter appears here."
            )
        else:
            _ask(asked, more)
    address.write()


def _ask(asked: Question, more: DeltaGenerator) -> None:
    """Ask the network about the rows, then for the table."""
    prediction = progress.finished(asked.rows, "importance_rows")
    if prediction is None:
        return
    with more:
        whole = question.pick_task(asked, prediction)
    facts = prediction[0]
    task = cost.affordable(whole, facts)
    with more:
        cost.tell(task, facts)
    drawing = partial(shown.draw_so_far, facts["rows"], asked.one)
    answer = progress.finished(task, "importance", drawing, partial(cost.take_back, whole))
    if answer is None:
        return
    table = StoredTable.of(*answer)
    notes.first(table, mend=True)
    shown.quality(table.quality, facts["rows"], asked.one)
    shown.sentence(table)
    notes.warnings(table, facts["notes"])
    shown.table_of_ranks(table, "ranks")
    recording.importance(asked, prediction, answer, task)
    cost.offer_rest(whole, facts, task)
    notes.methods(table)
    closer.section(asked, prediction, answer, table, task)
    about, file = asked.names(prediction)[task.output], asked.chosen.file
    told = ranking.ranking(table, task, about, file, facts["rows"], asked.one)
    ranking.section(told, ranking.source(task, asked.model.name, file), task, "away")


page()
