"""The network of a run: opened once a process, and known by the digest of all that it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeAlias, runtime_checkable

from explainers.errors import Problem
from explainers.models.spec import ModelSpec


@dataclass(frozen=True)
class Network:
    """A network that is ready to be asked.

    Attributes
    ----------
    model : callable
        From inputs (N, …), as people know them, to (N, outputs).
    spec : ModelSpec
        How an input is prepared for it.
    classes : tuple of str
        Names of its outputs; () where they are not known.
    digest : str
        Of its weights, and of what is done with them.
    name : str
    """

    model: Callable[..., Any]
    spec: ModelSpec
    classes: tuple[str, ...]
    digest: str
    name: str


@runtime_checkable
class NetworkSource(Protocol):
    """What opens a network in the process that asks it; must be fit to be pickled."""

    def open_network(self) -> Network:
        """Open it. Raises Problem where it cannot be."""


Given: TypeAlias = "str | NetworkSource | Callable[..., Any]"
"""The name of a network that comes with Evident, what opens one, or a model itself."""


def opened(
    model: Given, spec: ModelSpec | None = None, classes: Sequence[str] = (), device: Any = None
) -> Network:
    """The network that is meant.

    Parameters
    ----------
    model : str, NetworkSource or callable
        A callable is one from inputs that are prepared as `spec` says, (N, …), to (N, outputs).
    spec : ModelSpec, optional
        How an input is prepared. Networks that come with Evident know it.
    classes : sequence of str
    device : str or torch.device, optional

    Raises
    ------
    Problem
        Where there is no such network, or it is not known how inputs are prepared for it.

    Examples
    --------
    >>> network = opened("signs")
    >>> network.spec.sides, network.classes[0], len(network.digest)
    ((96, 96), 'stop', 64)
    """
    network = _opened(model, spec, tuple(classes))
    if device is None:
        return network
    from explainers import eval_mode

    return replace(network, model=eval_mode.placed_on(network.model, device, "auto"))


def _opened(model: Given, spec: ModelSpec | None, classes: tuple[str, ...]) -> Network:
    from explainers.models.prepared import Prepared, build
    from explainers.models.zoo.demos import demos
    from explainers.models.zoo.imagenet.packaged import PACKAGED

    if isinstance(model, NetworkSource):
        return model.open_network()
    if isinstance(model, str):
        known = {name: demo.spec for name, demo in demos().items()}
        known |= {name: network.spec for name, network in PACKAGED.items()}
        if model not in known:
            raise Problem(
                f"{model!r} is none of the networks that come with Evident: {', '.join(known)}. "
                "Give one of these names, or the network itself."
            )
        built, named, own = build(known[model], None)
        outputs = tuple(demos()[model].outputs) if model in demos() else named
        return Network(built, own, classes or outputs, weights_digest(built), model)
    if spec is None:
        raise Problem(
            "It is not known how an input is prepared for this network. Say it with spec=, for "
            'example ModelSpec("upload", "mine", size=96, mean=(0.0,) * 3, std=(1.0,) * 3) for '
            'pictures of 96 px from 0 to 1, or ModelSpec("upload", "mine", kind="table", '
            "mean=(0.0,), std=(1.0,))."
        )
    whole = model
    if not isinstance(model, Prepared):
        whole = Prepared(model, spec)
    name = spec.name or type(model).__name__
    return Network(whole, spec, classes, weights_digest(model), name)


def weights_digest(model: Callable[..., Any]) -> str:
    """SHA-256 of a model's weights, numbers and code, alike in every process.

    Parameters
    ----------
    model : callable

    Examples
    --------
    >>> import torch
    >>> net = torch.nn.Linear(2, 1)
    >>> before = weights_digest(net)
    >>> with torch.no_grad():
    ...     _ = net.weight[0, 0].add_(1)
    >>> weights_digest(net) == before, len(before)
    (False, 64)
    """
    import numpy as np
    import torch

    from explainers.running.held import held_by

    held, whole = held_by(model), hashlib.sha256()
    for module in held.modules:
        whole.update(f"{type(module).__qualname__} {module.extra_repr()}\n".encode())
    for code in held.codes:
        whole.update(code.co_code + repr(code.co_names).encode())
    numbers = [(name, value) for name, value in held.numbers if value.__class__ in (int, float)]
    whole.update(repr(numbers).encode())
    for tensor in held.weights():
        array = tensor.detach().cpu().contiguous()
        whole.update(f"{tuple(array.shape)} {array.dtype}\n".encode())
        whole.update(array.reshape(-1).view(torch.uint8).numpy().data if array.numel() else b"")
    for held_array in held.arrays:
        whole.update(np.ascontiguousarray(held_array).tobytes())
    return whole.hexdigest()
