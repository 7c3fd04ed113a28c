"""DNA on the pages: the file, a sequence, the logo and the map of mutations."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from explainers.figures.sequences import bed, stretches
from explainers.figures.text import sentences
from explainers.kinds import KINDS
from explainers.kinds import sequence as kind
from explainers.kinds.alphabet import UNKNOWN, text_of
from explainers.models.zoo.demos import demos
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.state import address
from pages.state.cases import Answer, Case
from pages.state.inputs import Chosen
from pages.viewers.sequence import logo, mutation_map
from pages.widgets import files

title, missing, blinks = "DNA", "a DNA sequence", False
OTHERS = 20


def pick(model) -> Chosen | None:
    """The file, and the sequence."""
    opened = files.opened(model, "DNA: FASTA, text, or one-hot arrays", kind.SUFFIXES)
    if opened is None:
        return None
    name, file, found = opened
    facts = found[0]
    items = KINDS["sequence"].items(found, model.spec)
    lengths = np.diff(found[1]["starts"])
    if not len(items):
        st.error(
            f"The network takes sequences of {model.spec.shape[1]} letters; those in this file "
            f"have {_range(lengths)}. Cut them to that length."
        )
        return None
    files.notes(facts)
    if len(items) < len(lengths):
        st.caption(f"{len(lengths) - len(items)} sequences of another length are left out.")
    item = items[0]
    if len(items) > 1:
        item = address.select(
            st.selectbox,
            "sequence",
            items.tolist(),
            int(items[0]),
            label="Sequence",
            format_func=lambda item: facts["names"][item] or f"sequence {item + 1}",
        )
    return _chosen(model, facts, name, file, int(item))


def fitted(model, given: Chosen):
    """The model with the length of the sequence."""
    found = files.found("sequence", given.data)
    length = int(np.diff(found[1]["starts"])[given.item])
    return replace(model, spec=replace(model.spec, shape=(4, length)))


def adjusted(method: str, options: dict, model, given: Chosen) -> dict:
    """The options as they are."""
    return options


def draw(
    case: Case,
    heat: np.ndarray,
    *,
    key: str,
    alt: str,
    signed: bool,
    limit=None,
    compact: bool = False,
    group: str | None = None,
    **shown: Any,
) -> None:
    """Letters as high as their contributions."""
    sides = {"sides": shown["sides"]} if "sides" in shown else {}
    logo(
        _letters(case),
        heat,
        key=key,
        alt=alt,
        signed=signed,
        limit=limit,
        compact=compact,
        group=group or key,
        spans=_spans(case),
        **sides,
    )


def limit(heat: np.ndarray) -> float:
    """The height of the highest letter."""
    return float(np.abs(heat).max()) or 1.0


def says(case: Case, heat: np.ndarray, signed: bool, what: str) -> str:
    """Where the support lies, on the known motifs if any."""
    spans = [(name, first, last) for first, last, name in _spans(case)]
    return sentences.sequence_sentence(heat, f"*{case.about}*", spans)


def grow(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    state: ProgressReport | None,
    key: str,
) -> None:
    """The logo so far."""
    if state is not None:
        heat = state.partial
        found = files.found("sequence", task.input.file)
        signed = signed and bool((heat < 0).any())
        logo(
            kind.sequence_codes(found, task.input.item),
            heat,
            key=key,
            signed=signed,
            compact=True,
            alt=f"Contributions to {about} so far.",
        )


def baseline(shown: np.ndarray, label: str, width: int) -> None:
    """Mean frequencies of the letters in the baseline."""
    means = " ".join(
        f"{letter} {value:.2f}" for letter, value in zip("ACGT", shown.mean(1), strict=True)
    )
    st.caption(f"Letters: {means}")


def hidden(case: Case, gone: np.ndarray, key: str) -> None:
    """Where letters are hidden."""
    letters = np.where(gone, UNKNOWN, _letters(case))
    text = text_of(letters.astype(np.uint8)).replace("N", "·")
    st.code(text if len(text) <= 400 else f"{text[:400]} …", language=None, wrap_lines=True)


def others(model, given: Chosen) -> dict[str, Chosen]:
    """Other sequences of the same file."""
    found = files.found("sequence", given.data)
    items = KINDS["sequence"].items(found, model.spec)
    some = [given.item, *items[:OTHERS]]
    return {
        str(item): _chosen(model, found[0], given.data, given.file, item)
        for item in dict.fromkeys(map(int, some))
    }


def more(case: Case, answer: Answer, key: str) -> None:
    """What other letters would do, and the strongest stretches as a table to take along."""
    arrays, letters = answer[1], _letters(case)
    for name, title_, words in (
        ("mutations", "Every letter at every position", "How the answer changes with each letter."),
        ("hypothetical", "What each letter would contribute", "Hypothetical contributions."),
    ):
        if name in arrays:
            st.markdown(f"**{title_}**")
            mutation_map(
                arrays[name], letters, key=f"{key}_{name}", group=key, alt=words, spans=_spans(case)
            )
    found = stretches(case.heat(arrays["scores"]), letters)
    with st.expander(f"The strongest stretches ({len(found)})"):
        if not found:
            st.caption("No stretch stands out.")
            return
        st.dataframe(
            pd.DataFrame(
                {
                    "From": [one.start + 1 for one in found],
                    "To": [one.stop for one in found],
                    "Letters": [one.sequence for one in found],
                    "Sum": [one.score for one in found],
                }
            ),
            hide_index=True,
        )
        st.download_button(
            "As BED",
            bed(found, case.input.name),
            "stretches.bed",
            "text/plain",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_bed",
        )


def _chosen(model, facts: dict, name: str, file: str, item: int) -> Chosen:
    title_ = facts["names"][item] or f"sequence {item + 1}"
    return Chosen(name, title_, file, item, regions=_known(model, title_))


def _known(model, name: str) -> dict[str, list[tuple[int, int]]]:
    """The demo's planted motifs in the sequence of that name."""
    demo = demos().get(model.spec.name) if model.spec.source == "demo" else None
    spans = (demo.card.get("key") or {}).get("spans") if demo else None
    known: dict[str, list[tuple[int, int]]] = {}
    if spans:
        for line in (demo.folder / spans).read_text(encoding="utf-8").splitlines():
            chrom, first, last, motif, *_ = line.split("\t")
            if chrom == name.split()[0]:
                known.setdefault(motif, []).append((int(first), int(last)))
    return known


def _spans(case: Case) -> list[tuple[int, int, str]]:
    return [(*span, name) for name, spans in case.input.regions.items() for span in spans]


def _letters(case: Case) -> np.ndarray:
    found = files.found("sequence", case.task.input.file)
    return kind.sequence_codes(found, case.task.input.item)


def _range(lengths: np.ndarray) -> str:
    low, high = int(lengths.min()), int(lengths.max())
    return str(low) if low == high else f"{low} to {high}"
