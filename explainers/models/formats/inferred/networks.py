"""Building the network that a description and the answers to its questions name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from torch import Tensor, nn

from explainers.errors import Problem
from explainers.models.formats.inferred import questions
from explainers.models.formats.inferred.describing import input_shape
from explainers.models.formats.inferred.description import Description, Layer
from explainers.models.formats.inferred.order import CONVOLUTIONS, RECURRENT
from explainers.models.formats.inferred.pieces import (
    EachStep,
    Steps,
    Swapped,
    activation,
    layer_with_weights,
    normalisation,
    pooling,
)
from explainers.models.formats.inferred.plans import FITTED, GLOBAL, Plan, square

_WITH_WEIGHTS = ("linear", *CONVOLUTIONS, *RECURRENT)


class PlainChain(nn.Sequential):
    """A network that was rebuilt from its weights; `description` tells what they leave open."""

    def __init__(self, description: Description, modules: Iterable[nn.Module]) -> None:
        super().__init__(*modules)
        self.description = description


def build_chain(
    description: Description, state: Mapping[str, Tensor], answers: Mapping[str, str] | None = None
) -> PlainChain:
    """The network that a description and the answers to its questions name.

    Parameters
    ----------
    description : Description
        As `describe` gives it.
    state : Mapping[str, Tensor]
        The weights; what no file tells, such as the epsilon of a normalisation, is torch's default.
    answers : Mapping[str, str], optional
        By the question's name; what is left out keeps its default.

    Returns
    -------
    PlainChain
        In evaluation mode, float32, from inputs (N, *shape) as `input_shape` says (series go in as
        (N, T, V)) to (N, outputs), or to (N, T, outputs) where every step is taken.

    Raises
    ------
    Problem
        Where an answer is none of its choices, or where the answers do not bring the input to the
        size that the first linear layer takes.

    Examples
    --------
    >>> import torch
    >>> from explainers.models.formats.inferred import describe
    >>> state = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)).state_dict()
    >>> network = build_chain(describe(state), state, {"activation": "tanh"})
    >>> tuple(network(torch.zeros(5, 4)).shape)
    (5, 2)
    """
    answers = dict(answers or {})
    unknown = sorted(set(answers) - {question.name for question in description.questions})
    if unknown:
        raise Problem(
            f"There is no question {unknown[0][:100]!r} about this network; there are "
            f"{', '.join(question.name for question in description.questions)}."
        )
    chain = _Chain(description, answers)
    network = PlainChain(description, chain.modules())
    for name, module in chain.filled:
        tensors = {
            key.rpartition(".")[2]: value
            for key, value in state.items()
            if key.rpartition(".")[0] == name
        }
        module.load_state_dict(tensors)
    return network.eval()


class _Chain:
    """The modules of a description in their order; `filled` are those with weights, by name."""

    def __init__(self, description: Description, answers: Mapping[str, str]) -> None:
        self.description, self.answers = description, answers
        self.filled: list[tuple[str, nn.Module]] = []
        self.questions = {question.name for question in description.questions}
        self.kind, self.shape = input_shape(description, answers)
        self.pictures = description.has("conv2d")
        self.each_step = self._answer("steps") == questions.EVERY
        self.convolved = 0

    def modules(self) -> Iterator[nn.Module]:
        """All modules, in their order."""
        of_input, stages = _stages(self.description.layers)
        active = questions.activated(self.description.layers)
        named = {}
        if active:
            given = self.description.each(self.answers, "activation", len(active))
            named = dict(zip(active, given, strict=True))
        channels_first = self.kind in ("sequence", "picture", "table")
        if of_input:
            if not channels_first:
                yield Swapped()
            flat = self.kind == "table"
            yield from (self._normalisation(layer, flat) for layer in of_input)
            channels_first = True
        first = stages[0][0]
        if (first.op in RECURRENT) == channels_first and self.kind in ("series", "sequence"):
            yield Swapped()
        for layer, following in stages:
            yield from self._stage(layer, following, named.get(layer.name, "none"))
        ending = self._answer("ending")
        if ending != "none":
            yield nn.Softmax(-1) if ending == "softmax" else nn.Sigmoid()

    def _stage(self, layer: Layer, following: list[Layer], active: str) -> Iterator[nn.Module]:
        """A layer with weights, what stands after it, and what brings its input to it."""
        if layer.op in RECURRENT:
            if self.convolved:
                yield Swapped()
            self.convolved = 0
            recurrent = self._with_weights(layer)
            assert isinstance(recurrent, nn.RNNBase)
            self._keep(layer, recurrent)
            yield Steps(recurrent, self._answer("steps"))
            yield from (self._normalisation(one, flat=True) for one in following)
            return
        pools: list[nn.Module] = []
        if layer.op == "linear":
            if self.convolved:
                yield from self._head()
            self.convolved = 0
            yield self._keep(layer, self._with_weights(layer))
        else:
            yield self._keep(layer, self._with_weights(layer))
            count = len(questions.convolutions(self.description.layers))
            name = self.description.each(self.answers, "pooling", count)[self.convolved]
            pools = list(pooling(name, self.pictures))
            self.convolved += 1
        norms = [self._normalisation(one, flat=layer.op == "linear") for one in following]
        where = self._answer("normalisation")
        if any(one.op == "prelu" for one in following):
            yield from (*norms, *pools)
        elif where == questions.POOLED:
            yield from (*activation(active), *pools, *norms)
        elif where == questions.AFTER:
            yield from (*activation(active), *norms, *pools)
        else:
            yield from (*norms, *activation(active), *pools)

    def _head(self) -> Iterator[nn.Module]:
        """What brings the convolutions' map to the first linear layer."""
        head, positions = self._answer("head"), questions.positions(self.description.layers)
        side = square(positions) if self.pictures else positions
        if head in (GLOBAL, FITTED):
            yield (nn.AdaptiveAvgPool2d if self.pictures else nn.AdaptiveAvgPool1d)(side)
        elif None not in self.shape:
            self._demand_side(side)
        yield nn.Flatten()

    def _demand_side(self, wanted: int) -> None:
        convolutions = questions.convolutions(self.description.layers)
        plan = Plan(
            *(
                self.description.each(self.answers, name, len(convolutions))
                for name in ("stride", "padding", "pooling")
            )
        )
        kernels = [layer.kernel[-1] for layer in convolutions]
        side = self.shape[0 if self.kind == "series" else 1]
        assert side is not None  # the caller made sure
        left = plan.side(kernels, side)
        if left != wanted:
            fits = [n for n in range(1, 1025) if plan.side(kernels, n) == wanted]
            also = f" With them it fits inputs of {fits[0]} to {fits[-1]}." if fits else ""
            raise Problem(
                f"With these strides, paddings and poolings, {left} of {side} are left on a side, "
                f"and the first linear layer takes {wanted}. Change one of these answers.{also}"
            )

    def _with_weights(self, layer: Layer) -> nn.Module:
        return layer_with_weights(layer, self.description, self.answers, self.convolved)

    def _normalisation(self, layer: Layer, flat: bool) -> nn.Module:
        module = normalisation(layer, flat, self.pictures, self.description, self.answers)
        self._keep(layer, module)
        after_steps = flat and self.each_step and isinstance(module, nn.BatchNorm1d)
        return EachStep(module) if after_steps else module

    def _keep(self, layer: Layer, module: nn.Module) -> nn.Module:
        self.filled.append((layer.name, module))
        return module

    def _answer(self, name: str) -> str:
        """The answer, or "" where nothing is asked under this name."""
        return self.description.answer(self.answers, name) if name in self.questions else ""


def _stages(
    layers: tuple[Layer, ...],
) -> tuple[list[Layer], list[tuple[Layer, list[Layer]]]]:
    """(normalisations of the input, each layer with weights and those that follow it)."""
    of_input: list[Layer] = []
    stages: list[tuple[Layer, list[Layer]]] = []
    for layer in layers:
        if layer.op in _WITH_WEIGHTS:
            stages.append((layer, []))
        else:
            (stages[-1][1] if stages else of_input).append(layer)
    return of_input, stages
