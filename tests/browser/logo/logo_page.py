"""A page with nothing but logos and maps of made-up sequences, under the app's own headers."""

import numpy as np
import streamlit as st
from starlette.middleware import Middleware

from pages.state.headers import SecurityHeaders
from pages.viewers.sequence import logo, mutation_map

LENGTH = 10_000
MOTIFS = [
    (1_200, 1_208, "GATA"),
    (4_321, 4_333, "TAL1 and what is near it"),
    (8_000, 8_010, "TATA"),
]

draw = np.random.default_rng(0)
letters = draw.integers(0, 4, LENGTH).astype(np.uint8)
letters[50:60] = 4
scores = draw.normal(0, 0.03, LENGTH)
for start, stop, _ in MOTIFS:
    scores[start:stop] += draw.uniform(0.3, 0.9, stop - start)
scores[6_000:6_012] -= 0.5
known = np.flatnonzero(letters < 4)
four = draw.normal(0, 0.2, (4, LENGTH)) * (0.2 + np.abs(scores))
four[letters[known], known] = scores[known]
delta = draw.normal(0, 0.05, (4, LENGTH)) - np.abs(scores)
delta[letters[known], known] = 0


def show() -> None:
    """One long with its map, a short one, letters on each other, strengths, nothing but zeros."""
    st.set_page_config(layout="wide")
    own = -scores if st.toggle("Turned round") else scores
    logo(
        letters,
        own,
        key="long",
        alt="Contributions to GATA",
        spans=MOTIFS,
        group="one",
        title="DeepLIFT, GATA",
    )
    mutation_map(delta, letters, key="map", alt="What mutations do", group="one", compact=True)
    logo(
        "acgtnacgtn",
        np.arange(-4.0, 6.0),
        key="short",
        alt="Ten letters",
        title="Short",
        spans=[(0, 4, "first"), (2, 8, "across")],
        height=90,
    )
    some = slice(1_150, 1_350)
    logo(letters[some], four[:, some], key="stacked", alt="Stacked letters", title="Hypothetical")
    logo(
        letters,
        np.abs(scores),
        key="strength",
        alt="Strength only",
        signed=False,
        compact=True,
        height=60,
        title="Saliency",
        group="two",
    )
    logo("ACGT", np.zeros(4), key="zeros", alt="Nothing", title="<i>Zeros</i>", group="one")


app = st.App(__file__, middleware=[Middleware(SecurityHeaders)])

if __name__ == "__main__":
    show()
