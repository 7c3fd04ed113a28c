"""In which order the layers of a file follow each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from explainers.errors import Problem
from explainers.models.formats.inferred.description import Layer
from explainers.models.formats.inferred.layers import WAY_OUT, no_chain

RECURRENT = ("lstm", "gru", "rnn")
CONVOLUTIONS = ("conv1d", "conv2d")
NORMS = ("batch_norm", "layer_norm", "group_norm")
_MOST_TRIED = 20_000


def order_layers(
    layers: Sequence[Layer], shapes: Mapping[str, tuple[int, ...]]
) -> tuple[Layer, ...]:
    """The layers so that each takes what the one before it gives; groups of convolutions filled in.

    The file's own order is kept where it looks like the one in which torch registers modules and
    fits. Else modules that are numbered alike keep their numbers' order, and of all ways to merge
    those the one is taken in which most normalisations follow the layer of their own number.

    Parameters
    ----------
    layers : sequence of Layer
        In the file's order.
    shapes : Mapping[str, tuple[int, ...]]
        Of all tensors of the file, in its order.

    Returns
    -------
    tuple of Layer

    Raises
    ------
    Problem
        Where no order fits, or several do equally well.

    Examples
    --------
    >>> second, first = Layer("linear", "a", 8, 2), Layer("linear", "b", 4, 8)
    >>> [layer.name for layer in order_layers([second, first], {})]
    ['b', 'a']
    """
    if _as_registered(shapes) and (fits := _followed(layers)):
        return fits
    orders: dict[tuple[str, ...], tuple[Layer, ...]] = {}
    for order in _merged(_runs(layers)):
        orders[tuple(layer.name for layer in order)] = order
    if not orders:
        raise no_chain(_why_not(layers))
    most = max(map(_numbered_alike, orders.values()))
    best = [order for order in orders.values() if _numbered_alike(order) == most]
    if len(best) > 1:
        listed = " or ".join(", ".join(layer.name for layer in order) for order in best[1::-1])
        raise Problem(
            "The layers in this file fit each other in several orders, and the file does not say "
            f"which is right ({listed}). Save the state dict with torch.save, which keeps the "
            f"order of the layers. {WAY_OUT}"
        )
    return best[0]


def _followed(layers: Sequence[Layer]) -> tuple[Layer, ...] | None:
    """The layers in this order, with groups filled in; None where they do not fit each other."""
    done: tuple[Layer, ...] = ()
    for layer in layers:
        fitting = _after(_end(done), layer)
        if fitting is None:
            return None
        done = (*done, fitting)
    return done if _whole(done) else None


class _End(NamedTuple):
    """What decides which layers may follow: operations ("" for none), and how many numbers come.

    Attributes
    ----------
    last : str
        The last layer's operation.
    before : str
        That of the last one that is no PReLU.
    weights : str
        That of the last one that is no normalisation either.
    size : int
        Numbers that the chain gives.
    """

    last: str = ""
    before: str = ""
    weights: str = ""
    size: int = 0


def _end(done: tuple[Layer, ...]) -> _End:
    before = next((one for one in reversed(done) if one.op != "prelu"), None)
    weights = next((one.op for one in reversed(done) if one.op not in (*NORMS, "prelu")), "")
    if before is None:
        return _End(done[-1].op if done else "")
    return _End(done[-1].op, before.op, weights, before.outputs * (1 + before.both))


def _after(end: _End, layer: Layer) -> Layer | None:
    """The layer as it is when it follows those before, or None where it cannot."""
    if layer.op == "prelu":
        return layer if end.last not in ("", "prelu") else None
    if not end.before:
        return layer if layer.op != "layer_norm" else None
    if layer.op in NORMS:
        if layer.inputs != end.size or end.before in NORMS:
            return None
        if layer.op == "layer_norm" and end.weights in CONVOLUTIONS:
            return replace(layer, op="group_norm")
        return layer
    if layer.op == "linear":
        convolved = end.weights in CONVOLUTIONS
        fits = layer.inputs == end.size or (convolved and layer.inputs % end.size == 0)
        return layer if fits else None
    if end.weights not in ("", *CONVOLUTIONS):
        return None
    if layer.op in RECURRENT:
        return layer if layer.inputs == end.size and end.weights in ("", "conv1d") else None
    if end.weights not in ("", layer.op):
        return None
    if layer.inputs == end.size:
        return layer
    if layer.inputs == 1 and layer.outputs % end.size == 0:
        return replace(layer, inputs=end.size, groups=end.size)
    return None


def _whole(done: tuple[Layer, ...]) -> bool:
    """Whether a chain ends as networks that answer do: in a linear layer."""
    return bool(done) and done[-1].op == "linear"


def _as_registered(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether the tensors are in torch's order: modules together, weights before biases.

    Files of safetensors are not: they are sorted by name.
    """
    owners = [key.rpartition(".")[0] for key in shapes]
    together = sum(a != b for a, b in zip(owners, owners[1:], strict=False)) + 1 == len(set(owners))
    keys = list(shapes)
    pairs = [(k, k[:-4] + "weight") for k in keys if k.endswith("bias")]
    pairs = [(bias, weight) for bias, weight in pairs if weight in shapes]
    pairs += [(k, k.replace("bias_ih", "weight_ih")) for k in keys if "bias_ih_l" in k]
    return together and bool(pairs) and all(keys.index(w) < keys.index(b) for b, w in pairs)


def _runs(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Layers that are named alike but for numbers, each such run in the order of its numbers."""
    runs: dict[str, list[Layer]] = {}
    for layer in sorted(layers, key=lambda layer: _numbers(layer.name)):
        runs.setdefault(re.sub(r"\d+", "#", layer.name), []).append(layer)
    return list(runs.values())


def _merged(runs: list[list[Layer]]) -> Iterator[tuple[Layer, ...]]:
    """Every order in which the layers fit that keeps the runs' own orders; Problem if too many."""
    tried, number = 0, sum(map(len, runs))
    # Which layers may follow is looked up: of the many orders most end in one of a few ways.
    following: dict[_End, list[list[Layer | None]]] = {}
    paths: list[tuple[tuple[Layer, ...], tuple[int, ...]]] = [((), tuple(0 for _ in runs))]
    while paths:
        done, at = paths.pop()
        tried += 1
        if tried > _MOST_TRIED:
            raise no_chain("its layers fit each other in too many orders")
        if len(done) == number:
            if _whole(done):
                yield done
            continue
        end = _end(done)
        if end not in following:
            following[end] = [[*(_after(end, layer) for layer in run), None] for run in runs]
        for index, (run, place) in enumerate(zip(following[end], at, strict=True)):
            if fits := run[place]:
                paths.append(((*done, fits), (*at[:index], place + 1, *at[index + 1 :])))


def _numbered_alike(order: tuple[Layer, ...]) -> int:
    pairs = zip(order, order[1:], strict=False)
    return sum(b.op in NORMS and _numbers(a.name)[-1:] == _numbers(b.name)[-1:] for a, b in pairs)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(number[:9]) for number in re.findall(r"\d+", name))


def _why_not(layers: Sequence[Layer]) -> str:
    """Where the chain breaks in the file's order."""
    done: tuple[Layer, ...] = ()
    for layer in layers:
        fitting = _after(_end(done), layer)
        if fitting is None:
            given = done[-1].outputs * (1 + done[-1].both) if done else 0
            after = f"{done[-1].name!r}, which gives {given}" if done else "nothing"
            return f"its layers make no chain ({layer.name!r} does not fit after {after})"
        done = (*done, fitting)
    return f"its chain does not end in a linear layer but in {done[-1].name!r}"
