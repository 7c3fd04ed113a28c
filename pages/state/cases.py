"""One explanation as the pages show and check it, and asking for several answers at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.words import number, percent
from explainers.kinds import KINDS, Kind
from explainers.methods import METHODS
from explainers.options import make_options
from explainers.service.backends.job import Job
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.explain import Explain
from pages.state import inputs, progress, service

# What takes longer than this is run only when it is asked for.
SECONDS_UNASKED = 8.0


@dataclass(frozen=True)
class Case:
    """A task for an explanation, with what people call its parts.

    label       what sets it apart from the others on the page, such as the method's name.
    names       of all classes; `prediction` is the model's answer to input and baseline.
    """

    label: str
    task: Explain
    input: inputs.Chosen
    names: tuple[str, ...]
    prediction: Answer

    @property
    def kind(self) -> Kind:
        """What the input is."""
        return KINDS[self.task.model.kind]

    @property
    def numbers(self) -> bool:
        """Whether the model answers with numbers, and not with shares of classes."""
        return self.task.model.answers == "numbers"

    @property
    def about(self) -> str:
        """The class that is explained, or one rather than another."""
        target, other = self.names[self.task.target], self.task.rather_than
        return target if other is None else f"{target} rather than {self.names[other]}"

    @property
    def signed(self) -> bool:
        """Whether the map will have a meaningful sign."""
        method = METHODS[self.task.method]
        return method.knows_sign(make_options(method.options, self.task.options, method.name))

    def passes(self, task: Task | None = None) -> int:
        """About how many evaluations of the model the explanation takes, or another task of it."""
        facts = self.prediction[0]
        return (task or self.task).cost(tuple(facts["shape"]), facts["references"])

    def seconds(self, passes: int) -> float:
        """About how long so many evaluations take, from a trial of this model."""
        return passes * self.prediction[0]["seconds_per_pass"]

    def share(self, probabilities: np.ndarray) -> np.ndarray:
        """The explained class's share of the answer (…, classes) → (…); of two, for a pair.

        Of a model that answers with numbers, the number itself; of two, their difference.
        """
        target, other = self.task.target, self.task.rather_than
        ours = probabilities[..., target].astype(np.float64)
        if self.numbers:
            return ours if other is None else ours - probabilities[..., other]
        return ours if other is None else ours / (ours + probabilities[..., other] + 1e-30)

    def amount(self, share: float) -> str:
        """A share of the answer, or a number, in words."""
        return number(share) if self.numbers else percent(share)

    def heat(self, scores: np.ndarray) -> np.ndarray:
        """Scores as they are drawn, in double precision."""
        return self.kind.heat(scores).astype(np.float64)


def ask(tasks: Mapping[str, Task], wait: float = service.SECONDS_TO_WAIT) -> dict[str, Job]:
    """This visitor's jobs for the tasks, by slot, after a moment for them to end.

    A task that cannot be queued is said on the page and left out.
    """
    jobs = {}
    for slot, task in tasks.items():
        try:
            jobs[slot] = service.job(task, slot, wait=0)
        except Problem as problem:
            st.error(str(problem))
            break
    service.wait_for_all(jobs.values(), wait)
    return jobs


def answers(tasks: Mapping[str, Task], what: str) -> dict[str, Answer] | None:
    """The answers by slot once all are there; until then one bar, or what went wrong."""
    jobs = ask(tasks)
    if not all(job.over for job in jobs.values()):
        progress.watch_all(jobs, what)
        return None
    found = {slot: service.answer(job) for slot, job in jobs.items()}
    for slot, job in jobs.items():
        if found[slot] is None:
            progress.ended(job, slot)
            return None
    return found if len(found) == len(tasks) else None


def may_run(seconds: float, what: str) -> bool:
    """Whether to run something of this digest at once: it is quick, or it was asked for."""
    return seconds <= SECONDS_UNASKED or what in st.session_state.setdefault("asked_for", set())


def offer(label: str, passes: int, seconds: float, what: str) -> None:
    """A button that asks for something slow and names its cost."""

    def asked() -> None:
        st.session_state.setdefault("asked_for", set()).add(what)

    st.button(
        f"{label}: about {passes:,} passes, {duration(seconds)}",
        key=f"run_{what}",
        icon=":material/play_arrow:",
        on_click=asked,
    )


def duration(seconds: float) -> str:
    """A time for people."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def unique(tasks: Iterable[Task], prefix: str) -> dict[str, Task]:
    """Tasks by slot, each once however often it is listed."""
    return {slot_of(task, prefix): task for task in tasks}


def slot_of(task: Task, prefix: str) -> str:
    """The slot of a task that is shared by several cases."""
    return f"{prefix}_{task.digest()[:16]}"
