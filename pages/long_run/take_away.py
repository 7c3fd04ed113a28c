"""A run to take away: its rows, its maps, and the command that does the same for any number."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import shlex
import tempfile
import zipfile
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import streamlit as st

from explainers.baselines import BASELINES
from explainers.many.keeping.shards import Row, schema
from explainers.reports.numbers import csv_of
from explainers.service.tasks.many.plan import ManyPlan
from pages.answers import take_away
from pages.long_run import rows as kept
from pages.long_run.question import ManyQuestion

PARQUET = "application/vnd.apache.parquet"
NOT_KNOWN = "model.pt2"
"""What the command calls a visitor's own network."""


def section(question: ManyQuestion, rows: Sequence[Row]) -> None:
    """Draw the downloads; each file is made when it is asked for."""
    stem = take_away.file_name(f"{question.setting.model.name} {question.several(len(rows))}")
    offer = functools.partial(take_away.download, stem=stem, key="many_away")
    mapped = question.plan.explanation is not None
    st.markdown(f"**Numbers** of every input{', and the maps' * mapped}")
    with st.container(horizontal=True):
        offer("Rows as CSV", "csv", "text/csv", lambda: as_csv(rows, mapped))
        offer("Rows as Parquet", "parquet", PARQUET, lambda: as_parquet(rows, mapped))
        if mapped:
            offer("Rows and maps", "zip", "application/zip", lambda: whole(question.plan, rows))
    st.markdown("**Command** for any number of inputs, from a folder, a ZIP or files")
    st.code(command(question), "sh", wrap_lines=True)
    if missing := not_in_command(question):
        st.caption(f"The command has no word for {', '.join(missing)}; there it is as usual.")


def as_csv(rows: Sequence[Row], mapped: bool = True) -> bytes:
    """The rows as CSV; what could be taken for a formula is marked as text."""
    names = [name for name in schema(mapped).names if name != "centre"]
    columns = {name: [_text(row[name]) for row in rows] for name in names}
    for axis, name in enumerate(("centre_1", "centre_2") if mapped else ()):
        centres = [row["centre"] or [] for row in rows]
        columns[name] = [_text(one[axis] if axis < len(one) else None) for one in centres]
    return csv_of(columns)


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else repr(value)


def as_parquet(rows: Sequence[Row], mapped: bool = True) -> bytes:
    """The rows as a run's folder has them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema(mapped)), buffer)
    return buffer.getvalue()


def whole(plan: ManyPlan, rows: Sequence[Row]) -> bytes:
    """A .zip of the rows, of every part's maps by index, and of what was asked."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("rows.parquet", as_parquet(rows))
            archive.writestr("rows.csv", as_csv(rows))
            for task in plan.tasks():
                given = dict(kept.maps(plan, set(range(task.start, task.stop))))
                if given:
                    part = io.BytesIO()
                    named: dict[str, Any] = {str(index): one for index, one in given.items()}
                    np.savez_compressed(part, **named)
                    archive.writestr(f"maps/{task.start:06d}.npz", part.getvalue())
            told = msgspec.to_builtins(plan)
            archive.writestr("asked.json", json.dumps(told, indent=1, ensure_ascii=False))
        file.seek(0)
        return file.read()


def command(question: ManyQuestion) -> str:
    """What asks the same of all inputs of a source from a terminal, and resumes."""
    spec, asked = question.setting.model.spec, question.plan.explanation
    known = spec.source in ("demo", "package")
    words = ["python", "-m", "explainers", "many", spec.name if known else NOT_KNOWN]
    words += [question.setting.input.file, "--to", "run"]
    target = question.plan.question.target
    if asked is None:
        words += ["--predict"]
    else:
        words += ["--method", asked.method]
        words += ["--baseline", asked.baseline.key] if asked.baseline.key in BASELINES else []
    words += [] if target is None else ["--target", str(target)]
    words += ["--checks", *question.plan.checks] if question.plan.checks else []
    options = asked.options if asked is not None else {}
    words += [f"--option={name}={_typed(value)}" for name, value in options.items()]
    return shlex.join(words)


def not_in_command(question: ManyQuestion) -> list[str]:
    """What was chosen here and the command cannot be told, in words."""
    asked = question.plan.explanation
    if asked is None:
        return []
    entry = BASELINES.get(asked.baseline.key)
    usual = asked.baseline.options if entry is None else dataclasses.asdict(entry.options())
    other = any(usual.get(name) != value for name, value in asked.baseline.options.items())
    return [
        *([] if entry else ["the baseline, a picture of your own"]),
        *(["the baseline's options"] if other else []),
        *(["the probability as what is explained"] if asked.score == "probability" else []),
    ]


def _typed(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
