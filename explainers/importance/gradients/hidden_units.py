"""Slopes of and to the hidden units of a dense network: which neurons matter, and what moves them.

By the chain rule the slopes of an output by a layer's units, times those of the units by the
inputs, add up to the slopes by the inputs, but for connections that skip the layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.dense.network import Layer

ROWS, VALUES_AT_ONCE, CHEAP = 1024, 2**22, 2**27
_SAME = 1e-3
_OVERWRITES = (
    "The units' slopes cannot be found: the model writes over its own values while it runs."
)


def unit_slopes(context: DatasetContext) -> dict[str, dict[str, Any]]:
    """Of every hidden layer the slopes of the output by its units, and of these by the inputs.

    Parameters
    ----------
    context : DatasetContext
        One pass forward, one backward a layer and one a unit, for every row.

    Returns
    -------
    dict
        "layer 1", … → `activation`; ∂f/∂unit over the rows as `mean`, `mean_abs`, `rms`, `sd`
        (units,) and `scaled`, the root mean square times the unit's standard deviation, in which
        units can be compared; ∂unit/∂feature as `by_feature_mean`, `by_feature_mean_abs`,
        `by_feature_rms` (units, F); `values_sd` (units,). With labels the first layer has
        `loss_by_weights` (units, inputs) and `loss_by_bias` (units,): the gradient of the mean
        error by the weights as they act on the inputs, batch norms and scales before the activation
        included.

    Raises
    ------
    Problem
        Where the network is not one of dense layers, or has no gradient.

    Examples
    --------
    >>> import torch
    >>> from explainers.importance.opening import open_dataset
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> with open_dataset(net, torch.randn(50, 2)) as (context, _):
    ...     found = unit_slopes(context)["layer 1"]
    >>> torch.allclose(found["mean"], net[2].weight[0].double())
    True
    >>> found["by_feature_mean"].shape
    torch.Size([3, 2])
    """
    import torch

    hidden = context.dense.hidden
    places: list[tuple[int, int | None]] = []
    of_output: list[list[Tensor]] = [[] for _ in hidden]
    by_feature: list[list[Tensor]] = [[] for _ in hidden]
    values: list[list[Tensor]] = [[] for _ in hidden]
    by_weights, by_bias = torch.zeros(()).double(), torch.zeros(()).double()
    for start in range(0, context.rows, ROWS):
        rows = slice(start, start + ROWS)
        leaf, output, tensors = _recorded(context, rows)
        places = places or [_place(context, layer, tensors) for layer in hidden]
        answer = context.explained.select(output, torch.zeros(len(leaf), dtype=torch.int64))
        units = [tensors[place] for place, _ in places]
        slopes = _slopes(answer.sum(), units)
        for number, unit in enumerate(units):
            of_output[number].append(_flat(slopes[number]))
            values[number].append(_flat(unit))
            by_feature[number].append(_by_feature(context, unit, leaf))
        entering = places[0][1] if places else None
        if context.labels is not None and entering is not None:
            truth = context.labels.values[rows]
            loss = context.labels.loss(output, truth, context.target).sum() / context.rows
            (back,) = _slopes(loss, [tensors[entering]])
            by_weights = by_weights + _flat(back).T @ _flat(leaf)
            by_bias = by_bias + _flat(back).sum(0)
        context.passes.worked(len(leaf) * (1 + sum(layer.width for layer in hidden)))
    found = {}
    for number, one in enumerate(hidden):
        found[f"layer {number + 1}"] = {
            "activation": one.activation,
            **_aggregates(*(torch.cat(part[number]) for part in (of_output, values, by_feature))),
        }
    if by_weights.ndim:
        found["layer 1"] |= {"loss_by_weights": by_weights, "loss_by_bias": by_bias}
    return found


def unit_slopes_if_cheap(context: DatasetContext) -> dict[str, dict[str, Any]]:
    """`unit_slopes` where they can be had and take but a moment; else {}."""
    try:
        units = sum(layer.width for layer in context.dense.hidden) if context.has_gradient else 0
        work = units * context.rows * (units + context.inputs[0].numel())
        return unit_slopes(context) if 0 < work <= CHEAP else {}
    except Problem:
        return {}


def _recorded(context: DatasetContext, rows: slice) -> tuple[Tensor, Tensor, list[Tensor]]:
    """The inputs, the output, and whatever tensors the model made of them, with their graph."""
    import torch
    from torch.overrides import TorchFunctionMode

    from explainers.eval_mode import check_output
    from explainers.running.failures import forward_of_model

    class Recording(TorchFunctionMode):
        def __torch_function__(
            self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            kwargs, name = dict(kwargs or {}), getattr(func, "__name__", "")
            # What is written over cannot be told from what was there: a copy is written instead.
            if kwargs.get("inplace"):
                kwargs["inplace"] = False
            elif name.endswith("_") and not name.endswith("__") and args:
                args = (args[0].clone(), *args[1:])
            result = func(*args, **kwargs)
            if isinstance(result, torch.Tensor) and result.requires_grad and result.ndim:
                made.append(result)
            return result

    made: list[Tensor] = []
    leaf = context.inputs[rows].detach().clone().requires_grad_()
    try:
        with torch.enable_grad(), forward_of_model(leaf), Recording():
            output = check_output(context.passes.answer(leaf), leaf)
    finally:
        if context.passes.state is not None:
            context.passes.state.restore()
    expected = context.outputs[rows]
    if output.shape != expected.shape or not _alike(output, expected):
        raise Problem(_OVERWRITES)
    return leaf, output, made


def _place(context: DatasetContext, layer: Layer, made: list[Tensor]) -> tuple[int, int | None]:
    """Which of the tensors are a layer's units, and which are the sums that enter it."""

    def is_it(tensor: Tensor, wanted: Tensor) -> bool:
        if tensor.numel() != tensor.shape[0] * wanted.shape[1] or tensor.shape[0] < len(wanted):
            return False
        return _alike(_flat(tensor)[: len(wanted)], wanted)

    own = layer.values[: min(context.rows, ROWS)]
    sums = layer.entering[: len(own)]
    units = [place for place, tensor in enumerate(made) if is_it(tensor, own)]
    if not units:
        raise Problem(_OVERWRITES)
    # A layer that falls with its sums is noted with their sign turned.
    entering = [
        place
        for place, tensor in enumerate(made[: units[0]])
        if is_it(tensor, sums) or is_it(tensor, -sums)
    ]
    return units[0], entering[-1] if entering else None


def _alike(one: Tensor, other: Tensor) -> bool:
    one, other = one.detach().double().cpu(), other.detach().double().cpu()
    return bool(((one - other).abs() <= _SAME * (other.abs().amax() + 1e-30)).all())


def _flat(tensor: Tensor) -> Tensor:
    return tensor.detach().reshape(len(tensor), -1).double().cpu()


def _slopes(total: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    """The gradient of a sum by each tensor; 0 where no way leads there."""
    import torch

    if not tensors:
        return []
    found = torch.autograd.grad(total, tensors, retain_graph=True, allow_unused=True)
    return [
        torch.zeros_like(tensor) if part is None else part
        for tensor, part in zip(tensors, found, strict=True)
    ]


def _by_feature(context: DatasetContext, units: Tensor, leaf: Tensor) -> Tensor:
    """The slopes (n, units, F) of each unit by the features."""
    import torch

    flat = units.reshape(len(units), -1)
    count, width = flat.shape
    size, parts = max(1, VALUES_AT_ONCE // max(1, leaf.numel())), []
    for start in range(0, width, size):
        chosen = torch.eye(width, dtype=flat.dtype, device=flat.device)[start : start + size]
        wanted = chosen.unsqueeze(1).expand(-1, count, -1)
        try:
            (back,) = torch.autograd.grad(
                flat, leaf, wanted, retain_graph=True, is_grads_batched=True
            )
        except RuntimeError:  # an operation that cannot be vectorised
            each = [torch.autograd.grad(flat, leaf, one, retain_graph=True)[0] for one in wanted]
            back = torch.stack(each)
        parts.append(context.features.summed(back.flatten(0, 1)).double().cpu())
    joined = torch.cat([part.view(-1, count, part.shape[1]) for part in parts])
    return joined.transpose(0, 1)


def _aggregates(slopes: Tensor, values: Tensor, by_feature: Tensor) -> dict[str, Tensor]:
    spread, rms = values.std(0, unbiased=False), slopes.square().mean(0).sqrt()
    return {
        "mean": slopes.mean(0),
        "mean_abs": slopes.abs().mean(0),
        "rms": rms,
        "sd": slopes.std(0, unbiased=False),
        "scaled": rms * spread,
        "values_sd": spread,
        "by_feature_mean": by_feature.mean(0),
        "by_feature_mean_abs": by_feature.abs().mean(0),
        "by_feature_rms": by_feature.square().mean(0).sqrt(),
    }
