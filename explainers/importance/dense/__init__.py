"""The dense layers of a network, found by running it: no names of modules, no wrapper.

The model is run twice in double precision. On rows of data, to see which values are units; then on
chosen values of all units at once, to read the weights between them. What is found is held against
the first run: all sums that the matrices give must be those that the network computed.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from explainers.dispatch.torch_private import nothing_fused
from explainers.errors import Cancelled, Problem
from explainers.eval_mode import Model, placed_on
from explainers.importance.dense.following import SHARED, Following, NoLayers
from explainers.importance.dense.network import DenseNetwork, Layer, chain_of, rising
from explainers.importance.dense.operations import CONVOLUTIONAL
from explainers.importance.dense.probing import Found, Probe, Value, rows_first

__all__ = ["DenseNetwork", "Layer", "NotDense", "chain_of", "find_dense"]

MOST_ROWS, MOST_NUMBERS, MOST_VALUES, CHECKS = 257, 200_000, 6000, 7
AGREEMENT, SINGLE = 1e-6, 1e-3
NO_CHAIN = (
    "The network's weights cannot be read as layers from inputs to outputs: {reason}. Methods that "
    "read weights are for networks of dense layers; the methods that ask the network for its "
    "answers (permutation, partial derivatives, profile, …) fit this one too."
)


def find_dense(model: Model, points: Tensor) -> DenseNetwork:
    """The dense layers of a model, whatever code they are written in.

    Batch norms, standardised inputs, dropout, residual sums, joined and sliced columns are all part
    of the weighted sums between one layer of activations and the next. A sigmoid or softmax at the
    very end is left out: the outputs are what enters it.

    Parameters
    ----------
    model : callable
        In evaluation mode.
    points : Tensor, shape (n, …)
        Rows of data; some hundreds are looked at.

    Returns
    -------
    DenseNetwork
        Inputs in the order of a flattened row.

    Raises
    ------
    NotDense
        With the reason, for networks that are no such layers.

    Examples
    --------
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh(), torch.nn.Linear(2, 1))
    >>> found = find_dense(net, torch.randn(5, 3))
    >>> [(layer.width, layer.activation) for layer in found.layers]
    [(2, 'tanh'), (1, '')]
    >>> torch.allclose(found.layers[0].weights[0].float(), net[0].weight.T)
    True
    """
    inputs = points[0].numel()
    if inputs > MOST_VALUES:
        raise _problem(f"it has {inputs:,} inputs, and at most {MOST_VALUES:,} are read")
    rows = points[: max(17, min(MOST_ROWS, MOST_NUMBERS // inputs))].detach()
    if rows.device.type == "mps":  # it has no double precision
        return _found(model, rows)
    try:
        return _found(_in_double(model), rows.double())
    except _Stopped:
        return _found(model, rows)


def _in_double(model: Model) -> Model:
    """A copy in double precision; the model itself where it is no module, or cannot be copied."""
    try:
        return placed_on(model, None, "float64")
    except Problem:
        return model


def _found(model: Model, rows: Tensor) -> DenseNetwork:
    """The dense layers, by two runs in the precision of the rows."""
    seen, last, answers = _follow(model, rows, None)
    count, inputs = len(rows), rows[0].numel()
    widths = (inputs, *(layer.values.numel() // count for layer in seen.layers))
    total = sum(widths)
    if total > MOST_VALUES:
        raise _problem(f"it has {total:,} inputs and units, and at most {MOST_VALUES:,} are read")
    generator = torch.Generator().manual_seed(0)
    checks = 3 * torch.randn(CHECKS, total, generator=generator, dtype=torch.float64)
    values = torch.cat([torch.zeros(1, total).double(), torch.eye(total).double(), checks])
    probe = Probe(values.to(rows), widths)
    read, end, _ = _follow(model, probe.of(0).reshape(len(values), *rows.shape[1:]), probe)
    if [one.names for one in read.layers] != [one.names for one in seen.layers]:
        raise _problem("which operations it uses depends on the values that it is given")
    network = _assembled(seen, last, read, end, probe)
    if last.kind == "curved":
        network = _ending(network, answers.reshape(count, -1).cpu().double())
    if not _agrees(network, rows.reshape(count, -1)):
        raise _problem("its answers are not what its weights and activations give")
    return network


class NotDense(Problem):
    """A network that is no dense layers.

    Attributes
    ----------
    enters_by_weights : bool
        Whether its inputs meet weights first all the same: it is recurrent or convolutional.
    """

    enters_by_weights = False


class _Stopped(NotDense):
    """The run ended with an error, perhaps only for its precision."""


def _problem(reason: str) -> NotDense:
    problem = NotDense(NO_CHAIN.format(reason=reason))
    problem.enters_by_weights = reason in (SHARED, CONVOLUTIONAL)
    return problem


def _follow(model: Model, rows: Tensor, probe: Probe | None) -> tuple[Found, Value, Tensor]:
    """One run of the model that is followed; what its output is, and the output."""
    following = Following(rows.clone(), probe)
    point = following.point
    try:
        with torch.no_grad(), nothing_fused(), following:
            output = model(point)
    except Cancelled:
        raise
    except NoLayers as told:
        raise _problem(SHARED if following.found.shared else str(told)) from told
    except Exception as error:
        reason = f"following its run stopped at the operation “{following.last}”"
        raise _Stopped(NO_CHAIN.format(reason=reason)) from error
    if following.found.shared:
        raise _problem(SHARED)
    end = following.value(output) if isinstance(output, Tensor) else None
    if end is None:
        raise _problem(
            "its answer does not come from its input by operations of PyTorch that can be followed"
        )
    if end.kind == "lost":
        raise _problem(end.reason)
    assert isinstance(output, Tensor)
    return following.found, end, output


def _assembled(seen: Found, last: Value, read: Found, end: Value, probe: Probe) -> DenseNetwork:
    """The layers, with the matrices of the probe and the values on the rows of data."""
    layers, count, chosen = [], len(seen.affine[0]), len(probe.values)
    hidden = zip(seen.layers, read.layers, strict=True)
    places = [(one.before, two.before, one, two) for one, two in hidden]
    for place, (before, number, one, two) in enumerate(
        [*places, (last.before, end.before, None, None)]
    ):
        axis = read.axes[number]
        if axis is None:
            raise _problem("it mixes the rows of a batch")
        entered = rows_first(read.affine[number], axis, chosen)
        bias, weights, fits = probe.read(entered)
        if not fits:
            raise _problem("its units are not weighted sums of those before")
        blocks = weights.cpu().double().split(probe.widths)
        sources = {source: block for source, block in enumerate(blocks) if bool(block.any())}
        entering = rows_first(seen.affine[before], axis, count).cpu().double()
        layer = Layer(
            sources or {place: blocks[place]},
            bias.cpu().double(),
            " · ".join(last.names if one is None else one.names),
            entering,
            entering,
        )
        if one is not None and two is not None:
            values = rows_first(one.values, axis, count).cpu().double()
            others = rows_first(two.values, axis, chosen).cpu().double()
            sums = torch.cat([entering, entered.cpu().double()])
            layer = rising(replace(layer, values=values), sums, torch.cat([values, others]))
        layers.append(layer)
    centre, standardises = _centre(read, probe.widths[0])
    return DenseNetwork(probe.widths[0], tuple(layers), centre, standardises)


def _ending(network: DenseNetwork, answers: Tensor) -> DenseNetwork:
    """The outputs' sums turned where an answer falls with its sum: 1 − p, p a sigmoid's."""
    last = network.layers[-1]
    if answers.shape != last.entering.shape:
        return network
    falling = torch.stack(
        [
            (answers[:, place][last.entering[:, place].argsort()].diff().sum() < 0)
            for place in range(last.width)
        ]
    )
    sign = 1 - 2 * falling.double()
    turned = replace(
        last,
        weights={source: weights * sign for source, weights in last.weights.items()},
        bias=last.bias * sign,
        entering=last.entering * sign,
        values=last.values * sign,
    )
    return replace(network, layers=(*network.hidden, turned))


def _centre(read: Found, inputs: int) -> tuple[Tensor, bool]:
    """At which value each input gives nothing to where it enters; NaN where that is not one."""
    centre = torch.zeros(inputs, dtype=torch.float64)
    known = torch.zeros(inputs, dtype=torch.bool)
    for places, values in read.entrances:
        for place, value in zip(places.tolist(), values.tolist(), strict=True):
            same = abs(value - float(centre[place])) <= 1e-9 * (1 + abs(value))
            if known[place] and not same:
                value = float("nan")
            centre[place], known[place] = value, True
    return centre, bool((centre != 0).any())


def _agrees(network: DenseNetwork, rows: Tensor) -> bool:
    values = {0: rows.cpu().double()}
    tolerance = AGREEMENT if rows.dtype == torch.float64 else SINGLE
    for place, layer in enumerate(network.layers):
        sums = network.sums(values, place)
        size = layer.entering.abs().amax().clamp(min=1e-30) + layer.bias.abs().amax()
        if not bool(((sums - layer.entering).abs() <= tolerance * size).all()):
            return False
        values[place + 1] = layer.values
    return True
