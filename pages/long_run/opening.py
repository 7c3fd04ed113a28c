"""From one input of a run to its own explanation, with the same network, baseline and method."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.many.keeping.shards import Row
from explainers.service.parsing.upload_keys import file_key
from pages.long_run.question import ManyQuestion
from pages.state import address, service
from pages.widgets import pictures


def explain(question: ManyQuestion, row: Row) -> None:
    """Go to Explain with that input.

    Raises
    ------
    Problem
        Where the input is no longer kept, or is a window that Explain does not offer.
    """
    item = int(question.items[row["index"]])
    choices: dict[str, Any] = {"target": row["class"], "versus": None, "rather": None}
    kind = question.setting.model.spec.kind
    if kind == "picture":
        digest = _kept(question, item, row["name"])
        choices |= {"from": "Upload", "picture": digest, "picture_white": None}
    elif kind == "table":
        choices |= {"row": item + 1}
    else:
        start, which = divmod(item, _inputs(question))
        choices |= {"series": which + 1} if kind == "series" else {"sequence": which}
        choices |= {"stride": 1, "window": start + 1} if start else {"window": None}
    address.set_choices(choices)
    st.switch_page("pages/explain.py")


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
