"""Where in the user's model an operation stands, read from the Python stack at that moment."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn

from explainers.locations import PROJECT

_LIBRARY = str(PROJECT / "explainers") + os.sep
_TORCH = str(Path(torch.__file__).resolve().parent) + os.sep


def current_location(model: Callable[..., Any]) -> str:
    """Name the layer and the line of the user's code that is running now.

    Parameters
    ----------
    model : nn.Module or callable
        The model that runs; its modules' names serve to name the layer.

    Returns
    -------
    str
        For example "in layer 'encoder.2' (Gate), net.py line 41"; "in the model" where neither
        is known.

    Examples
    --------
    >>> from torch import nn
    >>> class Gate(nn.Module):
    ...     def forward(self, x):
    ...         return current_location(net)
    >>> net = nn.Sequential(nn.Identity(), Gate())
    >>> net(0).startswith("in layer '1' (Gate)")
    True
    """
    names: dict[int, str] = {}
    if isinstance(model, nn.Module):
        names = {id(module): name for name, module in model.named_modules()}
    layer = line = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (layer is None or line is None):
        if frame.f_code.co_name == "record" and frame.f_code.co_filename.startswith(_LIBRARY):
            break  # below this the model was called
        path, owner = frame.f_code.co_filename, frame.f_locals.get("self")
        if layer is None and isinstance(owner, nn.Module) and id(owner) in names:
            name = names[id(owner)]
            layer = f"layer {name!r} ({type(owner).__name__})" if name else type(owner).__name__
        outside = not path.startswith((_LIBRARY, _TORCH, "<"))
        if line is None and outside and not path.endswith(f"{os.sep}contextlib.py"):
            line = f"{os.path.basename(path)} line {frame.f_lineno}"
        frame = frame.f_back
    location = ", ".join(part for part in (layer, line) if part)
    return f"in {location}" if location else "in the model"
