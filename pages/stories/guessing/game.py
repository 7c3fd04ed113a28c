"""The game: half of a photo is hidden, the room guesses, sees the map, and guesses again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
from PIL import Image

from explainers.figures.colours import colour_limit
from explainers.figures.text.as_text import markdown_table
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import percent
from explainers.kinds.picture import display_jpeg, to_image
from explainers.models.zoo.imagenet import packaged
from explainers.models.zoo.imagenet.photos import photos
from explainers.models.zoo.signs import samples
from explainers.service.tasks import Task
from explainers.service.tasks.prove import HideBoxes
from pages.kinds import picture_view
from pages.state import cases, progress
from pages.state.cases import Answer, Case
from pages.state.setting import Setting
from pages.stories.examples import setting
from pages.stories.guessing.rounds import PARTS, Guess, Round, rounds, verdict
from pages.stories.story import Story
from pages.viewers.picture import viewer
from pages.widgets import baselines, methods

KEY = "predict"
SHOWN_SIDE = 560
"""Of the pictures, in px."""
_STATE, _SLOT = "guessing", "guess_map"


@dataclass
class _Game:
    """What the room has done so far: guesses, the first one of this round, series, revealed."""

    guesses: list[Guess] = field(default_factory=list)
    first: bool | None = None
    second: bool | None = None
    series: int = 1


def story() -> Story:
    """The question and its sentences."""
    network, others = _network(), {"from": "Gallery"}
    return Story(
        KEY,
        "Can you predict it?",
        (
            "Whoever has understood a network can say beforehand what it will do.",
            "Half of a picture is blurred: does it still say what it said? The room guesses, "
            "sees the map of the whole picture, and may guess again.",
            "In the end it sees whether the map taught it anything.",
        ),
        (),
        {"model": network, **others},
        known=True,
        page="explain",
    )


def section() -> None:
    """The round that is played, or the result."""
    by_name = settings()
    answers = cases.answers(tasks(by_name), "Asking the network")
    if answers is None:
        return
    game: _Game = st.session_state.setdefault(_STATE, _Game())
    told = rounds(stays(by_name, answers), game.series)
    place = len(game.guesses) - (game.second is not None)
    if place >= len(told):
        _result(game, told)
        return
    one = told[place]
    _round(game, one, place, len(told), by_name[one.picture], answers)


def stays(by_name: Mapping[str, Setting], answers: Mapping[str, Answer]) -> dict[str, list[bool]]:
    """By the picture's name, for each part whether hiding it leaves the network's best guess."""
    said = {}
    for name in by_name:
        best = answers[f"game {name}"][1]["probabilities"].argmax()
        without = answers[f"game parts {name}"][1]["probabilities"].argmax(1)
        said[name] = [bool(other == best) for other in without]
    return said


def _network() -> str:
    return packaged.DEFAULT if packaged.DEFAULT in packaged.installed() else "signs"


def settings() -> dict[str, Setting]:
    """The pictures by name, as they are explained: photos, or signs where no such network is."""
    network = _network()
    known = photos() if network == packaged.DEFAULT else samples()[:8]
    method = methods.FOR_PHOTOS if network == packaged.DEFAULT else methods.DEFAULT_METHOD
    return {
        one.name: setting(network, one.name, baselines.FOR_PHOTOS, method=method) for one in known
    }


def tasks(by_name: Mapping[str, Setting]) -> dict[str, Task]:
    """What the network says to each picture, whole and without each of its parts."""
    tasks: dict[str, Task] = {
        f"game {name}": chosen.prediction() for name, chosen in by_name.items()
    }
    for name, chosen in by_name.items():
        whole = chosen.prediction()
        tasks[f"game parts {name}"] = HideBoxes(
            whole.model, whole.input, whole.baseline, whole.device, tuple(PARTS.values())
        )
    return tasks


def _round(
    game: _Game,
    one: Round,
    place: int,
    count: int,
    chosen: Setting,
    answers: Mapping[str, Answer],
) -> None:
    """The picture, what is left of it, the map once it may be seen, and the question."""
    whole, parts = answers[f"game {one.picture}"], answers[f"game parts {one.picture}"]
    part = list(PARTS).index(one.part)
    names, _ = chosen.names(whole)
    best = int(whole[1]["probabilities"].argmax())
    said = escape_markdown(names[best])
    with st.container(key="swipe_guess"):
        left, middle, right = st.columns(3, gap="medium")
    with left:
        _heading(f"It says *{said}*, {percent(float(whole[1]['probabilities'][best]))}")
        _picture(to_image(whole[1]["input"]), f"The whole picture: {chosen.input.name}")
    with middle:
        shares = parts[1]["probabilities"][part]
        heading = f"And with its {one.part} hidden?"
        if game.second is not None:
            now = int(shares.argmax())
            heading = f"Now it says *{escape_markdown(names[now])}*, {percent(float(shares[now]))}"
        _heading(heading)
        _picture(Image.fromarray(parts[1]["shown"][part]), f"The same with its {one.part} blurred")
    with right:
        case = replace(chosen, target=best).case("Map", whole)
        if game.first is None:
            # It is made while the room thinks.
            cases.submit({_SLOT: case.task}, wait=0)
            _heading("The map comes after the first guess")
            ready = True
        else:
            _heading(f"What made it say *{said}*")
            ready = _map(case, one)
    with st.container(key="guess"):
        if ready:
            _question(game, one, said)
        seen = [*game.guesses]
        st.caption(
            f"Picture {place + 1} of {count}. Right so far: "
            f"{sum(guess.without for guess in seen)} of {len(seen)} without the map, "
            f"{sum(guess.with_map for guess in seen)} of {len(seen)} with it.",
            text_alignment="center",
        )


def _question(game: _Game, one: Round, said: str) -> None:
    """Two buttons for each guess; then whether it was right, and the way on."""
    at = f"{len(game.guesses)}_{game.first is None}"
    if game.second is not None:
        last = game.guesses[-1]
        _heading(_told(last, one.stays))
        forward = ":material/arrow_forward:"
        st.button("Next picture", key=f"guess_next_{at}", icon=forward, on_click=_next)
        return
    asked = "First guess" if game.first is None else "And now, with the map"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{asked}:**", width="content")
        for label, guess in ((f"Still *{said}*", True), ("Something else", False)):
            st.button(label, key=f"guess_{guess}_{at}", on_click=_guessed, args=(guess, one.stays))


def _told(guess: Guess, stayed: bool) -> str:
    """Who was right, in a sentence."""
    is_so = "It stays." if stayed else "It changes."
    if guess.without == guess.with_map:
        return f"{is_so} You were {'right' if guess.without else 'wrong'} both times."
    right = "with the map, not without" if guess.with_map else "without the map, not with it"
    return f"{is_so} You were right {right}."


def _guessed(guess: bool, stayed: bool) -> None:
    game: _Game = st.session_state[_STATE]
    if game.first is None:
        game.first = guess
    elif game.second is None:
        game.second = guess
        game.guesses.append(Guess(game.first == stayed, guess == stayed))


def _next() -> None:
    game: _Game = st.session_state[_STATE]
    game.first = game.second = None


def _more() -> None:
    st.session_state[_STATE].series += 1


def _again() -> None:
    st.session_state[_STATE] = _Game()


def _heading(text: str) -> None:
    st.markdown(f"**{text}**", text_alignment="center")


def _map(case: Case, one: Round) -> bool:
    """The map of the whole picture, as areas where that helps; whether it is there already."""
    answer = progress.finished(case.task, _SLOT)
    if answer is None:
        return False
    heat = picture_view.seen(case, case.heat(answer[1]["scores"]), picture_view.usual(case))
    viewer(
        display_jpeg(_large(to_image(case.prediction[1]["input"]))),
        heat,
        signed=answer[0]["signed"],
        alt=f"What supports and opposes {case.about} in the whole picture.",
        key=f"guess_viewer_{one.picture}",
        mime="image/jpeg",
        limit=colour_limit(heat),
        max_height=220,
        around=480,
        compact=True,
    )
    return True


def _picture(image: Image.Image, alt: str) -> None:
    st.image(_large(image), alt=alt, width="stretch")


def _large(image: Image.Image) -> Image.Image:
    """Small pictures drawn larger, so that every one is as high."""
    return image.resize((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.BICUBIC)


def _result(game: _Game, told: list[Round]) -> None:
    """What the guesses say, round by round, and the ways on."""
    st.markdown(f"### {verdict(game.guesses)}")
    marks = {True: "right", False: "wrong"}
    st.markdown(
        markdown_table(
            {
                "Picture": [one.picture for one in told],
                "Hidden": [one.part for one in told],
                "The network": ["stayed" if one.stays else "changed" for one in told],
                "Without the map": [marks[guess.without] for guess in game.guesses],
                "With the map": [marks[guess.with_map] for guess in game.guesses],
            }
        )
    )
    with st.container(horizontal=True):
        if game.series < len(PARTS):
            st.button("The same pictures, other parts", icon=":material/add:", on_click=_more)
        st.button("Start again", icon=":material/replay:", on_click=_again)
    if np.mean([one.stays for one in told]) in (0.0, 1.0):
        st.caption("The network always did the same, so these rounds say little.")
