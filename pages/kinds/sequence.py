"""DNA on the pages: the file, a sequence, the logo and the map of mutations."""

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import streamlit as st

from explainers.figures.sequences import bed, stretches
from explainers.figures.text import sentences
from explainers.kinds import KINDS, ParsedFile
from explainers.kinds import sequence as sequence_kind
from explainers.kinds.alphabet import UNKNOWN, text_of
from explainers.kinds.files.labels import listed
from explainers.models.zoo.demos import demos
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds.page_kind import MapOptions
from pages.kinds.window_choice import pick_start
from pages.state import address
from pages.state.cases import Answer, Case
from pages.state.chosen import ChosenInput, ChosenModel
from pages.viewers.sequence import SIDES, logo, mutation_map
from pages.widgets import files

title, missing, can_blink = "DNA", "a DNA sequence", False
MOST_OTHERS = 20


def pick(model: ChosenModel) -> ChosenInput | None:
    """The file, the sequence, and where it starts if it is longer than it may be."""
    picked = _pick_file(model)
    if picked is None:
        return None
    opened, items = picked
    facts, arrays = opened.content
    lengths, wanted = np.diff(arrays["starts"]), _letters_taken(model)
    sequence = int(items[0])
    if len(items) > 1:
        sequence = address.select(
            st.selectbox,
            "sequence",
            items.tolist(),
            int(items[0]),
            label="Sequence",
            format_func=lambda item: facts["names"][item] or f"sequence {item + 1}",
        )
    length = int(lengths[sequence])
    start = pick_start(
        length, wanted or length, "sequence", "letters", lambda place: f"letter {place + 1:,}"
    )
    item = sequence + len(lengths) * start
    return _chosen(model, opened.content, opened.data, opened.file, item)


def pick_all(model: ChosenModel) -> ChosenInput | None:
    """The file, for questions about all sequences; the first that is long enough stands."""
    picked = _pick_file(model)
    return picked and ChosenInput(
        picked[0].data, "all sequences", picked[0].file, int(picked[1][0])
    )


def _pick_file(model: ChosenModel) -> tuple[files.OpenedFile, np.ndarray] | None:
    """The file, and which of its sequences are long enough."""
    label = "DNA: FASTA, FASTQ, text, or one-hot arrays"
    opened = files.pick(model, label, sequence_kind.SUFFIXES)
    if opened is None:
        return None
    facts, arrays = opened.content
    lengths, wanted = np.diff(arrays["starts"]), _letters_taken(model)
    items = np.flatnonzero(lengths >= wanted)
    if not len(items):
        st.error(
            f"The network takes sequences of {wanted} letters; those in this file have "
            f"{_range(lengths)}. Upload longer ones."
        )
        return None
    files.notes(facts)
    if len(items) < len(lengths):
        short = listed(facts["names"][at] for at in np.flatnonzero(lengths < wanted))
        st.caption(f"Shorter than the {wanted} letters that it takes, so left out: {short}.")
    return opened, items


def _letters_taken(model: ChosenModel) -> int:
    """How many letters the network takes; 0 for any number."""
    return model.spec.shape[1] if len(model.spec.shape) == 2 else 0


def fit_model(model: ChosenModel, chosen: ChosenInput) -> ChosenModel:
    """The model with the length of the sequence, where it takes any."""
    if len(model.spec.shape) == 2 and model.spec.shape[1]:
        return model
    length = len(sequence_kind.sequence_codes(files.content("sequence", chosen.data), chosen.item))
    return replace(model, spec=replace(model.spec, shape=(4, length)))


def fit_options(
    method: str, options: dict[str, Any], model: ChosenModel, chosen: ChosenInput
) -> dict[str, Any]:
    """The options as they are."""
    return options


def draw(
    case: Case,
    heat: np.ndarray,
    *,
    key: str,
    alt: str,
    signed: bool,
    facts: dict[str, Any] | None = None,
    **options: Unpack[MapOptions],
) -> None:
    """Letters as high as their contributions."""
    logo(
        _letters(case),
        heat,
        key=key,
        alt=alt,
        signed=signed,
        limit=options.get("limit"),
        compact=options.get("compact", False),
        group=options.get("group") or key,
        spans=_spans(case),
        sides=options.get("sides", SIDES),
        before=_place(case)[1],
    )


def limit(heat: np.ndarray) -> float:
    """The height of the highest letter."""
    return float(np.abs(heat).max()) or 1.0


def sentence(case: Case, heat: np.ndarray, what: str) -> str:
    """Where the support lies, on the known motifs if any."""
    spans = [(name, first, last) for first, last, name in _spans(case)]
    return sentences.sequence_sentence(
        heat, f"*{case.about_as_text}*", spans, _place(case)[1], what
    )


def draw_partial(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    report: ProgressReport | None,
    key: str,
) -> None:
    """The logo so far."""
    if report is not None and report.partial is not None:
        heat = report.partial
        content = files.content("sequence", task.input.file)
        signed = signed and bool((heat < 0).any())
        logo(
            sequence_kind.sequence_codes(content, task.input.item, len(heat)),
            heat,
            key=key,
            signed=signed,
            compact=True,
            before=sequence_kind.place_of(content, task.input.item)[1],
            alt=f"Contributions to {about} so far.",
        )


def draw_baseline(shown: np.ndarray, label: str, width: int) -> None:
    """Mean frequencies of the letters in the baseline."""
    means = " ".join(
        f"{letter} {value:.2f}" for letter, value in zip("ACGT", shown.mean(1), strict=True)
    )
    st.caption(f"Letters: {means}")


def draw_hidden(case: Case, hidden: np.ndarray, key: str) -> None:
    """The letters, with dots for those that are hidden."""
    letters = np.where(hidden, UNKNOWN, _letters(case))
    text = text_of(letters.astype(np.uint8)).replace("N", "·")
    st.code(text if len(text) <= 400 else f"{text[:400]} …", language=None, wrap_lines=True)


def other_inputs(model: ChosenModel, chosen: ChosenInput) -> dict[str, ChosenInput]:
    """Other sequences of the same file."""
    content = files.content("sequence", chosen.data)
    items = KINDS["sequence"].items(content, model.spec)
    places = np.linspace(0, len(items) - 1, min(len(items), MOST_OTHERS)).astype(int)
    some = [chosen.item, *items[np.unique(places)]]
    return {
        str(item): _chosen(model, content, chosen.data, chosen.file, item)
        for item in dict.fromkeys(map(int, some))
    }


def draw_details(case: Case, answer: Answer, key: str) -> None:
    """What other letters would do, and the strongest stretches as a table to take along."""
    import pandas as pd

    arrays, letters = answer[1], _letters(case)
    for name, heading, alt in (
        ("mutations", "Every letter at every position", "How the answer changes with each letter."),
        ("hypothetical", "What each letter would contribute", "Hypothetical contributions."),
    ):
        if name in arrays:
            st.markdown(f"**{heading}**")
            mutation_map(
                arrays[name],
                letters,
                key=f"{key}_{name}",
                group=key,
                alt=alt,
                spans=_spans(case),
                before=_place(case)[1],
            )
    record, start = _place(case)
    strongest = [
        replace(one, start=one.start + start, stop=one.stop + start)
        for one in stretches(case.heat(arrays["scores"]), letters)
    ]
    with st.expander(f"The strongest stretches ({len(strongest)})"):
        if not strongest:
            st.caption("No stretch stands out.")
            return
        st.dataframe(
            pd.DataFrame(
                {
                    "From": [one.start + 1 for one in strongest],
                    "To": [one.stop for one in strongest],
                    "Letters": [one.sequence for one in strongest],
                    "Sum": [one.score for one in strongest],
                }
            ),
            hide_index=True,
        )
        st.download_button(
            "As BED",
            bed(strongest, record),
            "stretches.bed",
            "text/plain",
            icon=":material/download:",
            on_click="ignore",
            key=f"{key}_bed",
        )


def _chosen(
    model: ChosenModel, content: ParsedFile, data: str, file: str, item: int
) -> ChosenInput:
    facts, arrays = content
    sequence, start = sequence_kind.place_of(content, item)
    record = facts["names"][sequence] or f"sequence {sequence + 1}"
    length = int(np.diff(arrays["starts"])[sequence])
    wanted = _letters_taken(model) or length
    name = record if wanted == length else f"{record}:{start + 1}-{start + wanted}"
    motifs = {
        motif: [
            (max(first - start, 0), min(last - start, wanted))
            for first, last in spans
            if first < start + wanted and last > start
        ]
        for motif, spans in _planted_motifs(model, record).items()
    }
    return ChosenInput(data, name, file, item, regions=motifs)


def _place(case: Case) -> tuple[str, int]:
    """The name of the sequence that a case is about, and the letter at which it starts, from 0."""
    content = files.content("sequence", case.task.input.file)
    sequence, start = sequence_kind.place_of(content, case.task.input.item)
    return content[0]["names"][sequence] or f"sequence {sequence + 1}", start


def _planted_motifs(model: ChosenModel, name: str) -> dict[str, list[tuple[int, int]]]:
    """The demo's planted motifs in the sequence of that name."""
    demo = demos().get(model.spec.name) if model.spec.source == "demo" else None
    spans = (demo.card.get("key") or {}).get("spans") if demo else None
    motifs: dict[str, list[tuple[int, int]]] = {}
    if demo and spans:
        for line in (demo.folder / spans).read_text(encoding="utf-8").splitlines():
            chrom, first, last, motif, *_ = line.split("\t")
            if chrom == name.split()[0]:
                motifs.setdefault(motif, []).append((int(first), int(last)))
    return motifs


def _spans(case: Case) -> list[tuple[int, int, str]]:
    return [(*span, name) for name, spans in case.input.regions.items() for span in spans]


def _letters(case: Case) -> np.ndarray:
    content = files.content("sequence", case.task.input.file)
    letters = case.prediction[1]["input"].shape[-1]
    return sequence_kind.sequence_codes(content, case.task.input.item, letters)


def _range(lengths: np.ndarray) -> str:
    low, high = int(lengths.min()), int(lengths.max())
    return str(low) if low == high else f"{low} to {high}"
