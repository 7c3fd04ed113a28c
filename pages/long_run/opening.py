"""From one input of a run to its own explanation, with the same network, baseline and method."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.many.keeping.shards import Row
from explainers.service.parsing.upload_keys import file_key
from pages.links.schema import encode
from pages.long_run.question import ManyQuestion
from pages.state import address, service
from pages.widgets import pictures

LEFT_BEHIND = (
    *(
        "collection",
        "many_asks",
        "many_checks",
        "many_from",
        "many_order",
        "many_class",
        "many_part",
        "asked_of",
    ),
    *("versus", "rather", "picture_white", "window", "stride"),
)
"""Choices that mean nothing on Explain, or something about another input."""


def explain(question: ManyQuestion, row: Row) -> None:
    """Go to Explain with that input.

    Raises
    ------
    Problem
        Where the input is no longer kept, or is a window that Explain does not offer.
    """
    item = int(question.items[row["index"]])
    asked = question.plan.explanation
    choices: dict[str, Any] = {"target": row["class"]}
    if asked is not None:  # what is usual here may be another there, so the link holds it
        choices |= {"baseline": asked.baseline.key, "method": asked.method}
    kind = question.setting.model.spec.kind
    if kind == "picture":
        digest = _kept(question, item, row["name"])
        choices |= {"from": "Upload", "picture": digest}
    elif kind == "table":
        choices |= {"row": item + 1}
    else:
        start, which = divmod(item, _inputs(question))
        choices |= {"series": which + 1} if kind == "series" else {"sequence": which}
        choices |= {"stride": 1, "window": start + 1} if start else {}
    kept = {name: text for name, text in address.link().items() if name not in LEFT_BEHIND}
    link = kept | {name: encode(value) for name, value in choices.items()}
    st.switch_page("pages/explain.py", query_params=link)


def _kept(question: ManyQuestion, item: int, name: str) -> str:
    """Digest of one picture of the collection, unpacked behind the wall and kept by itself."""
    digest = file_key("picture", question.setting.input.data).digest
    data = service.backend().store.blob(digest)
    if data is None:
        raise Problem("These pictures are no longer kept here. Upload them again.")
    pool = service.backend().parsed.pool
    turn = service.owner()
    _, arrays = pool.parse("picture_archive", data, turn=turn, place=item)
    return pictures.keep(arrays["0"].tobytes(), name.rsplit("/", 1)[-1])


def _inputs(question: ManyQuestion) -> int:
    """How many series or sequences the file holds."""
    facts, arrays = question.content
    return len(arrays["starts"]) - 1 if "starts" in arrays else len(facts["names"])
