"""A plotly chart with a name, and without buttons that send it anywhere."""

import streamlit as st

from explainers.figures.bars import class_bars
from explainers.figures.words import percent

STRONGEST = 5
CONFIG = {"displayModeBar": False, "showSendToCloud": False}


def chart(figure, alt: str, key: str) -> None:
    """Draw the figure; `alt` says in words what it shows."""
    st.plotly_chart(figure, theme="streamlit", config=CONFIG, key=key, alt=alt)


def answer_bars(probabilities, names, chosen: str, key: str) -> None:
    """The network's strongest answers, the explained one in colour."""
    order = probabilities.argsort()[::-1][:STRONGEST]
    labels, shares = [names[i] for i in order], [float(probabilities[i]) for i in order]
    spoken = ", ".join(f"{n} {percent(s)}" for n, s in zip(labels, shares, strict=True))
    chart(class_bars(labels, shares, chosen), f"The network's strongest answers: {spoken}", key)
