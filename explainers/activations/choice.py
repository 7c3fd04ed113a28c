"""Which activation Grad-CAM looks at: the last map that the explained output depends on.

Autograd's graph says what the output depends on, and a gradient of zero what it does not. Where
several maps go into what has no places any more (keys and values of an attention, the branches of
an ensemble), the last map that all of them come from is taken: none of them alone tells the whole.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import get_gradient_edge

from explainers.activations import names
from explainers.activations.recording import Key, Recording, Value


@dataclass(frozen=True)
class Choice:
    """What was found.

    Attributes
    ----------
    value : Value or None
        None where there is no map.
    whole : bool
        Whether everything that the output takes from places goes through it.
    possible : list of Value
        All that could be looked at, in the order of the run.
    reached : set of nodes
        Those of autograd's graph that the explained output depends on.
    """

    value: Value | None
    whole: bool
    possible: list[Value]
    reached: set[Any]


def choose(
    recording: Recording, leaf: Tensor, output: Tensor, total: Tensor, over_places: bool = False
) -> Choice:
    """The activation that Grad-CAM looks at.

    Parameters
    ----------
    recording : Recording
        Of the run, with places.
    leaf : Tensor, shape (1, C, …)
        Its input.
    output : Tensor, shape (1, …)
        The model's whole output. Where it is a map itself, as in segmentation, the activation
        before its own convolution is taken: that map would only be the answer again.
    total : Tensor, shape ()
        The explained score.
    over_places : bool
        Whether the output is a mean over places of such a map.

    Returns
    -------
    Choice
    """
    if total.grad_fn is None:
        return Choice(None, True, [], set())
    graph = _Graph(leaf, total)
    there, at_places = _gradients(graph, recording, leaf, total)
    placed = {
        node
        for node in there
        for value in recording.of_node(node)
        if value.places is not None and value.places.several and node in at_places
    }
    inner = [value for value in recording.values if value.key[0] in placed]
    possible = [value for value in inner if _is_layer(value)]
    tops = _last_maps(graph, there, placed)
    answer = recording.by_key.get((output.grad_fn, output.output_nr))
    spatial = over_places or (
        answer is not None and answer.places is not None and answer.places.several
    )
    found = _common(graph, there, tops, recording, spatial) or (
        _common(graph, there, tops, recording, False) if spatial else None
    )
    if found is not None or not possible:
        return Choice(found, True, possible, there)
    return Choice(possible[-1], False, possible, there)


def _is_layer(value: Value) -> bool:
    places = value.places
    return (
        value.layer
        and places is not None
        and places.made
        and places.several
        and places.order is not None
    )


class _Graph:
    """Autograd's graph between the score and the input, from the score downwards."""

    def __init__(self, leaf: Tensor, total: Tensor) -> None:
        source = get_gradient_edge(leaf).node
        order: list[Any] = []
        seen = set()
        stack: list[tuple[Any, bool]] = [(total.grad_fn, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(n, False) for n, _ in node.next_functions if n and n not in seen]
        follows = {source}
        for node in order:  # sources first
            if any(n in follows for n, _ in node.next_functions):
                follows.add(node)
        self.nodes = [node for node in reversed(order) if node in follows]
        self.depth = {node: index for index, node in enumerate(self.nodes)}
        self.source = source

    def next(self, node: Any) -> list[Any]:
        """What the node's result was computed from, as far as it follows the input."""
        return [n for n, _ in node.next_functions if n in self.depth]


def _gradients(
    graph: _Graph, recording: Recording, leaf: Tensor, total: Tensor
) -> tuple[set[Any], set[Any]]:
    """The nodes that a gradient reaches, and those where it reaches a place.

    A gradient that ends in a ReLU that is off for this one input, or in a saturated curve, might
    go on for another: what lies behind counts as reached, so that all inputs get the same answer.
    """
    for weights in (True, False):
        reached, at_places = _backward(graph, recording, leaf, total, weights)
        if graph.source in _behind(graph, {graph.nodes[0]}, reached):
            break
    return reached, at_places


def _backward(
    graph: _Graph, recording: Recording, leaf: Tensor, total: Tensor, weights: bool
) -> tuple[set[Any], set[Any]]:
    """As `_gradients`; without `weights` those of zero do not stop a gradient either."""
    reached, at_places = {graph.nodes[0]}, set[Any]()
    hooks = []

    def arriving(node: Any) -> Callable[..., None]:
        values = {value.key[1]: value.places for value in recording.of_node(node)}

        def hook(gradients: tuple[Tensor | None, ...]) -> None:
            for nr, gradient in enumerate(gradients):
                if gradient is None or not bool(gradient.any()):
                    continue
                reached.add(node)
                places = values.get(nr)
                if places is not None and bool((gradient[places.where >= 0] != 0).any()):
                    at_places.add(node)

        return hook

    def leaving(node: Any) -> Callable[..., tuple[Tensor | None, ...] | None]:
        def hook(
            onwards: tuple[Tensor | None, ...], gradients: tuple[Tensor | None, ...]
        ) -> tuple[Tensor | None, ...] | None:
            if not any(g is not None and bool(g.any()) for g in gradients):
                return None
            return tuple(g if g is None or bool(g.any()) else _anything(g) for g in onwards)

        return hook

    try:
        for node in graph.nodes:
            if node is not graph.source:
                hooks.append(node.register_prehook(arriving(node)))
            if node is not graph.source and not _is_linear(node, graph, weights):
                hooks.append(node.register_hook(leaving(node)))
        torch.autograd.grad(total, leaf, allow_unused=True, retain_graph=True)
    finally:
        for hook in hooks:
            hook.remove()
    return reached, at_places


def _anything(gradient: Tensor) -> Tensor:
    """Numbers in the place of zeros that no sum, mean or normalisation takes for zero."""
    return (
        torch.arange(gradient.numel(), device=gradient.device)
        .cos()
        .to(gradient)
        .view(gradient.shape)
    )


def _is_linear(node: Any, graph: _Graph, weights: bool) -> bool:
    """Whether a gradient of zero behind the node is zero for every input."""
    name = re.sub(r"(Backward)?\d*$", "", node.name())
    constant = name in names.LINEAR_WITH_CONSTANTS and len(graph.next(node)) == 1
    return name in names.LINEAR or (weights and constant)


def _behind(graph: _Graph, nodes: Iterable[Any], within: set[Any]) -> set[Any]:
    found, stack = set[Any](), [*nodes]
    while stack:
        node = stack.pop()
        if node not in found and (node in within or node is graph.source):
            found.add(node)
            stack += graph.next(node)
    return found


def _last_maps(graph: _Graph, there: set[Any], placed: set[Any]) -> list[Any]:
    """Maps that go into what has no places, without those that later ones of them come from."""
    ends: dict[Any, set[Key]] = {}
    for node in graph.nodes:
        if node in there and node not in placed:
            for following, result in node.next_functions:
                if following in placed:
                    ends.setdefault(following, set()).add((following, result))
    tops, above = list[Any](), set[Key]()
    sources = set[Any]()
    for node in graph.nodes:  # whatever takes from a node stands before it
        if ends.get(node, set()) - above:
            tops.append(node)
        if node in ends or node in sources:
            above |= set(node.next_functions)
            sources |= set(graph.next(node))
    return tops


def _common(
    graph: _Graph, there: set[Any], tops: list[Any], recording: Recording, behind_answer: bool
) -> Value | None:
    """The last layer that every way from the maps back to the input leads through."""
    queue = sorted(graph.depth[node] for node in tops)
    seen = set(queue)
    while queue:
        node = graph.nodes[heapq.heappop(queue)]
        values = recording.of_node(node)
        if not queue and not behind_answer:
            for value in values:
                if _is_layer(value):
                    return value
        behind_answer = behind_answer and not any(value.mixes for value in values)
        for following in graph.next(node):
            depth = graph.depth[following]
            if depth not in seen and (following in there or following is graph.source):
                seen.add(depth)
                heapq.heappush(queue, depth)
    return None
