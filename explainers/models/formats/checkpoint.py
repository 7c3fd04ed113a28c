"""The network's own tensors in a checkpoint of training, under the names that they have in it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from explainers.errors import Problem

_HOLDERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net_state_dict",
    "net_state",
    "net",
    "network_state_dict",
    "network",
    "module",
    "weights",
    "params",
    "parameters",
    "state",
    "checkpoint",
)
"""Keys under which a network lies in a checkpoint, in the order in which they are believed."""
_AVERAGES = re.compile(r"ema|(^|_)(avg|swa|shadow)(_|$)", re.IGNORECASE)
"""Keys of a running average of the weights: taken where there is nothing else."""
_OTHERS = re.compile(
    r"optim|sched|scaler|rng|callback|loop|hyper|criterion|loss|arg|conf|cfg|histor|metric|meta"
    r"|buffer|dataset|loader",
    re.IGNORECASE,
)
"""Keys of what training keeps beside the network."""
_STRAY = re.compile(
    r"(n_averaged$|num_updates$|decay$|criterion\.|\w*loss\w*\.|\w*metrics?\.|(train|val|valid|test)_)",
    re.IGNORECASE,
)
"""Names, beside those of the network, of what belongs to its training."""
_WRAPPERS = re.compile(r"(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.")
_PREFIXES = ("module.", "model.", "net.", "network.", "backbone.", "ema_model.")
_DEEPEST = 6


def network_tensors(file: object) -> dict[str, Tensor]:
    """The tensors of the network in what a file holds.

    Parameters
    ----------
    file : object
        A state dict, or a checkpoint that holds one under some key.

    Returns
    -------
    dict[str, Tensor]
        By name, without what all names begin with ("module.", "model.", "backbone.", …).

    Raises
    ------
    Problem
        Where the file holds no network, or several.

    Examples
    --------
    >>> import torch
    >>> state = {"model.fc.weight": torch.ones(2, 3), "model.fc.bias": torch.ones(2)}
    >>> checkpoint = {"epoch": torch.tensor(3), "net": state, "optimizer": {"state": {}}}
    >>> list(network_tensors(checkpoint))
    ['fc.weight', 'fc.bias']
    """
    if not isinstance(file, Mapping):
        raise Problem(
            f"The file holds a {type(file).__name__}, not a state dict. Save "
            "model.state_dict(), not the model."
        )
    tensors = _held(file, 0)
    if not tensors:
        raise Problem("The file holds no tensors. Save model.state_dict() and upload that.")
    return _bare(tensors)


def _held(holder: Mapping, depth: int) -> dict[str, Tensor]:
    """The tensors of the one network in a holder, {} where there are none."""
    inner: dict[str, dict[str, Tensor]] = {}
    for key, value in holder.items():
        if not isinstance(value, Mapping) or not isinstance(key, str) or depth >= _DEEPEST:
            continue
        if not _OTHERS.search(key) and (found := _held(value, depth + 1)):
            inner[key] = found
    own = {str(key): value for key, value in holder.items() if isinstance(value, Tensor)}
    for key in _HOLDERS:
        if key in inner:
            return inner[key]
    # A counter or a state of random numbers beside a network is no network.
    if (
        own
        and (len(own) > 1 or not inner)
        and not any(_looks_whole(i, own) for i in inner.values())
    ):
        return own
    plain = {key: found for key, found in inner.items() if not _AVERAGES.search(key)}
    candidates = plain or inner
    if len(candidates) > 1:
        parts = ", ".join(f"{key[:40]} ({len(t)} tensors)" for key, t in [*candidates.items()][:6])
        raise Problem(
            f"The file holds several networks: {parts}. Save the state dict of the one that is to "
            "be explained, and upload that."
        )
    return next(iter(candidates.values()), own)


def _looks_whole(inner: dict[str, Tensor], own: dict[str, Tensor]) -> bool:
    """Whether the inner tensors are the network, and those beside them are not."""
    return len(inner) >= len(own) and max(t.ndim for t in inner.values()) > 1


def _bare(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without what wrappers and training put before their names."""
    unwrapped: dict[str, Tensor] = {}
    for key, value in tensors.items():
        name = key
        while (shorter := _WRAPPERS.sub(r"\1", name)) != name:
            name = shorter
        unwrapped[name] = value
    if len(unwrapped) == len(tensors):
        tensors = unwrapped
    while True:
        kept = tensors
        prefix = _common_prefix(tensors)
        if not prefix:
            kept = {key: value for key, value in tensors.items() if not _STRAY.match(key)}
            prefix = _common_prefix(kept) if len(kept) < len(tensors) else ""
        if not prefix:
            return tensors
        tensors = {key.removeprefix(prefix): value for key, value in kept.items()}


def _common_prefix(tensors: Mapping[str, Tensor]) -> str:
    """What all names begin with and the network's own do not need; "" where there is nothing."""
    prefix, names = "", list(tensors)
    while names:
        first = names[0].partition(".")[0] + "."
        if not all(name.startswith(first) and name != first for name in names):
            break
        prefix, names = prefix + first, [name.removeprefix(first) for name in names]
        if prefix in _PREFIXES:
            return prefix
    # A single layer keeps its name.
    modules = {name.rpartition(".")[0] for name in names}
    return prefix if len(modules) > 1 else ""
