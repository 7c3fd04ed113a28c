"""One place to take an answer away: its picture, its numbers, its code, and a report."""

import functools
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace

import msgspec
import streamlit as st

from explainers.kinds import sequence as sequence_kind
from explainers.locations import code_version
from explainers.models.spec import ModelSpec
from explainers.reports import numbers
from explainers.reports.explanation import Explanation
from explainers.reports.page.report_page import Source, report_page
from explainers.service import notebook, recipe
from explainers.service.settings import model_settings
from explainers.service.tasks.task import OWN_BASELINE
from pages.answers.explained import explained
from pages.state.cases import Answer, Case
from pages.viewers.copying import copying
from pages.widgets import files, pictures

LINES = ("table", "series", "sequence")
MOST_ANSWERS = 5


def section(case: Case, answer: Answer, own_files: Sequence[str], key: str) -> None:
    """Draw the downloads; each file is made when it is asked for.

    Parameters
    ----------
    case : Case
    answer : Answer
        Of the case's task.
    own_files : sequence of str
        What the code calls the visitor's data, network and baseline.
    key : str
        Of the place on the page.
    """
    with st.expander("Take away", icon=":material/download:"):
        one = explained(case, answer)
        offer = functools.partial(download, stem=_stem(one), key=key)
        _pictures(one, offer, key)
        _numbers(case, one, offer)
        st.markdown("**Code** that computes, draws and checks it")
        parts = functools.cache(lambda: notebook.cells(case.task, one, *own_files))
        with st.container(horizontal=True):
            ipynb = "application/x-ipynb+json"
            offer("Notebook", "ipynb", ipynb, lambda: notebook.notebook(parts()))
            offer("Script", "py", "text/x-python", lambda: notebook.script(parts()).encode())
        _report(case, one, own_files, offer, key)


def _pictures(one: Explanation, offer: Callable[..., None], key: str) -> None:
    """The picture; of a volume the slice that is drawn on the page, and all of them."""
    st.markdown("**Picture**")
    shown, of, stem = one, "", _stem(one)
    if one.depth:
        from explainers.reports.pictures.volume import slice_of

        place = pictures.drawn_slice(one.depth)
        shown, of = slice_of(one, place), f", slice {place + 1}"
        stem = _stem(shown)
    with st.container(horizontal=True):
        offer(f"PNG{of}", "png", "image/png", lambda: _drawn(shown, "png"), stem=stem)
        copying(lambda: _drawn(shown, "png"), f"{key}_copy")
        if one.depth:
            offer("PNG, all slices", "slices.png", "image/png", lambda: _drawn(one, "png"))
        if one.kind in LINES:
            offer("SVG", "svg", "image/svg+xml", lambda: _drawn(one, "svg"))
            offer("PDF", "pdf", "application/pdf", lambda: _drawn(one, "pdf"))
        if one.kind == "picture":
            offer(f"Map alone{of}", "map.png", "image/png", lambda: _bare(shown), stem=stem)


def _numbers(case: Case, one: Explanation, offer: Callable[..., None]) -> None:
    """Tables and arrays, and what programs of genomes read."""
    st.markdown("**Numbers**")
    with st.container(horizontal=True):
        offer("CSV", "csv", "text/csv", lambda: numbers.as_csv([one]))
        parquet = "application/vnd.apache.parquet"
        offer("Parquet", "parquet", parquet, lambda: numbers.as_parquet([one]))
        offer("NPZ", "npz", "application/octet-stream", lambda: numbers.as_npz([one]))
        if one.kind == "sequence":
            record = _record(case)
            offer("BED", "bed", "text/plain", lambda: numbers.as_bed(one, record).encode())
            offer("TF-MoDISco", "modisco.zip", "application/zip", lambda: _modisco(one))


def _report(
    case: Case,
    one: Explanation,
    own_files: Sequence[str],
    offer: Callable[..., None],
    key: str,
) -> None:
    """The report, and what is asked for it."""
    st.markdown("**Report**: one page that opens anywhere, prints, and can be checked")
    left, right = st.columns([2, 3], vertical_alignment="center")
    by = left.text_input("Made by", key=f"{key}_by", placeholder="Your name")
    comment = right.text_input("Comment", key=f"{key}_comment", placeholder="What it is for")
    shown = st.checkbox(
        f"Put the {case.kind.one} itself into it",
        key=f"{key}_with_input",
        help="Else it holds the map, the scores and a digest, and nothing that tells its values.",
    )
    one, source = with_source(case, one, own_files, by, comment, shown)
    offer("Report", "html", "text/html", lambda: report_page(one, source))


def with_source(
    case: Case,
    one: Explanation,
    own_files: Sequence[str],
    by: str = "",
    comment: str = "",
    with_input: bool = False,
) -> tuple[Explanation, Source]:
    """What a report may tell of an explanation, and where it comes from.

    Parameters
    ----------
    case : Case
    one : Explanation
        Of the case.
    own_files : sequence of str
        What the code calls the visitor's data, network and baseline.
    by, comment : str
        Who makes the report, and what they say of it.
    with_input : bool
        Whether the input itself may be read in it.
    """
    # Values that were changed by hand stand in the question, and so in its settings and its code.
    hidden = bool(case.task.input.values) and not with_input
    if hidden:
        one = replace(one, settings={n: v for n, v in one.settings.items() if n != "input"})
    return one, Source(
        by,
        comment,
        own_files[1] if case.task.model.source in ("upload", "python") else case.task.model.name,
        own_files[0],
        _digests(case),
        _answers(case),
        "" if hidden else recipe.recipe(case.task, *own_files),
        None if hidden else msgspec.to_builtins(case.task),
        with_input,
    )


def files_of(case: Case) -> tuple[str, str, str]:
    """What the code calls the visitor's data, network and baseline."""
    return case.input.file, weights_file(case.task.model), "baseline.png"


def weights_file(spec: ModelSpec) -> str:
    """What the recipe calls the file that the model comes from."""
    file = model_settings().file
    if spec.source == "python" and file is not None:
        return file.name
    return "weights." + spec.weights.partition(".")[2]


def _answers(case: Case) -> list[tuple[str, str]]:
    """What the network says most, in words."""
    shares = case.prediction[1]["probabilities"]
    order = range(len(shares)) if case.numbers else shares.argsort()[::-1]
    return [(case.names[i], case.amount(float(shares[i]))) for i in list(order)[:MOST_ANSWERS]]


def _digests(case: Case) -> dict[str, str]:
    """SHA-256 of the files that decide the answer, and of the code."""
    task = case.task
    found = {"code": code_version(), "data": task.input.file.partition(".")[0]}
    if task.model.source == "upload":
        found["model"] = task.model.weights.partition(".")[0]
    if task.baseline.key == OWN_BASELINE:
        found["baseline"] = task.baseline.file.partition(".")[0]
    return {name: digest for name, digest in found.items() if digest}


def download(
    label: str, suffix: str, mime: str, make: Callable[[], bytes], *, stem: str, key: str
) -> None:
    """Draw a button whose file is made when it is asked for."""
    st.download_button(
        label,
        make,
        f"{stem}.{suffix}",
        mime,
        on_click="ignore",
        key=f"{key}_{suffix}",
    )


def _drawn(one: Explanation, form: str) -> bytes:
    from explainers.reports.pictures.picture import picture

    return picture(one).file(form)


def _bare(one: Explanation) -> bytes:
    from explainers.reports.pictures.photo import bare_map

    return bare_map(one)


def _modisco(one: Explanation) -> bytes:
    letters, scores = numbers.modisco_pair([one])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("one_hot.npz", letters)
        archive.writestr("attributions.npz", scores)
    return buffer.getvalue()


def _record(case: Case) -> str:
    """What the file calls the sequence, within which positions count."""
    content = files.content("sequence", case.task.input.file)
    sequence, _ = sequence_kind.place_of(content, case.task.input.item)
    return content[0]["names"][sequence] or f"sequence {sequence + 1}"


def _stem(one: Explanation) -> str:
    return file_name(f"{one.title} {one.about} {one.method}")


def file_name(words: str) -> str:
    """A file's name that every system takes."""
    return re.sub(r"[^\w.-]+", "_", words).strip("._")[:80] or "explanation"
