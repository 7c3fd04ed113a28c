"""One explanation as the pages show and check it, and asking for several answers at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import streamlit as st

from explainers.errors import Problem
from explainers.figures.asked import asked_words
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import is_share, number, percent
from explainers.kinds import KINDS, Kind
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.options import make_options
from explainers.service.backends.job import Job
from explainers.service.tasks import Answer, Task
from explainers.service.tasks.explain import Explain
from pages.state import progress, service
from pages.state.chosen import ChosenInput

SECONDS_UNASKED = 8.0
"""What takes longer than this is run only when somebody asks for it."""


@dataclass(frozen=True)
class Case:
    """A task for an explanation whose target is known, with what people call its parts.

    Attributes
    ----------
    label : str
        What sets it apart from the others on the page, such as the method's name.
    task : Explain
    input : ChosenInput
    names : tuple of str
        Of all outputs.
    prediction : Answer
        The model's answer to input and baseline.
    """

    label: str
    task: Explain
    input: ChosenInput
    names: tuple[str, ...]
    prediction: Answer

    @property
    def kind(self) -> Kind:
        """What the input is."""
        return KINDS[self.task.model.kind]

    @property
    def numbers(self) -> bool:
        """Whether the model answers with numbers, and not with shares of classes."""
        return in_numbers(self.task.model, self.prediction)

    @property
    def about(self) -> str:
        """The class that is explained, or one rather than another."""
        target, other = self.names[self.target], self.task.rather_than
        return target if other is None else f"{target} rather than {self.names[other]}"

    @property
    def about_as_text(self) -> str:
        """The same for a sentence: a name has no meaning in Markdown, whatever it holds."""
        return escape_markdown(self.about)

    @property
    def label_as_text(self) -> str:
        """The label for a sentence, see `about_as_text`."""
        return escape_markdown(self.label)

    @property
    def asked(self) -> str:
        """Over which places of the answer the mean is taken, in words; "" for one answer to all."""
        facts = self.prediction[0]
        places = facts.get("places")
        return asked_words(places, self.names, facts["shape"][-2:]) if places else ""

    @property
    def target(self) -> int:
        """Index of the output that is explained."""
        assert self.task.target is not None
        return self.task.target

    @property
    def signed(self) -> bool:
        """Whether the map will have a meaningful sign."""
        method = METHODS[self.task.method]
        return method.knows_sign(make_options(method.options, self.task.options, method.name))

    def passes(self, task: Task | None = None) -> int:
        """About how many evaluations of the model the explanation, or another task of it, takes."""
        facts = self.prediction[0]
        return (task or self.task).cost(tuple(facts["shape"]), facts["references"])

    def most(self, task: Task | None = None) -> int:
        """How many it takes at most, where it ends by itself."""
        facts = self.prediction[0]
        return (task or self.task).most(tuple(facts["shape"]), facts["references"])

    def seconds(self, task: Task | None = None) -> float:
        """About how many seconds it takes, from a trial of this model."""
        return (task or self.task).seconds(self.prediction[0])

    def share(self, probabilities: np.ndarray) -> np.ndarray:
        """The explained class's share of the answer; of a pair, its share of the two.

        Of a model that answers with numbers, the number itself; of two, their difference.

        Parameters
        ----------
        probabilities : ndarray, shape (…, outputs)

        Returns
        -------
        ndarray, float64, shape (…)
        """
        other = self.task.rather_than
        share = probabilities[..., self.target].astype(np.float64)
        if self.numbers:
            return share if other is None else share - probabilities[..., other]
        return share if other is None else share / (share + probabilities[..., other] + 1e-30)

    def amount(self, share: float) -> str:
        """A share of the answer, or a number, in words."""
        return percent(share) if is_share(share) and not self.numbers else number(share)

    def heat(self, scores: np.ndarray) -> np.ndarray:
        """Scores, of the shape of one input, as they are drawn: one number a unit, float64."""
        return self.kind.heat(scores).astype(np.float64)


def in_numbers(model: ModelSpec, prediction: Answer) -> bool:
    """Whether answers are shown as numbers: of a model of these, and where they are no shares."""
    arrays = prediction[1]
    shares = is_share(arrays["probabilities"]) and is_share(arrays["baseline_probabilities"])
    return model.answers == "numbers" or not shares


def first_choice(prediction: Answer) -> int:
    """The class that is explained unless another is asked for: that of the places asked, if any."""
    places = prediction[0].get("places") or {}
    index = places.get("index")
    return int(prediction[1]["probabilities"].argmax()) if index is None else index


def submit(tasks: Mapping[str, Task], wait: float = service.SECONDS_TO_WAIT) -> dict[str, Job]:
    """This visitor's jobs for the tasks, by slot, after a moment for them to end.

    Parameters
    ----------
    tasks : mapping of slot to Task
        A slot is a place on the page; a new task in it cancels the one before.
    wait : float
        Seconds after which jobs that are not over are returned too.

    Returns
    -------
    dict of slot to Job
        Without those that could not be queued, which the page then says.
    """
    jobs = {}
    for slot, task in tasks.items():
        try:
            jobs[slot] = service.job(task, slot, wait=0)
        except Problem as problem:
            progress.refused(problem)
            break
    service.wait_for_all(jobs.values(), wait)
    return jobs


def answers(tasks: Mapping[str, Task], what: str) -> dict[str, Answer] | None:
    """The answers by slot once all are there; until then None, and one bar or what went wrong.

    Parameters
    ----------
    tasks : mapping of slot to Task
    what : str
        What is being done, for the bar.
    """
    jobs = submit(tasks)
    if not all(job.settled for job in jobs.values()):
        progress.watch_all(jobs, what)
        return None
    answers_by_slot = {}
    for slot, job in jobs.items():
        answer = service.answer(job)
        if answer is None:
            progress.explain_end(job, slot)
            return None
        answers_by_slot[slot] = answer
    return answers_by_slot if len(answers_by_slot) == len(tasks) else None


def may_run(seconds: float, key: str) -> bool:
    """Whether to run at once what goes by this key: it is quick, or somebody asked for it."""
    return seconds <= SECONDS_UNASKED or was_asked_for(key)


def was_asked_for(key: str) -> bool:
    """Whether somebody asked for the slow thing that goes by this key."""
    return key in _requested()


def take_back(key: str) -> bool:
    """Ask no longer for the slow thing that goes by this key; whether somebody had."""
    asked = was_asked_for(key)
    _requested().discard(key)
    return asked


def offer(label: str, passes: int, seconds: float, key: str, most: int = 0) -> None:
    """A button that asks for something slow and names its cost, and the most that it may be."""
    up_to = f" (up to {most:,})" if most > passes else ""
    st.button(
        f"{label}: about {passes:,} passes{up_to}, {duration(seconds)}",
        key=f"run_{key}",
        icon=":material/play_arrow:",
        on_click=lambda: _requested().add(key),
    )


def _requested() -> set[str]:
    """Keys of the slow things that the visitor asked for."""
    requested: set[str] = st.session_state.setdefault("requested", set())
    return requested


def duration(seconds: float) -> str:
    """Seconds as a time for people."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def by_slot(tasks: Iterable[Task], prefix: str) -> dict[str, Task]:
    """The tasks by slot, each once however often it is listed; see `slot_of`."""
    return {slot_of(task, prefix): task for task in tasks}


def slot_of(task: Task, prefix: str) -> str:
    """The slot of a task that is shared by several cases."""
    return f"{prefix}_{task.digest()[:16]}"
