"""Building the network that a description and the answers to its questions name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from explainers.errors import Problem
from explainers.models.formats.inferred import questions as asking
from explainers.models.formats.inferred.describing import input_of
from explainers.models.formats.inferred.description import Description, Layer
from explainers.models.formats.inferred.order import CONVOLUTIONS, RECURRENT
from explainers.models.formats.inferred.pieces import (
    EachStep,
    Steps,
    Swapped,
    activation,
    light,
    pooling,
    weighty,
)
from explainers.models.formats.inferred.plans import FITTED, GLOBAL, Plan, square

_WEIGHTY = ("linear", *CONVOLUTIONS, *RECURRENT)


def built(
    description: Description, state: Mapping[str, Tensor], answers: Mapping[str, str] | None = None
) -> nn.Sequential:
    """The network in eval mode, float32, that takes inputs (N, *shape) as `input_of` says.

    It gives (N, outputs), or (N, T, outputs) where every step is taken; series go in as (N, T, V).
    Weights are those of `state`; what no file tells, such as the epsilon of a normalisation, is
    torch's default. Problem where an answer is none of its choices, or where the answers do not
    bring the input to the size that the first linear layer takes.
    """
    answers = dict(answers or {})
    unknown = sorted(set(answers) - {question.name for question in description.questions})
    if unknown:
        raise Problem(
            f"There is no question {unknown[0][:100]!r} about this network; there are "
            f"{', '.join(question.name for question in description.questions)}."
        )
    chain = _Chain(description, answers)
    network = nn.Sequential(*chain.modules())
    for name, module in chain.own:
        own = {
            key.rpartition(".")[2]: value
            for key, value in state.items()
            if key.rpartition(".")[0] == name
        }
        module.load_state_dict(own)
    return network.eval()


class _Chain:
    """The modules of a description in their order; `own` are those with weights, by name."""

    def __init__(self, description: Description, answers: Mapping[str, str]) -> None:
        self.description, self.answers = description, answers
        self.own: list[tuple[str, nn.Module]] = []
        self.asked = {question.name for question in description.questions}
        self.kind, self.shape = input_of(description, answers)
        self.pictures = description.has("conv2d")
        self.each_step = self._answer("steps") == asking.EVERY
        self.convolved = 0

    def modules(self) -> Iterator[nn.Module]:
        """All modules, in their order."""
        stages = _stages(self.description.layers)
        active = asking.activated(self.description.layers)
        named = {}
        if active:
            given = self.description.each(self.answers, "activation", len(active))
            named = dict(zip(active, given, strict=True))
        channels_first, first = self.kind in ("sequence", "picture", "table"), stages[0][0]
        if first is None:
            if not channels_first:
                yield Swapped()
            yield from (self._light(layer, flat=self.kind == "table") for layer in stages.pop(0)[1])
            channels_first, first = True, stages[0][0]
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
            yield Steps(self._kept(layer, self._weighty(layer)), self._answer("steps"))
            yield from (self._light(one, flat=True) for one in following)
            return
        pools: list[nn.Module] = []
        if layer.op == "linear":
            if self.convolved:
                yield from self._head()
            self.convolved = 0
            yield self._kept(layer, self._weighty(layer))
        else:
            yield self._kept(layer, self._weighty(layer))
            count = len(asking.convolutions(self.description.layers))
            name = self.description.each(self.answers, "pooling", count)[self.convolved]
            pools = list(pooling(name, self.pictures))
            self.convolved += 1
        lights = [self._light(one, flat=layer.op == "linear") for one in following]
        where = self._answer("normalisation")
        if any(one.op == "prelu" for one in following):
            yield from (*lights, *pools)
        elif where == asking.POOLED:
            yield from (*activation(active), *pools, *lights)
        elif where == asking.AFTER:
            yield from (*activation(active), *lights, *pools)
        else:
            yield from (*lights, *activation(active), *pools)

    def _head(self) -> Iterator[nn.Module]:
        """What brings the convolutions' map to the first linear layer."""
        head, positions = self._answer("head"), asking.positions(self.description.layers)
        side = square(positions) if self.pictures else positions
        if head in (GLOBAL, FITTED):
            yield (nn.AdaptiveAvgPool2d if self.pictures else nn.AdaptiveAvgPool1d)(side)
        elif None not in self.shape:
            self._demand_side(side)
        yield nn.Flatten()

    def _demand_side(self, wanted: int) -> None:
        found = asking.convolutions(self.description.layers)
        plan = Plan(
            *(
                self.description.each(self.answers, name, len(found))
                for name in ("stride", "padding", "pooling")
            )
        )
        kernels = [layer.kernel[-1] for layer in found]
        side = self.shape[0 if self.kind == "series" else 1]
        left = plan.side(kernels, side)
        if left != wanted:
            fits = [n for n in range(1, 1025) if plan.side(kernels, n) == wanted]
            also = f" With them it fits inputs of {fits[0]} to {fits[-1]}." if fits else ""
            raise Problem(
                f"With these strides, paddings and poolings, {left} of {side} are left on a side, "
                f"and the first linear layer takes {wanted}. Change one of these answers.{also}"
            )

    def _weighty(self, layer: Layer) -> nn.Module:
        return weighty(layer, self.description, self.answers, self.convolved)

    def _light(self, layer: Layer, flat: bool) -> nn.Module:
        module = light(layer, flat, self.pictures, self.description, self.answers)
        self._kept(layer, module)
        after_steps = flat and self.each_step and isinstance(module, nn.BatchNorm1d)
        return EachStep(module) if after_steps else module

    def _kept(self, layer: Layer, module: nn.Module) -> nn.Module:
        self.own.append((layer.name, module))
        return module

    def _answer(self, name: str) -> str:
        """The answer, or "" where nothing is asked under this name."""
        return self.description.answer(self.answers, name) if name in self.asked else ""


def _stages(layers: tuple[Layer, ...]) -> list[tuple[Layer | None, list[Layer]]]:
    """Each layer with weights and those that follow it; normalisations of the input have none."""
    stages: list[tuple[Layer | None, list[Layer]]] = []
    for layer in layers:
        if layer.op in _WEIGHTY:
            stages.append((layer, []))
        elif stages:
            stages[-1][1].append(layer)
        else:
            stages.append((None, [layer]))
    return stages
