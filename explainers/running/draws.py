"""The generators of random numbers that a model draws from: seeded for a run, then as before."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def generators_kept(device: torch.device, own: Sequence[Any] = ()) -> Iterator[None]:
    """After the block the global generators, and those in `own`, are where they were before.

    Parameters
    ----------
    device : torch.device
        Whose generator is kept beside the processor's, NumPy's and Python's.
    own : sequence
        More generators: of torch, NumPy or Python.

    Examples
    --------
    >>> with generators_kept(torch.device("cpu")):
    ...     first = torch.rand(2)
    >>> torch.equal(first, torch.rand(2))
    True
    """
    backs = [_way_back(generator) for generator in own]
    python, numpy_, torch_ = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy_)
        torch.set_rng_state(torch_)
        if cuda is not None:
            torch.cuda.set_rng_state(cuda, device)
        for back in backs:
            back()


@contextmanager
def seeded(seed: int, device: torch.device, own: Sequence[Any] = ()) -> Iterator[None]:
    """While the block runs, all these generators start from a seed; afterwards they are as before.

    Examples
    --------
    >>> def draw():
    ...     with seeded(3, torch.device("cpu")):
    ...         return torch.rand(2)
    >>> torch.equal(draw(), draw())
    True
    """
    with generators_kept(device, own):
        random.seed(seed)
        np.random.seed(seed % 2**32)
        torch.manual_seed(seed)
        for generator in own:
            _seed(generator, seed)
        yield


def is_generator(value: object) -> bool:
    """Whether an object is a generator of random numbers that can be seeded."""
    kinds = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
    return isinstance(value, kinds)


def _way_back(generator: Any) -> Callable[[], Any]:
    if isinstance(generator, random.Random):
        return functools.partial(generator.setstate, generator.getstate())
    if isinstance(generator, np.random.Generator):
        return functools.partial(
            setattr, generator.bit_generator, "state", generator.bit_generator.state
        )
    return functools.partial(generator.set_state, generator.get_state())


def _seed(generator: Any, seed: int) -> None:
    if isinstance(generator, torch.Generator):
        generator.manual_seed(seed)
    elif isinstance(generator, np.random.Generator):
        generator.bit_generator.state = type(generator.bit_generator)(seed).state
    else:
        generator.seed(seed % 2**32)
