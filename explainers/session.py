"""One computation on a model: inputs and references where it lives, the target, evaluation mode."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache as once
from functools import cached_property, partial

import torch
from torch import Tensor

from explainers import eval_mode
from explainers.attribution import Progress, Target, TargetLike
from explainers.batch_plan import most_at_once
from explainers.errors import ModelProblem, Problem
from explainers.eval_mode import Model
from explainers.options import demand_count
from explainers.output_cache import OutputCache
from explainers.passes import Passes
from explainers.references import as_tensor, check_inputs, references_of
from explainers.running.behaviour import (
    KNOWN,
    Behaviour,
    Known,
    examine,
    other_than,
    refusal_alone,
)
from explainers.running.draws import generators_kept
from explainers.running.failures import demand_callable
from explainers.running.fingerprint import digest, fingerprint
from explainers.running.held import held_by
from explainers.running.precision_trial import (
    OWN,
    Answers,
    Tried,
    Way,
    best,
    between,
    float32_products,
    try_ways,
    ways_on,
)

TRIAL = "trial"
TRIED: Known[list[Tried]] = Known()
"""What trials found, once a model, machine, device and kind of input."""
SIZES: Known[int] = Known()
"""How many points a pass took in the end, once a model and what was asked of it."""


@dataclass(frozen=True)
class Session:
    """What `explain`, the Jacobian and the checks work with; all tensors are on one device.

    Attributes
    ----------
    passes : Passes
        The model, in evaluation mode while the session is open.
    inputs : Tensor, shape (N, …)
        In the model's precision.
    references : Tensor, shape (N, R, …)
        R references an input.
    ask : callable
        () → `outputs`; asked only where somebody wants them.
    target : Target
        The explained score.
    generators : tuple
        Those of random numbers that the model holds.
    way : Way
        Precision and layout that were asked for, or that a trial chose.
    """

    passes: Passes
    inputs: Tensor
    references: Tensor
    ask: Callable[[], Tensor]
    target: Target
    generators: tuple[object, ...] = ()
    way: Way = OWN

    @property
    def rows(self) -> Tensor:
        """The row numbers (N,) of the inputs."""
        return torch.arange(len(self.inputs), device=self.inputs.device)

    @cached_property
    def outputs(self) -> Tensor:
        """The model's whole output on the inputs, (N, outputs…)."""
        return self.ask()

    @property
    def output(self) -> Tensor:
        """The explained score (N,) of the inputs."""
        return self.target.select(self.outputs, self.rows)

    @property
    def baseline(self) -> Tensor:
        """The one reference an input has, (N, …); Problem where it has several."""
        if self.references.shape[1] != 1:
            raise Problem(
                f"A measure hides with one baseline; {self.references.shape[1]} references an "
                "input were given. Choose one of them, or their mean."
            )
        return self.references[:, 0]


@contextmanager
def open_session(
    model: Model,
    inputs: Tensor,
    baseline: str | float | Tensor = "zeros",
    target: TargetLike | Target = None,
    *,
    data: Tensor | None = None,
    score: str = "output",
    centre: bool = False,
    device: str | torch.device | None = None,
    precision: str = "auto",
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
    channels_last: bool = False,
    asks: Hashable = "",
) -> Iterator[Session]:
    """Check the arguments, bring them to the model's device, and compute the outputs.

    While the block runs the model is in evaluation mode; afterwards it is as it was before.

    Parameters
    ----------
    centre : bool
        Whether the mean over the outputs is subtracted from each.
    model, inputs, baseline, target, data, score, device, precision, batch_size, progress, cache
        As in `explainers.explain`; `target` may be a `Target` already.
    channels_last : bool
        Whether a copy of the model is run whose convolutions' weights lie so.
    asks : hashable
        What is asked of the model. Passes begin with as many points as such a question ended with.

    Yields
    ------
    Session

    Raises
    ------
    Problem
        For whatever cannot be explained.

    Examples
    --------
    >>> with open_session(lambda x: x.sum(1), torch.ones(2, 3), "zeros") as session:
    ...     session.output, session.baseline.shape
    (tensor([3., 3.]), torch.Size([2, 3]))
    """
    demand_callable(model)
    demand_count("batch_size", 1 if batch_size is None else batch_size)
    inputs = as_tensor(inputs, "inputs")
    check_inputs(inputs)
    way, chosen = Way(precision, channels_last), None
    if precision == TRIAL:
        chosen = best(_tried(model, inputs, baseline, data, score, device))
        way = OWN if chosen is None else chosen.way
        precision = way.precision
    given, held = model, held_by(model)
    if cache is not None:
        cache.belongs_to((digest(model, held), precision))
    with torch.inference_mode(False), torch.no_grad():
        model = eval_mode.placed_on(model, device, precision, way.channels_last)
        place, dtype = eval_mode.device_and_dtype(model)
        place = place or (eval_mode.device_called(device) if device else inputs.device)
        points = inputs.detach().to(place, dtype or eval_mode.PRECISIONS.get(precision))
        references = references_of(baseline, inputs, data).to(points)
        held = held if model is given else held_by(model)
    with (
        generators_kept(points.device, held.generators),
        eval_mode.evaluating(model, held) as state,
        float32_products(points.device, way),
    ):
        passes = Passes(
            model,
            score=score,
            centre=centre,
            batch_size=batch_size,
            progress=progress,
            cache=cache,
            state=state,
        )
        passes.allow(most_at_once(points, held.weights()))
        key = (fingerprint(given, held), points.shape[1:], points.dtype, points.device, score)
        known = KNOWN.get(given, key)
        if known is not None:
            passes.behave(known)
            if not known.random:  # what it draws depends on what is asked in one pass
                passes.plan.begin_with(SIZES.get(given, (*key, asks)))
        ask: Callable[[], Tensor] = once(partial(_outputs, passes, points))
        if known is None:
            outputs = ask()
            with torch.no_grad():
                found = _examined(passes, points, outputs, references)
                if found.random and not found.drew and state.forget():
                    passes.forget()
                    outputs = _outputs(passes, points)
                    found = _examined(passes, points, outputs, references)
                    found = replace(found, remembers=True)
            KNOWN.put(given, key, found)
            passes.behave(found)
            if found.mixes:
                outputs = _outputs(passes, points)
            ask = partial(_as_it_is, outputs)
        explained = target if isinstance(target, Target) else Target.of(target, ask())
        if chosen is not None:
            passes.note(f"In a trial on this machine, {chosen.words}")
        yield Session(passes, points, references, ask, explained, tuple(held.generators), way)
        SIZES.put(given, (*key, asks), passes.plan.size)


def _tried(
    model: Model,
    inputs: Tensor,
    baseline: str | float | Tensor,
    data: Tensor | None,
    score: str,
    device: str | torch.device | None,
) -> list[Tried]:
    """Other precisions and layouts, tried on points between the first input and its reference."""
    own = eval_mode.device_and_dtype(model)[1]
    if not isinstance(model, torch.nn.Module) or own != torch.float32:
        return []
    place = str(device or eval_mode.device_and_dtype(model)[0])
    key = (fingerprint(model, held_by(model)), inputs.shape[1:], place, score)
    known = TRIED.get(model, key)
    if known is None:
        references = references_of(baseline, inputs, data)[:1, 0]
        with ExitStack() as stack:
            asked: dict[Way, Callable[[], Answers]] = {}
            target: TargetLike | Target = None
            for way in ways_on(torch.device(place), inputs.ndim):
                try:
                    session = stack.enter_context(
                        open_session(
                            model,
                            inputs[:1],
                            references,
                            target,
                            score=score,
                            device=device,
                            precision=way.precision,
                            channels_last=way.channels_last,
                        )
                    )
                except Problem:
                    if way == OWN:
                        raise
                    continue
                target = session.target
                gradients = partial(_gradients, session)
                ends = session.inputs, session.references[:1, 0]
                asked[way] = partial(between, gradients, way, *ends)
            known = []
            if not session.passes.behaviour.random:
                # Without a way back nothing can be compared; the method may need none.
                with suppress(Problem):
                    known = try_ways(asked)
        TRIED.put(model, key, known)
    return known


def _gradients(session: Session, points: Tensor, rows: Tensor) -> Answers:
    return session.passes.gradients(points, session.target, rows)


def _as_it_is(outputs: Tensor) -> Tensor:
    return outputs


def _outputs(passes: Passes, points: Tensor) -> Tensor:
    try:
        return passes.outputs(points, cached=True)
    except ModelProblem as problem:
        if len(points) > 1:
            raise
        refusal = refusal_alone(passes.ask, points, problem)
        raise (ModelProblem(refusal) if refusal else problem) from problem


def _examined(passes: Passes, points: Tensor, outputs: Tensor, references: Tensor) -> Behaviour:
    """How the model behaves, by its answers to the first point and another, alone and at once."""
    point = points[:1]
    reference = references[:1, 0]
    other = other_than(point, reference)
    try:
        answer = passes.ask(other)
    except ModelProblem as problem:
        return Behaviour(refusal=refusal_alone(passes.ask, other, problem))
    alone = len(points) == 1
    return examine(passes.ask, point, outputs[:1], other, answer, alone, reference)
